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

// table is one of the small exports: a header, and rows.
type table struct {
	header []string
	rows   func(ctx context.Context) iter.Seq2[[]string, error]
}

func (e *exporter) table(name string) table {
	switch name {
	case "roles":
		return table{[]string{"role_id", "name", "description"}, func(ctx context.Context) iter.Seq2[[]string, error] {
			return tableRows(listed(e.auth0.Roles(ctx)), func(r auth0.Role) []string { return []string{r.ID, r.Name, r.Description} })
		}}
	case "organizations":
		return table{[]string{"organization_id", "name", "display_name"}, func(ctx context.Context) iter.Seq2[[]string, error] {
			return tableRows(e.auth0.Organizations(ctx), func(o auth0.Organization) []string { return []string{o.ID, o.Name, o.DisplayName} })
		}}
	default:
		return table{[]string{"connection_id", "name", "strategy"}, func(ctx context.Context) iter.Seq2[[]string, error] {
			return tableRows(e.auth0.Connections(ctx), func(c auth0.Connection) []string { return []string{c.ID, c.Name, c.Strategy} })
		}}
	}
}

// listed is a list that came at once, or the error that came in its place.
func listed[T any](list []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, item := range list {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func tableRows[T any](rows iter.Seq2[T, error], of func(T) []string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(of(row), nil) {
				return
			}
		}
	}
}

// writeTable writes a table. Its cells are not escaped as those of users are:
// no spreadsheet is meant to open them.
func (e *exporter) writeTable(ctx context.Context, t table, out io.Writer) error {
	w := &rowWriter{out: out}
	w.write(plainRow(t.header))
	for row, err := range t.rows(ctx) {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		w.write(plainRow(row))
		if w.err != nil {
			break
		}
		e.report.Rows++
	}
	return w.err
}

// plainRow is a row of cells that are not escaped.
func plainRow(cells []string) []byte {
	quoted := make([][]byte, len(cells))
	for i, cell := range cells {
		quoted[i] = csvrows.Quote(cell)
	}
	return append(bytes.Join(quoted, []byte{','}), '\n')
}

// toRead reports whether a person is to read the table: on a terminal it comes
// unpacked.
func (e *exporter) toRead(path string) bool { return path == "" && tool.IsTerminal(e.tool.Out) }
