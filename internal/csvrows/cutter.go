package csvrows

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// MaxRow is the greatest length of a row in bytes. An Auth0 user is far smaller. Only
// the first cells of a longer row are kept.
const MaxRow = 8 << 20

// A Chunk is a run of whole rows of one table, not yet parsed. Cutting the next rows
// into a Chunk reuses its memory.
type Chunk struct {
	Data []byte
	Line int // the line of the file where Data begins, from 1

	long   bool // Data is the beginning of a row longer than MaxRow
	broken bool // the rest of that row is not CSV, or has no end
}

// Headers tells the headers of tables from other rows.
type Headers interface {
	// Marks returns cells of which each header has at least one.
	Marks() []string
	// IsHeader reports whether a row with such a cell is a header.
	IsHeader(cells []string) bool
}

// A Cutter cuts a file into chunks without parsing it: a line end is the end of a row
// if the number of quotes before it is even. That is many times faster than parsing,
// and allows several parsers to run in parallel. The cuts are correct up to the first
// row that is not CSV. Whoever parses the chunk of that row finds the error. A Cutter
// is not safe for concurrent use.
type Cutter struct {
	in      io.Reader
	size    int
	buf     []byte // what was read; buf[at:] is not yet returned
	at      int
	peeked  int // the end of the rows that Peek has visited
	line    int // the line of buf[at]
	err     error
	begun   bool
	headers Headers // nil between two tables
	marks   []mark
}

// NewCutter returns a cutter that cuts in into chunks of about size bytes. It does not
// close in.
func NewCutter(in io.Reader, size int) *Cutter {
	return &Cutter{in: in, size: min(size, MaxRow), line: 1}
}

// Header returns the header of the next table: the first row of the file, or the row
// at which Next stopped. Its Number is 1. At the end of the file Header returns io.EOF.
func (c *Cutter) Header() (Row, error) {
	c.headers, c.marks = nil, nil
	row, end, err := c.peekRow()
	if err == nil {
		c.skipTo(end)
	}
	return row, err
}

// SetHeaders says which rows are the headers of other tables, and so end the current
// table. Without it, the table ends with the file.
func (c *Cutter) SetHeaders(h Headers) {
	c.headers, c.marks = h, newMarks(h.Marks())
}

// Peek calls visit with the next rows of the table, without moving past them: those in
// the next maxBytes bytes, and at least one. NextPeeked cuts the same rows.
func (c *Cutter) Peek(maxBytes int, visit func(Row)) {
	c.fill(maxBytes)
	_, long, err := c.readTo(firstRowEnd)
	if c.peeked = c.at; long || err != nil {
		return // Next, or parsing its chunk, finds the long row or the error again
	}
	for at, line := c.at, c.line; at < len(c.buf); c.peeked = at {
		end := firstRowEnd(c.buf[at:])
		if end == 0 {
			if c.err == nil {
				return
			}
			end = len(c.buf) - at
		}
		if at > c.at && at+end-c.at > maxBytes {
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

// NextPeeked cuts the rows that Peek has just visited into ch. If there are none, it
// does what Next does.
func (c *Cutter) NextPeeked(ch *Chunk) error {
	if c.peeked <= c.at {
		return c.Next(ch)
	}
	c.copyTo(ch, c.peeked)
	return nil
}

// Next cuts the next rows of the table into ch. At the end of the table, which is the
// next header or the end of the file, it returns io.EOF. If there are rows before an
// error, Next returns those first, and the error at the next call.
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
	// Swapping the buffers means that only the last, unfinished row is copied.
	rest := append(ch.Data[:0], c.buf[end:]...)
	ch.Data = c.buf[c.at:end]
	c.buf, c.at = rest, 0
	if long {
		ch.broken, err = c.skipRest(ch.Data)
	}
	return err
}

// copyTo copies the rows up to end into ch. The buffers cannot be swapped, since more
// rows follow.
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

// readTo reads until findEnd finds the end of a whole row, and returns that end. At the
// end of the file the rest is a row too. If the row is longer than MaxRow, readTo
// returns the end of the buffer and long.
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
		case left == 0 || !errors.Is(c.err, io.EOF): // after a read error the rest is only part of a row
			return 0, false, c.err
		default:
			return len(c.buf), false, nil
		}
	}
}

// begin checks the first bytes of the file, which may plainly not be CSV. It skips a
// line sep=, that tells a spreadsheet which separator the file has.
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

// lastRowEnd returns the end of the last whole row, 0 if there is none.
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

// firstRowEnd returns the end of the first whole row, which may be a blank line. It
// returns 0 if there is none.
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

// fill reads until the buffer has want bytes, and never more: otherwise the size of a
// chunk would decide which rows are too long.
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

// peekRow parses the next row and returns it with its end in buf. It skips blank lines.
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

// parseRow parses a chunk of one row. It returns io.EOF for a blank line.
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
