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

// mostShown is how many rejected rows are reported one by one.
const mostShown = 20

// rejects counts rejected rows and writes them to a file if there is one. Of the
// cells it prints only the connection.
type rejects struct {
	tool  *tool.Tool
	file  *csv.Writer // nil without --rejects
	table *convert.Table
	n     int
	sums  map[string]map[string]int // rows by reason and connection
}

func newRejects(t *tool.Tool) *rejects {
	return &rejects{tool: t, sums: map[string]map[string]int{}}
}

// setFile sets the file that the rows are written to.
func (r *rejects) setFile(file io.Writer) { r.file = csv.NewWriter(file) }

// add counts a row and writes it to the file.
func (r *rejects) add(table *convert.Table, row *rejectedRow) error {
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
		connection = strings.Clone(connection) // the cell is part of its whole chunk
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

// A tenant has few connections. The bound is for input of another origin.
const (
	mostConnections  = 100
	otherConnections = "others"
)

// isConnection reports whether a cell may be the name of a connection. When columns
// are mixed up it may be anything, even a person's email.
func isConnection(cell string) bool {
	return len(cell) <= 128 && !strings.ContainsFunc(cell, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_. ", r)
	})
}

// write writes a row so that it can be corrected and converted again. The columns
// get our names, which make a header wherever they are in a stream. A ragged row
// must stay ragged until it is corrected. Therefore its reason is added at its end,
// or is left out if the table has a column for reasons already.
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

// printSums prints how many rows were rejected for each reason, by connection. The
// connection with the most rows comes first.
func (r *rejects) printSums() {
	if r.n > mostShown {
		r.tool.Problem("%s more rows were rejected than are shown", tool.Thousands(r.n-mostShown))
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
