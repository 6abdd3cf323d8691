package csvrows

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// MaxRow is the longest row that is read, in bytes. Auth0 holds a user to far
// less, so that a longer one is a quote that is never closed.
const MaxRow = 8 << 20

// A Chunk is a run of whole rows of one table, not parsed yet. Its memory is
// used again by the cut that fills it next.
type Chunk struct {
	Data []byte
	Line int // on which it begins

	long bool // it is the beginning of a row that is longer than MaxRow
}

// Headers tells the rows that begin a table from those of the table before.
type Headers interface {
	// Marks are cells of which each such row has one or more.
	Marks() []string
	// Begins reports whether a row that has one is such a row.
	Begins(cells []string) bool
}

// A Cutter cuts one file into chunks without parsing it: a line end is the end
// of a row where the quotes before it are even. That is many times faster than
// to parse, and lets several parsers work side by side. The chunks are right up
// to the first row that is no CSV, and whoever parses the chunk of that one
// finds its fault. A Cutter is not safe for concurrent use.
type Cutter struct {
	in      io.Reader
	size    int
	buf     []byte // what has been read and, from at on, not handed out
	at      int
	line    int // of buf[at]
	err     error
	begun   bool
	headers Headers // nil between two tables
	marks   []mark
}

// NewCutter returns a cutter of in into chunks of about size bytes. It does not
// close in.
func NewCutter(in io.Reader, size int) *Cutter {
	return &Cutter{in: in, size: min(size, MaxRow), line: 1}
}

// Header returns the row that begins the next table: the first of the file, or
// the one at which Next stopped. It is io.EOF at the end of the file. The
// Number of a single row is 1.
func (c *Cutter) Header() (Row, error) {
	c.headers, c.marks = nil, nil
	row, end, err := c.first()
	if err == nil {
		c.take(end)
	}
	return row, err
}

// Look shows tell the coming rows of the table, until it returns true, and
// leaves them where they are. It shows at least those of the next chunk, and no
// more than are in memory by then.
func (c *Cutter) Look(tell func(cells []string) bool) {
	c.fill(c.size)
	if _, _, err := c.whole(firstRow); err != nil {
		return // Next says it again, or the parser of the chunk does
	}
	for at := c.at; at < len(c.buf); {
		end := firstRow(c.buf[at:])
		if end == 0 {
			if c.err == nil {
				return
			}
			end = len(c.buf) - at
		}
		row, err := single(&Chunk{Data: c.buf[at : at+end]})
		at += end
		if errors.Is(err, io.EOF) {
			continue // a blank line
		}
		if err != nil || c.headers != nil && c.headers.Begins(row.Cells) || tell(row.Cells) {
			return
		}
	}
}

// Next cuts the next rows of the table. It is io.EOF at the end of the table,
// which is the end of the file or the header of another. The rows before an
// error come first, and the error with the next call.
func (c *Cutter) Next(ch *Chunk) error {
	c.fill(c.size)
	end, long, err := c.whole(lastRow)
	if err != nil {
		return err
	}
	if header, ok := c.nextHeader(end); ok {
		if header == c.at {
			return io.EOF
		}
		c.copy(ch, header)
		return nil
	}
	ch.Line, ch.long = c.line, long
	c.line += bytes.Count(c.buf[c.at:end], lineEnd)
	// The buffers change places, so that no more than a part of a row is copied.
	rest := append(ch.Data[:0], c.buf[end:]...)
	ch.Data = c.buf[c.at:end]
	c.buf, c.at = rest, 0
	return nil
}

// copy hands out a copy of the rows up to end, since more of them follow.
func (c *Cutter) copy(ch *Chunk, end int) {
	ch.Data = append(ch.Data[:0], c.buf[c.at:end]...)
	ch.Line, ch.long = c.line, false
	c.take(end)
}

func (c *Cutter) take(end int) {
	c.line += bytes.Count(c.buf[c.at:end], lineEnd)
	c.at = end
}

var (
	lineEnd = []byte{'\n'}
	quote   = []byte{'"'}
)

// whole reads until find finds the end of a whole row, and returns it. What is
// left at the end of the file is a row too, and what has grown too long is one
// that the parser will refuse.
func (c *Cutter) whole(find func([]byte) int) (end int, long bool, err error) {
	if !c.begun {
		c.begun = true
		c.fill(sniffed)
		if looks := looksLike(c.buf[:min(sniffed, len(c.buf))]); looks != "" {
			c.err = &NotCSVError{Looks: looks}
			c.buf = nil
		}
	}
	for want := max(c.size, len(c.buf)-c.at); ; want = min(2*want, MaxRow+1) {
		if end := find(c.buf[c.at:]); end > 0 {
			return c.at + end, false, nil
		}
		switch left := len(c.buf) - c.at; {
		case left > MaxRow:
			return len(c.buf), true, nil
		case c.err == nil:
			c.fill(want)
		case left == 0 || !errors.Is(c.err, io.EOF): // before an error it is a part of a row
			return 0, false, c.err
		default:
			return len(c.buf), false, nil
		}
	}
}

