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

func (e *exporter) table(ctx context.Context, command string) table {
	switch command {
	case "roles":
		return rolesTable(e.roles(ctx))
	case "organizations":
		return organizationsTable(e.auth0.Organizations(ctx))
	default:
		return table{
			[]string{"connection_id", "name", "strategy"},
			rowsOf(e.auth0.Connections(ctx), func(c auth0.Connection) []string { return []string{c.ID, c.Name, c.Strategy} }),
		}
	}
}

func rolesTable(roles iter.Seq2[auth0.Role, error]) table {
	return table{
		[]string{"role_id", "name", "description"},
		rowsOf(roles, func(r auth0.Role) []string { return []string{r.ID, r.Name, r.Description} }),
	}
}

func organizationsTable(organizations iter.Seq2[auth0.Organization, error]) table {
	return table{
		[]string{"organization_id", "name", "display_name"},
		rowsOf(organizations, func(o auth0.Organization) []string { return []string{o.ID, o.Name, o.DisplayName} }),
	}
}

// roles yields the roles, which are known together.
func (e *exporter) roles(ctx context.Context) iter.Seq2[auth0.Role, error] {
	return func(yield func(auth0.Role, error) bool) {
		roles, err := e.auth0.Roles(ctx)
		if err != nil {
			yield(auth0.Role{}, err)
			return
		}
		each(roles)(yield)
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
	if err := e.writeTable(ctx, rolesTable(each(has.roles)), out, plainRow); err != nil {
		return err
	}
	if len(has.organizations) == 0 {
		return nil
	}
	return e.writeTable(ctx, organizationsTable(each(has.organizations)), out, plainRow)
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
