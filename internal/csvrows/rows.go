// Package csvrows reads tables of CSV rows: it cuts a file into chunks, parses
// these in batches, each row with its place, and maps them onto structs with
// gocsv. It is the only package that imports gocsv, and it judges by itself what
// gocsv would get wrong: ragged rows, byte order marks and positions. It knows
// nothing of what the rows mean, and it opens and writes nothing.
//
// Reading is strict RFC 4180. A line break inside quotes is kept, but CRLF
// becomes LF there, as everywhere in encoding/csv; blank lines are skipped.
package csvrows

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
)

// A Row is one CSV record and its place.
type Row struct {
	Cells  []string
	Number int // from 1, in its chunk
	Line   int // of the file, where the row begins
}

// A batch has few enough rows to stay in the processor's cache.
const batchRows = 512

// A Batch is a run of rows. Its memory is used again by the next Fill, which
// ends the life of Rows.
type Batch struct {
	Rows  []Row
	cells []string
	ends  []int // where each row ends in cells
}

func (b *Batch) reset() {
	b.Rows, b.cells, b.ends = b.Rows[:0], b.cells[:0], b.ends[:0]
}

func (b *Batch) add(row Row) {
	b.cells = append(b.cells, row.Cells...)
	b.ends = append(b.ends, len(b.cells))
	row.Cells = nil
	b.Rows = append(b.Rows, row)
}

// cut gives the rows their cells, once cells will not move any more.
func (b *Batch) cut() {
	start := 0
	for i, end := range b.ends {
		b.Rows[i].Cells = b.cells[start:end:end]
		start = end
	}
}

// Rows parses chunks. It is not safe for concurrent use; the zero value is
// ready for Reset.
type Rows struct {
	csv   *csv.Reader
	chunk *Chunk
	count int
	err   error // sticky
}

// Reset turns to the rows of a chunk.
func (r *Rows) Reset(ch *Chunk) {
	var in io.Reader = bytes.NewReader(ch.Data)
	if ch.long {
		in = io.MultiReader(in, longReader{})
	}
	r.csv = csv.NewReader(in)
	r.csv.FieldsPerRecord = -1 // a ragged row is its own fault and not the file's
	r.csv.ReuseRecord = true   // Batch copies the cells; each row's text is a string of its own
	r.chunk, r.count, r.err = ch, 0, nil
}

// Fill parses the next rows into b. It is io.EOF at the end of the chunk. The
// rows before an error come first, and the error with the next call.
func (r *Rows) Fill(b *Batch) error {
	b.reset()
	for len(b.Rows) < batchRows {
		row, err := r.next()
		if err != nil {
			break
		}
		b.add(row)
	}
	b.cut()
	if len(b.Rows) == 0 {
		return r.err
	}
	return nil
}

// Count is how many rows have been parsed since Reset.
func (r *Rows) Count() int { return r.count }

func (r *Rows) next() (Row, error) {
	if r.err != nil {
		return Row{}, r.err
	}
	cells, err := r.csv.Read()
	switch broken := (*csv.ParseError)(nil); {
	case err == nil:
	case errors.As(err, &broken):
		r.err = &SyntaxError{
			Row: r.count + 1, Start: r.chunk.Line - 1 + broken.StartLine,
			Line: r.chunk.Line - 1 + broken.Line, Column: broken.Column, Err: broken.Err,
		}
	case errors.Is(err, errLong):
		r.err = &LongRowError{Row: r.count + 1, Line: r.chunk.Line}
	default:
		r.err = err // io.EOF: no other comes from memory
	}
	if r.err != nil {
		return Row{}, r.err
	}
	r.count++
	line, _ := r.csv.FieldPos(0)
	return Row{Cells: cells, Number: r.count, Line: r.chunk.Line - 1 + line}, nil
}

// Serial parses the rest of a table batch by batch, for whoever is in no hurry.
// Its rows, and those of its error, are numbered on from the row before.
func (c *Cutter) Serial(before int) iter.Seq2[*Batch, error] {
	return func(yield func(*Batch, error) bool) {
		var chunk Chunk
		var rows Rows
		var batch Batch
		for {
			if err := c.Next(&chunk); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				yield(nil, err)
				return
			}
			rows.Reset(&chunk)
			for err := rows.Fill(&batch); !errors.Is(err, io.EOF); err = rows.Fill(&batch) {
				if err != nil {
					yield(nil, Shift(err, before))
					return
				}
				for i := range batch.Rows {
					batch.Rows[i].Number += before
				}
				if !yield(&batch, nil) {
					return
				}
			}
			before += rows.count
		}
	}
}

// errLong stands where a row that is too long has been cut off.
var errLong = errors.New("too long")

type longReader struct{}

func (longReader) Read([]byte) (int, error) { return 0, errLong }
