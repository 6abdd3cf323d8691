package a0tojsonl

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"a0permit/internal/convert"
	"a0permit/internal/tool"
)

// shown is how many rejected rows are reported one by one.
const shown = 20

// rejects reports rejected rows, sums them, and writes them to a file where one
// is wanted. Nothing that it prints comes from a cell but the connection.
type rejects struct {
	tool  *tool.Tool
	file  *csv.Writer // nil without --rejects
	table *convert.Table
	n     int
	sums  map[string]map[string]int // reason to connection to rows
}

func newRejects(t *tool.Tool) *rejects {
	return &rejects{tool: t, sums: map[string]map[string]int{}}
}

// to has the rows written to a file.
func (r *rejects) to(file io.Writer) { r.file = csv.NewWriter(file) }

// add counts one row and writes it to the file.
func (r *rejects) add(table *convert.Table, row *rejected) error {
	r.n++
	fault := row.fault
	reason := fault.Error()
	by := r.sums[reason]
	if by == nil {
		by = map[string]int{}
		r.sums[reason] = by
	}
	connection := fault.Connection
	if _, known := by[connection]; !known {
		if len(by) >= mostConnections || !isConnection(connection) {
			connection = otherConnections
		}
		connection = strings.Clone(connection) // the cell is a part of its whole chunk
	}
	by[connection]++
	if r.file == nil {
		return nil
	}
	if err := r.write(table, row.cells, reason); err != nil {
		return fmt.Errorf("--rejects: %w", err)
	}
	return nil
}

// A tenant has a few connections; the cap is for input that is no tenant's.
const (
	mostConnections  = 100
	otherConnections = "others"
)

// isConnection reports whether a cell can be the name of a connection. Where
// columns are mixed up it may be anything, and a person's email too.
func isConnection(cell string) bool {
	return len(cell) <= 128 && !strings.ContainsFunc(cell, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_. ", r)
	})
}

// write writes a row so that, once mended, it converts when fed again. Known
// columns go by our names, which make the header one anywhere in a stream. A
// ragged row must stay ragged until it is mended: with its reason at its end it
// does, and where the table has had a reason all along, only without.
func (r *rejects) write(table *convert.Table, cells []string, reason string) error {
	at := slices.Index(table.Columns, convert.RejectReason)
	if r.table != table {
		r.table = table
		header := table.Columns
		if at < 0 {
			header = append(slices.Clone(header), convert.RejectReason)
		}
		if err := r.file.Write(header); err != nil {
			return err
		}
	}
	switch {
	case at < 0:
		cells = append(cells, reason)
	case len(cells) == len(table.Columns):
		cells[at] = reason
	}
	return r.file.Write(cells)
}

func (r *rejects) flush() error {
	if r.file == nil {
		return nil
	}
	r.file.Flush()
	if err := r.file.Error(); err != nil {
		return fmt.Errorf("--rejects: %w", err)
	}
	return nil
}

// sum prints what was rejected by reason and connection, the most frequent
// first.
func (r *rejects) sum() {
	if r.n > shown {
		r.tool.Problem("%s more rows were rejected than are shown", tool.Thousands(r.n-shown))
		if r.file == nil {
			r.tool.Hint("--rejects FILE keeps them all, each with its reason")
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(r.sums)) {
		by := r.sums[reason]
		total := 0
		var parts []string
		for _, connection := range slices.SortedFunc(maps.Keys(by), func(a, b string) int {
			return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b))
		}) {
			total += by[connection]
			if connection != "" {
				parts = append(parts, fmt.Sprintf("%q %s", connection, tool.Thousands(by[connection])))
			}
		}
		line := fmt.Sprintf("rejected %s: %s", tool.Count(total, "row"), reason)
		if len(parts) > 0 {
			line += " (" + strings.Join(parts, ", ") + ")"
		}
		r.tool.Problem("%s", line)
	}
}
