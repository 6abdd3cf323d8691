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

// table is a table of roles, APIs, organizations or connections.
type table struct {
	header []string
	rows   iter.Seq2[[]string, error]
}

// table returns the table of a command. Roles and APIs have been read when it returns;
// the other tables are read page by page as their rows are used.
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
			rowsOf(fromSlice(roles), func(r auth0.Role) []string { return []string{r.ID, r.Name, r.Description} }),
		}, err
	}
	progress := e.tool.Progress("roles with their permissions", len(roles))
	permissions, err := e.readPermissions(ctx, roles, progress)
	progress.End()
	if err != nil {
		return table{}, err
	}
	e.dropSystemPermissions(permissions, nil)
	return permissionsTable(roles, permissions), nil
}

func organizationsTable(organizations iter.Seq2[auth0.Organization, error]) table {
	return table{
		[]string{"organization_id", "name", "display_name"},
		rowsOf(organizations, func(o auth0.Organization) []string { return []string{o.ID, o.Name, o.DisplayName} }),
	}
}

// fromSlice yields the items of a slice, without errors.
func fromSlice[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range list {
			if !yield(item, nil) {
				return
			}
		}
	}
}

// rowsOf yields the row of each item of a list. An error ends the list.
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

// writeTable writes a table. encode turns the cells of a row into CSV.
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

// writeTables writes the tables that come before the users. They hold the roles and
// organizations without members, which no user's row names.
func (e *exporter) writeTables(ctx context.Context, data *tenantData, out io.Writer) error {
	e.dropSystemPermissions(data.permissions, data.apis)
	tables := []table{permissionsTable(data.roles, data.permissions)}
	if apis := e.ownAPIs(data.apis); len(apis) > 0 {
		tables = append(tables, apisTable(apis))
	}
	if len(data.organizations) > 0 {
		tables = append(tables, organizationsTable(fromSlice(data.organizations)))
	}
	for _, t := range tables {
		if err := e.writeTable(ctx, t, out, plainRow); err != nil {
			return err
		}
	}
	return nil
}

// plainRow returns a CSV row. Its cells are quoted, but not escaped against injection
// like those of users, so that scripts and role maps can use names unchanged.
func plainRow(cells []string) []byte {
	quoted := make([][]byte, len(cells))
	for i, cell := range cells {
		quoted[i] = csvrows.Quote(cell)
	}
	return append(bytes.Join(quoted, []byte{','}), '\n')
}

// readableRow returns a row for a terminal. A line break in a cell is shown as \n.
func readableRow(cells []string) []byte {
	row := bytes.TrimSuffix(plainRow(cells), []byte("\n"))
	return append(bytes.ReplaceAll(row, []byte("\n"), []byte(`\n`)), '\n')
}

// isForTerminal reports whether the table goes to a terminal. There it is not packed.
func (e *exporter) isForTerminal(path string) bool { return path == "" && tool.IsTerminal(e.tool.Out) }
