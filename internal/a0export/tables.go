package a0export

import (
	"bytes"
	"context"
	"io"

	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// table is one of the small exports. read hands its rows to add, one by one.
type table struct {
	header []string
	read   func(ctx context.Context, add addRow) error
}

// addRow writes a row.
type addRow func(cells ...string) error

func (e *exporter) table(command string) table {
	switch command {
	case "roles":
		return table{[]string{"role_id", "name", "description"}, e.addRoles}
	case "organizations":
		return table{[]string{"organization_id", "name", "display_name"}, e.addOrganizations}
	default:
		return table{[]string{"connection_id", "name", "strategy"}, e.addConnections}
	}
}

func (e *exporter) addRoles(ctx context.Context, add addRow) error {
	roles, err := e.auth0.Roles(ctx)
	if err != nil {
		return err
	}
	for _, r := range roles {
		if err := add(r.ID, r.Name, r.Description); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) addOrganizations(ctx context.Context, add addRow) error {
	for o, err := range e.auth0.Organizations(ctx) {
		if err != nil {
			return err
		}
		if err := add(o.ID, o.Name, o.DisplayName); err != nil {
			return err
		}
	}
	return nil
}

func (e *exporter) addConnections(ctx context.Context, add addRow) error {
	for c, err := range e.auth0.Connections(ctx) {
		if err != nil {
			return err
		}
		if err := add(c.ID, c.Name, c.Strategy); err != nil {
			return err
		}
	}
	return nil
}

// writeTable writes a table, whose rows encode makes of cells.
func (e *exporter) writeTable(ctx context.Context, t table, out io.Writer, encode func([]string) []byte) error {
	w := &rowWriter{out: out}
	w.write(encode(t.header))
	err := t.read(ctx, func(cells ...string) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		w.write(encode(cells))
		if w.err == nil {
			e.report.Rows++
		}
		return w.err
	})
	if err != nil {
		return err
	}
	return w.err
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
