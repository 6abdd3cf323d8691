package csvrows

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// MaxRow is the greatest length of a row in bytes. A user in Auth0 is far smaller.
// Of a longer row only the cells at its beginning are kept.
const MaxRow = 8 << 20

// A Chunk is a run of whole rows of one table, not yet parsed. The next cut into
// it reuses its memory.
type Chunk struct {
	Data []byte
	Line int // on which it begins

	long   bool // Data is the beginning of a row longer than MaxRow
	broken bool // the rest of that row is not CSV, or has no end
}

// Headers tells the headers of tables from other rows.
type Headers interface {
	// Marks returns cells of which each header has one or more.
	Marks() []string
	// IsHeader reports whether a row with such a cell is a header.
	IsHeader(cells []string) bool
}

// A Cutter cuts a file into chunks without parsing it: a line end is the end of a
// row if the number of quotes before it is even. That is many times faster than
// parsing, and lets several parsers work side by side. The cuts are right up to
// the first row that is not CSV. The parser of that row's chunk finds the fault.
// A Cutter is not safe for concurrent use.
type Cutter struct {
	in      io.Reader
	size    int
	buf     []byte // read; from at on not yet returned
	at      int
	peeked  int // where the rows end that Peek has passed
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

// Header returns the header of the next table: the first row of the file, or the
// row at which Next stopped. Its Number is 1. At the end of the file the error is
// io.EOF.
func (c *Cutter) Header() (Row, error) {
	c.headers, c.marks = nil, nil
	row, end, err := c.peekRow()
	if err == nil {
		c.skipTo(end)
	}
	return row, err
}

// SetHeaders says which rows end the table whose header has been read. Without it
// the table ends with the file.
func (c *Cutter) SetHeaders(h Headers) {
	c.headers, c.marks = h, newMarks(h.Marks())
}

// Peek passes the coming rows of the table to visit, without moving past them: those
// in the next bytes, as many as most, and at least one. NextPeeked cuts the same rows.
func (c *Cutter) Peek(most int, visit func(Row)) {
	c.fill(most)
	_, long, err := c.readTo(firstRowEnd)
	if c.peeked = c.at; long || err != nil {
		return // Next, or the parser of the chunk, finds it again
	}
	for at, line := c.at, c.line; at < len(c.buf); c.peeked = at {
		end := firstRowEnd(c.buf[at:])
		if end == 0 {
			if c.err == nil {
				return
			}
			end = len(c.buf) - at
		}
		if at > c.at && at+end-c.at > most {
			return
		}
		row, err := parseRow(&Chunk{Data: c.buf[at : at+end], Line: line})
		blank := errors.Is(err, io.EOF)
		if err != nil && !blank || !blank && c.headers != nil && c.headers.IsHeader(row.Cells) {
			return
		}
		if !blank {
			visit(row)
		}
		line += bytes.Count(c.buf[at:at+end], lineEnd)
		at += end
	}
}

// NextPeeked is Next for the rows that Peek has just passed to visit. If there are
// none, it is Next.
func (c *Cutter) NextPeeked(ch *Chunk) error {
	if c.peeked <= c.at {
		return c.Next(ch)
	}
	c.copyTo(ch, c.peeked)
	return nil
}

// Next cuts the next rows of the table into ch. At the end of the table, which is
// the header of another or the end of the file, the error is io.EOF. The rows
// before an error come first, and the error with the following call.
func (c *Cutter) Next(ch *Chunk) error {
	c.fill(c.size)
	end, long, err := c.readTo(lastRowEnd)
	if err != nil {
		return err
	}
	if header, ok := c.findHeader(end); ok {
		if header == c.at {
			return io.EOF
		}
		c.copyTo(ch, header)
		return nil
	}
	ch.Line, ch.long, ch.broken = c.line, long, false
	c.line += bytes.Count(c.buf[c.at:end], lineEnd)
	// Swapping the buffers saves a copy of all but the last, unfinished row.
	rest := append(ch.Data[:0], c.buf[end:]...)
	ch.Data = c.buf[c.at:end]
	c.buf, c.at = rest, 0
	if long {
		ch.broken, err = c.skipRest(ch.Data)
	}
	return err
}

// copyTo copies the rows up to end into ch. They cannot be swapped, since more
// rows follow in the buffer.
func (c *Cutter) copyTo(ch *Chunk, end int) {
	ch.Data = append(ch.Data[:0], c.buf[c.at:end]...)
	ch.Line, ch.long, ch.broken = c.line, false, false
	c.skipTo(end)
}

func (c *Cutter) skipTo(end int) {
	c.line += bytes.Count(c.buf[c.at:end], lineEnd)
	c.at = end
}

var (
	lineEnd   = []byte{'\n'}
	quoteMark = []byte{'"'}
)

// readTo reads until findEnd finds the end of a whole row, and returns that end. At
// the end of the file the rest is a row too. So is, with long, the beginning of
// what is longer than MaxRow.
func (c *Cutter) readTo(findEnd func([]byte) int) (end int, long bool, err error) {
	if !c.begun {
		c.begun = true
		c.begin()
	}
	for want := max(c.size, len(c.buf)-c.at); ; want = min(2*want, MaxRow+1) {
		if end := findEnd(c.buf[c.at:]); end > 0 {
			return c.at + end, false, nil
		}
		switch left := len(c.buf) - c.at; {
		case left > MaxRow:
			return len(c.buf), true, nil
		case c.err == nil:
			c.fill(want)
		case left == 0 || !errors.Is(c.err, io.EOF): // before a read error the rest is part of a row
			return 0, false, c.err
		default:
			return len(c.buf), false, nil
		}
	}
}

// begin looks at the first bytes of the file: some are plainly no CSV. It skips the
// line by which a spreadsheet is told that commas separate the cells.
func (c *Cutter) begin() {
	c.fill(sniffLength)
	head := c.buf[:min(sniffLength, len(c.buf))]
	after, err := skipSeparatorLine(head)
	if err == nil {
		err = guessFormat(head)
	}
	if err != nil {
		c.buf, c.err = nil, err
		return
	}
	c.skipTo(after)
}

// lastRowEnd returns the end of the last whole row, or 0.
func lastRowEnd(data []byte) int {
	odd := bytes.Count(data, quoteMark)%2 == 1
	for {
		end := bytes.LastIndexByte(data, '\n')
		if end < 0 {
			return 0
		}
		odd = odd != (bytes.Count(data[end:], quoteMark)%2 == 1)
		if !odd {
			return end + 1
		}
		data = data[:end]
	}
}

// firstRowEnd returns the end of the first whole row, which may be a blank line, or
// 0.
func firstRowEnd(data []byte) int {
	odd, at := false, 0
	for {
		end := bytes.IndexByte(data[at:], '\n')
		if end < 0 {
			return 0
		}
		odd = odd != (bytes.Count(data[at:at+end], quoteMark)%2 == 1)
		at += end + 1
		if !odd {
			return at
		}
	}
}

// fill reads until want bytes are in the buffer, and never more. Otherwise the size
// of a chunk would decide which row is too long.
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

// peekRow parses the next row and returns it with its end. It skips blank lines.
func (c *Cutter) peekRow() (Row, int, error) {
	for {
		end, long, err := c.readTo(firstRowEnd)
		if err != nil {
			return Row{}, 0, err
		}
		row, err := parseRow(&Chunk{Data: c.buf[c.at:end], Line: c.line, long: long, broken: long})
		if !errors.Is(err, io.EOF) {
			return row, end, err
		}
		c.skipTo(end)
	}
}

// parseRow parses a chunk of one row.
func parseRow(ch *Chunk) (Row, error) {
	var rows Rows
	var batch Batch
	ch.Data = bytes.TrimPrefix(ch.Data, bom)
	rows.Reset(ch)
	if err := rows.Fill(&batch); err != nil {
		return Row{}, err
	}
	return batch.Rows[0], nil
}