// lastRow is where the last whole row ends, or 0.
func lastRow(data []byte) int {
	odd := bytes.Count(data, quote)%2 == 1
	for {
		end := bytes.LastIndexByte(data, '\n')
		if end < 0 {
			return 0
		}
		odd = odd != (bytes.Count(data[end:], quote)%2 == 1)
		if !odd {
			return end + 1
		}
		data = data[:end]
	}
}

// firstRow is where the first whole row ends, or 0. It may be a blank line.
func firstRow(data []byte) int {
	odd, at := false, 0
	for {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			return 0
		}
		odd = odd != (bytes.Count(data[at:at+end], quote)%2 == 1)
		at += end + 1
		if !odd {
			return at
		}
	}
}

// fill reads until want bytes wait. It never reads more, so that it does not
// depend on the size of a chunk which row is too long.
func (c *Cutter) fill(want int) {
	if c.err != nil || len(c.buf)-c.at >= want {
		return
	}
	c.buf = slices.Grow(append(c.buf[:0], c.buf[c.at:]...), want-(len(c.buf)-c.at))
	c.at = 0
	for empty := 0; c.err == nil && len(c.buf) < want; empty++ {
		n, err := c.in.Read(c.buf[len(c.buf):want])
		c.buf, c.err = c.buf[:len(c.buf)+n], err
		if n > 0 {
			empty = 0
		} else if err == nil && empty > 100 {
			c.err = io.ErrNoProgress
		}
	}
}

// first parses the next row, and returns where it ends.
func (c *Cutter) first() (Row, int, error) {
	for {
		end, long, err := c.whole(firstRow)
		if err != nil {
			return Row{}, 0, err
		}
		row, err := single(&Chunk{Data: c.buf[c.at:end], Line: c.line, long: long})
		if !errors.Is(err, io.EOF) {
			return row, end, err
		}
		c.take(end) // a blank line
	}
}

// single parses a chunk of one row.
func single(ch *Chunk) (Row, error) {
	var rows Rows
	var batch Batch
	ch.Data = bytes.TrimPrefix(ch.Data, bom)
	rows.Reset(ch)
	if err := rows.Fill(&batch); err != nil {
		return Row{}, err
	}
	return batch.Rows[0], nil
}

// A mark is a cell by which headers are found. Marks tend to end alike, so that
// one pass over the data finds those that do.
type mark struct {
	tail  []byte
	cells [][]byte
}

// Table says how to tell where the table ends whose header has been read.
// Without it, a table ends where the file does.
func (c *Cutter) Table(h Headers) {
	c.headers, c.marks = h, nil
	for _, cell := range h.Marks() {
		tail := []byte(cell[max(0, len(cell)-3):])
		i := slices.IndexFunc(c.marks, func(m mark) bool { return bytes.Equal(m.tail, tail) })
		if i < 0 {
			i = len(c.marks)
			c.marks = append(c.marks, mark{tail: tail})
		}
		c.marks[i].cells = append(c.marks[i].cells, []byte(cell))
	}
}

// nextHeader looks in the rows up to end for one that begins a table.
func (c *Cutter) nextHeader(end int) (at int, ok bool) {
	for _, m := range c.marks {
		if header, found := c.marked(m, end); found {
			at, ok, end = header, true, header
		}
	}
	return at, ok
}

// marked looks for a header that has one of the cells of m.
func (c *Cutter) marked(m mark, end int) (at int, ok bool) {
	data := c.buf[c.at:end]
	counted, odd := 0, false // the quotes before counted
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
		odd = odd != (bytes.Count(data[counted:cell], quote)%2 == 1)
		counted = cell
		if odd {
			continue // within a longer cell
		}
		at := rowBefore(data, cell)
		end := firstRow(data[at:])
		if end == 0 { // a last one without a line end
			end = len(data) - at
		}
		if row, err := single(&Chunk{Data: data[at : at+end]}); err == nil && c.headers.Begins(row.Cells) {
			return c.at + at, true
		}
	}
}

// cellBefore returns where the cell begins that is one of cells and ends at
// end, with or without quotes around it, or -1.
func cellBefore(data []byte, end int, cells [][]byte) int {
	if after := bytes.TrimPrefix(data[end:], quote); len(after) > 0 && after[0] != ',' && after[0] != '\n' && after[0] != '\r' {
		return -1
	}
	for _, cell := range cells {
		before, ok := bytes.CutSuffix(data[:end], cell)
		if !ok {
			continue
		}
		before = bytes.TrimSuffix(bytes.TrimSuffix(bytes.TrimSuffix(before, bom), quote), bom)
		if n := len(before); n == 0 || before[n-1] == ',' || before[n-1] == '\n' {
			return n
		}
	}
	return -1
}

// rowBefore returns where the row begins that has a cell at cell.
func rowBefore(data []byte, cell int) int {
	odd, end := false, cell
	for {
		at := bytes.LastIndexByte(data[:end], '\n') + 1
		odd = odd != (bytes.Count(data[at:end], quote)%2 == 1)
		if !odd || at == 0 {
			return at
		}
		end = at - 1
	}
}
