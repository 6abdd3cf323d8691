// Package csvrows reads tables of CSV rows in batches, each row with its place
// in the file, and maps them onto structs with gocsv. It is the only package
// that imports gocsv, and it judges by itself what gocsv would get wrong:
// ragged rows, byte order marks and positions. It knows nothing of what the
// rows mean, and it opens and writes nothing.
//
// Reading is strict RFC 4180. A line break inside quotes is kept, but CRLF
// becomes LF there, as everywhere in encoding/csv; blank lines are skipped.
package csvrows

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// A Row is one CSV record and its place.
type Row struct {
	Cells  []string
	Number int // counted as a spreadsheet does: the first row of the file is 1
	Line   int // where the row begins; differs from Number after a line break in a cell
}

// A batch ends at whichever comes first. The rows are few enough to stay in the
// processor's cache; the bytes bound memory where rows are huge.
const (
	batchRows  = 512
	batchBytes = 1 << 20
)

// A Batch is a run of rows of one table. Its memory is used again by the next
// Fill, which ends the life of Rows.
type Batch struct {
	Rows  []Row
	cells []string
	ends  []int // where each row ends in cells
}

func (b *Batch) reset() {
	b.Rows, b.cells, b.ends = b.Rows[:0], b.cells[:0], b.ends[:0]
}

func (b *Batch) add(cells []string, number, line int) {
	b.cells = append(b.cells, cells...)
	b.ends = append(b.ends, len(b.cells))
	b.Rows = append(b.Rows, Row{Number: number, Line: line})
}

// cut gives the rows their cells, once cells will not move any more.
func (b *Batch) cut() {
	start := 0
	for i, end := range b.ends {
		b.Rows[i].Cells = b.cells[start:end:end]
		start = end
	}
}

// A Reader reads one file: one table, or several one after another. It is not
// safe for concurrent use.
type Reader struct {
	in     *bufio.Reader
	csv    *csv.Reader
	number int
	header *Row  // begins the next table, and has been read already
	err    error // ends the file; sticky
}

// NewReader returns a reader of in, which it does not close.
func NewReader(in io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, 64<<10)}
}

// Header returns the row that begins the next table: the first row of the file,
// or the one at which Fill stopped. It is io.EOF at the end of the file.
func (r *Reader) Header() (Row, error) {
	if r.header == nil {
		cells, err := r.read()
		if err != nil {
			return Row{}, err
		}
		r.keep(cells)
	}
	header := *r.header
	r.header = nil
	return header, nil
}

// Fill reads the next rows of the current table into b. It is io.EOF at the end
// of the table, which is the end of the file or a row that begins says begins
// another. The rows before an error come first, and the error with the next call.
func (r *Reader) Fill(b *Batch, begins func(cells []string) bool) error {
	b.reset()
	if r.header != nil {
		return io.EOF
	}
	for size := 0; len(b.Rows) < batchRows && size < batchBytes; {
		cells, err := r.read()
		if err != nil {
			break
		}
		if begins(cells) {
			r.keep(cells)
			break
		}
		b.add(cells, r.number, r.line())
		for _, cell := range cells {
			size += len(cell)
		}
	}
	b.cut()
	switch {
	case len(b.Rows) > 0:
		return nil
	case r.header != nil:
		return io.EOF
	default:
		return r.err
	}
}

// keep holds a row back as the header of the next table. The cells are the
// CSV reader's own and live only until its next read.
func (r *Reader) keep(cells []string) {
	cells = slices.Clone(cells)
	cells[0] = strings.TrimPrefix(cells[0], bom)
	r.header = &Row{Cells: cells, Number: r.number, Line: r.line()}
}

func (r *Reader) line() int {
	line, _ := r.csv.FieldPos(0)
	return line
}

func (r *Reader) read() ([]string, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.csv == nil {
		if r.err = r.begin(); r.err != nil {
			return nil, r.err
		}
	}
	cells, err := r.csv.Read()
	if err != nil {
		// encoding/csv may return a part of a row beside the error of a read.
		r.err = err
		if broken := (*csv.ParseError)(nil); errors.As(err, &broken) {
			r.err = &SyntaxError{Row: r.number + 1, Start: broken.StartLine, Line: broken.Line, Column: broken.Column, Err: broken.Err}
		}
		return nil, r.err
	}
	r.number++
	return cells, nil
}

const bom = "\ufeff"

// begin looks at the first bytes. A byte order mark goes, since encoding/csv
// would make it a part of the first cell, or an error before a quoted one.
func (r *Reader) begin() error {
	head, err := r.in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return err
	}
	if looks := looksLike(head); looks != "" {
		return &NotCSVError{Looks: looks}
	}
	if strings.HasPrefix(string(head), bom) {
		if _, err := r.in.Discard(len(bom)); err != nil {
			return err
		}
	}
	r.csv = csv.NewReader(r.in)
	r.csv.FieldsPerRecord = -1 // a ragged row is its own fault and not the file's
	r.csv.ReuseRecord = true   // Batch copies the cells; each row's text is a string of its own
	return nil
}
