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
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"
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

	// Cells that are not what stands in the data, one behind the other.
	unquoted []byte
	spans    []span
}

func (b *Batch) reset() {
	b.Rows, b.cells, b.ends = b.Rows[:0], b.cells[:0], b.ends[:0]
	b.unquoted, b.spans = b.unquoted[:0], b.spans[:0]
}

// cut gives the rows their cells, once cells will not move any more.
func (b *Batch) cut() {
	start := 0
	for i, end := range b.ends {
		b.Rows[i].Cells = b.cells[start:end:end]
		start = end
	}
}

// Rows parses chunks. It is not safe for concurrent use;
// the zero value is ready for Reset.
type Rows struct {
	data  string
	at    int
	line  int // of data[at]
	long  bool
	count int
	err   error // sticky
}

// Reset turns to the rows of a chunk.
func (r *Rows) Reset(ch *Chunk) {
	*r = Rows{data: string(ch.Data), line: ch.Line, long: ch.long}
}

// Fill parses the next rows into b. It is io.EOF at the end of the chunk. The
// rows before an error come first, and the error with the next call.
func (r *Rows) Fill(b *Batch) error {
	b.reset()
	if r.err != nil {
		return r.err
	}
	for len(b.Rows) < batchRows && r.split(b) {
	}
	if len(b.Rows) == 0 {
		r.err = r.strict(b)
		return r.err
	}
	unquoted := string(b.unquoted)
	for _, s := range b.spans {
		b.cells[s.cell] = unquoted[s.from:s.to]
	}
	b.cut()
	return nil
}

// Count is how many rows have been parsed since Reset.
func (r *Rows) Count() int { return r.count }

func (r *Rows) add(b *Batch, line int) {
	r.count++
	b.Rows = append(b.Rows, Row{Number: r.count, Line: line})
}

// strict has encoding/csv parse one row: a last one without a line end, or one
// with a fault, of which it knows the place.
func (r *Rows) strict(b *Batch) error {
	var in io.Reader = strings.NewReader(r.data[r.at:])
	if r.long {
		in = io.MultiReader(in, longReader{})
	}
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1 // a ragged row is its own fault and not the file's
	cells, err := reader.Read()
	switch broken := (*csv.ParseError)(nil); {
	case errors.As(err, &broken):
		return &SyntaxError{
			Row: r.count + 1, Start: r.line - 1 + broken.StartLine,
			Line: r.line - 1 + broken.Line, Column: broken.Column, Err: broken.Err,
		}
	case errors.Is(err, errLong):
		return &LongRowError{Row: r.count + 1, Line: r.line}
	case err != nil:
		return err // io.EOF: no other comes from memory
	}
	line, _ := reader.FieldPos(0)
	r.add(b, r.line-1+line)
	b.cells = append(b.cells, cells...)
	b.ends = append(b.ends, len(b.cells))
	b.cut()
	read := int(reader.InputOffset())
	r.line += strings.Count(r.data[r.at:r.at+read], "\n")
	r.at += read
	return nil
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
