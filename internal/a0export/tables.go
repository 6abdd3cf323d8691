package a0export

import (
	"bytes"
	"context"
	"io"
	"iter"

	"a0permit/internal/auth0"
	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// table is one of the small exports.
type table struct {
	header []string
	rows   iter.Seq2[[]string, error]
}

// table reads what is known together, and otherwise as it is written.
func (e *exporter) table(ctx context.Context, command string) (table, error) {
	switch command {
	case "roles":
		return e.rolesTable(ctx)
	case "apis":
		apis, err := e.auth0.APIs(ctx)
		return apisTable(e.ownAPIs(apis)), err
	case "organizations":
		return organizationsTable(e.auth0.Organizations(ctx)), nil
	default:
		return table{
			[]string{"connection_id", "name", "strategy"},
			rowsOf(e.auth0.Connections(ctx), func(c auth0.Connection) []string { return []string{c.ID, c.Name, c.Strategy} }),
		}, nil
	}
}

func (e *exporter) rolesTable(ctx context.Context) (table, error) {
	roles, err := e.auth0.Roles(ctx)
	if err != nil || !e.config.permissions {
		return table{
			[]string{"role_id", "name", "description"},
			rowsOf(each(roles), func(r auth0.Role) []string { return []string{r.ID, r.Name, r.Description} }),
		}, err
	}
	progress := e.tool.Progress("roles with their permissions", len(roles))
	permissions, err := e.readPermissions(ctx, roles, progress)
	progress.End()
	if err != nil {
		return table{}, err
	}
	e.leaveOutSystem(permissions, nil)
	return permissionsTable(roles, permissions), nil
}

func organizationsTable(organizations iter.Seq2[auth0.Organization, error]) table {
	return table{
		[]string{"organization_id", "name", "display_name"},
		rowsOf(organizations, func(o auth0.Organization) []string { return []string{o.ID, o.Name, o.DisplayName} }),
	}
}

// each yields what has been read already.
func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range list {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// rowsOf yields the rows of a list.
func rowsOf[T any](list iter.Seq2[T, error], row func(T) []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for item, err := range list {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(row(item), nil) {
				return
			}
		}
	}
}

// writeTable writes a table, whose rows encode makes of cells.
func (e *exporter) writeTable(ctx context.Context, t table, out io.Writer, encode func([]string) []byte) error {
	w := &rowWriter{out: out}
	w.write(encode(t.header))
	var progress *tool.Progress
	if !e.config.hasUsers() {
		progress = e.tool.Progress(e.config.command, 0)
		defer progress.End()
	}
	for row, err := range t.rows {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		w.write(encode(row))
		if w.err != nil {
			return w.err
		}
		progress.Add(1)
		if !e.config.hasUsers() {
			e.report.Rows++
		}
	}
	return w.err
}

// writeTables writes the tables that come before the users: a role or an
// organization without members is in none of their columns.
func (e *exporter) writeTables(ctx context.Context, has *found, out io.Writer) error {
	e.leaveOutSystem(has.permissions, has.apis)
	tables := []table{permissionsTable(has.roles, has.permissions)}
	if apis := e.ownAPIs(has.apis); len(apis) > 0 {
		tables = append(tables, apisTable(apis))
	}
	if len(has.organizations) > 0 {
		tables = append(tables, organizationsTable(each(has.organizations)))
	}
	for _, t := range tables {
		if err := e.writeTable(ctx, t, out, plainRow); err != nil {
			return err
		}
	}
	return nil
}

// plainRow returns a row of cells that are quoted but not escaped, as those of users
// are: a role map, a script and jq take a name as it is.
func plainRow(cells []string) []byte {
	quoted := make([][]byte, len(cells))
	for i, cell := range cells {
		quoted[i] = csvrows.Quote(cell)
	}
	return append(bytes.Join(quoted, []byte{','}), '\n')
}

// readableRow is plainRow for a terminal: what is in a cell begins no other row.
func readableRow(cells []string) []byte {
	row := bytes.TrimSuffix(plainRow(cells), []byte("\n"))
	return append(bytes.ReplaceAll(row, []byte("\n"), []byte(`\n`)), '\n')
}

// isForReading reports whether a person is to read the table: on a terminal it
// comes unpacked.
func (e *exporter) isForReading(path string) bool { return path == "" && tool.IsTerminal(e.tool.Out) }
