package a0tojsonl

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// maxShown is how many rejected rows are reported one by one.
const maxShown = 20

// rejects counts rejected rows and writes them to the file of --rejects, if there is one.
// The only cell that it prints is the connection.
type rejects struct {
	tool  *tool.Tool
	file  *bufio.Writer // nil without --rejects
	name  string        // the file's
	table *convert.Table
	n     int
	sums  map[string]map[string]int // number of rows by reason and connection
	cures map[string]string         // by reason
}

func newRejects(t *tool.Tool) *rejects {
	return &rejects{tool: t, sums: map[string]map[string]int{}, cures: map[string]string{}}
}

// setFile sets the file for rejected rows.
func (r *rejects) setFile(file io.Writer, name string) { r.file, r.name = bufio.NewWriter(file), name }

// add counts a row and writes it to the file.
func (r *rejects) add(table *convert.Table, row *rejectedRow) error {
	r.n++
	fault := row.fault
	reason := fault.Error()
	by := r.sums[reason]
	if by == nil {
		by = map[string]int{}
		r.sums[reason], r.cures[reason] = by, fault.Cure
	}
	connection := fault.Connection
	if _, known := by[connection]; !known {
		if len(by) >= maxConnections || !isConnection(connection) {
			connection = otherConnections
		}
		connection = strings.Clone(connection) // the cell would keep its whole chunk in memory
	}
	by[connection]++
	if r.file == nil {
		return nil
	}
	if err := r.write(table, row, reason); err != nil {
		return fmt.Errorf("--rejects: %w", err)
	}
	return nil
}

// A tenant has few connections. The bound is for input that is not from Auth0.
const (
	maxConnections   = 100
	otherConnections = "others"
)

// isConnection reports whether a cell may be the name of a connection. If columns are
// mixed up it may be anything, even a person's email.
func isConnection(cell string) bool {
	return len(cell) <= 128 && !strings.ContainsFunc(cell, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_. ", r)
	})
}

// write writes a row so that it can be fixed and converted again. The header has our
// column names, which are recognised as a header anywhere in a stream. A ragged row must
// stay ragged until it is fixed. So its reason is appended to the row, or left out if the
// table already has a column for reasons.
func (r *rejects) write(table *convert.Table, row *rejectedRow, reason string) error {
	at := slices.Index(table.Columns, convert.RejectReason)
	if r.table != table {
		r.table = table
		header := slices.Clone(table.Columns)
		if at < 0 {
			header = append(header, convert.RejectReason)
		}
		if _, err := r.file.Write(encodeRow(header, 0)); err != nil {
			return err
		}
	}
	cells := row.cells
	switch {
	case at < 0:
		cells = append(cells, reason)
	case len(cells) == len(table.Columns):
		cells[at] = reason
	}
	_, err := r.file.Write(encodeRow(cells, row.flaw))
	return err
}

// encodeRow returns a row as a line of CSV. Reading it gives the same cells and the same
// flaw. No spreadsheet takes a cell for a formula.
func encodeRow(cells []string, flaw csvrows.Flaw) []byte {
	var line []byte
	for i, cell := range cells {
		if i > 0 {
			line = append(line, ',')
		}
		cell = convert.Guard(cell)
		if (flaw == csvrows.LoneCR || flaw == csvrows.TooLong) && !strings.ContainsAny(cell, "\",\n") {
			line = append(line, cell...) // in quotes, a CR would be no flaw
			continue
		}
		line = append(line, csvrows.Quote(strings.ReplaceAll(cell, "\r\n", "\r\r\n"))...) // reading removes one CR
	}
	switch {
	case len(line) == 0:
		return []byte("\"\"\n") // a blank line would be no row
	case bytes.HasSuffix(line, []byte("\r")):
		return append(line, "\r\n"...)
	default:
		return append(line, '\n')
	}
}

func (r *rejects) flush() error {
	if r.file == nil {
		return nil
	}
	if err := r.file.Flush(); err != nil {
		return fmt.Errorf("--rejects: %w", err)
	}
	return nil
}

// printEnd prints sums, if not all rejected rows were shown, and hints on what to do.
// isKept is whether the file of --rejects will be kept.
func (r *rejects) printEnd(isKept bool) {
	if r.n == 0 {
		return
	}
	if r.n > maxShown {
		r.tool.Problem("%s more rows were rejected", tool.Thousands(r.n-maxShown))
		r.printSums()
	}
	for _, reason := range slices.Sorted(maps.Keys(r.cures)) {
		if cure := r.cures[reason]; cure != "" {
			r.tool.Hint("%s", cure)
		}
	}
	switch {
	case r.file == nil:
		r.tool.Hint("keep rejected rows in a file, to fix and feed again: a0tojsonl --rejects rejects.csv")
	case isKept:
		r.tool.Hint("fix %s and feed it again: a0tojsonl %s | permitload", r.name, r.name)
	}
}

// printSums prints how many rows were rejected for each reason, in total and by
// connection. The connection with the most rows comes first.
func (r *rejects) printSums() {
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
