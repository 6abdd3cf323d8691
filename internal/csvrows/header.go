package csvrows

import (
	"bytes"
	"slices"
)

// A mark is a group of cells that headers have. The cells end with the same bytes, so
// that one search of the data finds all of them.
type mark struct {
	tail  []byte
	cells [][]byte
}

func newMarks(cells []string) []mark {
	var marks []mark
	for _, cell := range cells {
		tail := []byte(cell[max(0, len(cell)-3):])
		i := slices.IndexFunc(marks, func(m mark) bool { return bytes.Equal(m.tail, tail) })
		if i < 0 {
			i = len(marks)
			marks = append(marks, mark{tail: tail})
		}
		marks[i].cells = append(marks[i].cells, []byte(cell))
	}
	return marks
}

// findHeader returns where in buf the first header before end begins.
func (c *Cutter) findHeader(end int) (at int, ok bool) {
	for _, m := range c.marks {
		if header, found := c.findHeaderWith(m, end); found {
			at, ok, end = header, true, header
		}
	}
	return at, ok
}

// findHeaderWith returns where in buf the first header with a cell of m begins.
func (c *Cutter) findHeaderWith(m mark, end int) (at int, ok bool) {
	data := c.buf[c.at:end]
	counted, odd := 0, false // odd: the number of quotes in data[:counted] is odd
	for from := 0; ; {
		i := bytes.Index(data[from:], m.tail)
		if i < 0 {
			return 0, false
		}
		from += i + len(m.tail)
		cell := cellBefore(data, from, m.cells)
		if cell < 0 {
			continue
		}
		odd = odd != (bytes.Count(data[counted:cell], quoteMark)%2 == 1)
		counted = cell
		if odd {
			continue // inside a longer cell
		}
		at := rowBefore(data, cell)
		end := firstRowEnd(data[at:])
		if end == 0 { // the last row, without a line end
			end = len(data) - at
		}
		if row, err := parseRow(&Chunk{Data: data[at : at+end]}); err == nil && c.headers.IsHeader(row.Cells) {
			return c.at + at, true
		}
	}
}

// cellBefore returns where the cell that ends at end begins, if it is one of cells, with
// or without quotes. Otherwise it returns -1.
func cellBefore(data []byte, end int, cells [][]byte) int {
	after := bytes.TrimPrefix(data[end:], quoteMark)
	if len(after) > 0 && after[0] != ',' && after[0] != '\n' && after[0] != '\r' {
		return -1
	}
	for _, cell := range cells {
		before, ok := bytes.CutSuffix(data[:end], cell)
		if !ok {
			continue
		}
		before = bytes.TrimSuffix(bytes.TrimSuffix(bytes.TrimSuffix(before, bom), quoteMark), bom)
		if n := len(before); n == 0 || before[n-1] == ',' || before[n-1] == '\n' {
			return n
		}
	}
	return -1
}

// rowBefore returns where the row of the cell that begins at cell begins.
func rowBefore(data []byte, cell int) int {
	odd, end := false, cell
	for {
		at := bytes.LastIndexByte(data[:end], '\n') + 1
		odd = odd != (bytes.Count(data[at:end], quoteMark)%2 == 1)
		if !odd || at == 0 {
			return at
		}
		end = at - 1
	}
}
