// Package csvrows reads tables of CSV rows: it cuts a file into chunks, parses
// these in batches, each row with its place, and maps them onto structs with
// gocsv. It is the only package that imports gocsv, and it handles what gocsv gets
// wrong: ragged rows, byte order marks and positions. It knows nothing of what the
// rows mean, and it opens and writes nothing.
//
// Reading is strict RFC 4180. A line break inside quotes is kept, but CRLF becomes
// LF there, as everywhere in encoding/csv. Blank lines are skipped.
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

// batchRows keeps a batch small enough for the processor's cache.
const batchRows = 512

// A Batch is a run of rows. The next Fill reuses its memory and invalidates Rows.
type Batch struct {
	Rows  []Row
	cells []string
	ends  []int // where each row ends in cells

	// Cells that differ from the bytes in the data, one after another.
	unquoted []byte
	spans    []span
}

func (b *Batch) reset() {
	b.Rows, b.cells, b.ends = b.Rows[:0], b.cells[:0], b.ends[:0]
	b.unquoted, b.spans = b.unquoted[:0], b.spans[:0]
}

// setCells gives the rows their cells, when cells does not grow any more.
func (b *Batch) setCells() {
	start := 0
	for i, end := range b.ends {
		b.Rows[i].Cells = b.cells[start:end:end]
		start = end
	}
}

// Rows parses chunks. Its zero value is ready for Reset. It is not safe for
// concurrent use.
type Rows struct {
	data  string
	at    int
	line  int // of data[at]
	long  bool
	count int
	err   error // sticky
}

// Reset starts with the rows of a chunk.
func (r *Rows) Reset(ch *Chunk) {
	*r = Rows{data: string(ch.Data), line: ch.Line, long: ch.long}
}

// Fill parses the next rows into b. At the end of the chunk the error is io.EOF.
// The rows before an error come first, and the error with the next call.
func (r *Rows) Fill(b *Batch) error {
	b.reset()
	if r.err != nil {
		return r.err
	}
	for len(b.Rows) < batchRows && r.split(b) {
	}
	if len(b.Rows) == 0 {
		r.err = r.parseStrictly(b)
		return r.err
	}
	unquoted := string(b.unquoted)
	for _, s := range b.spans {
		b.cells[s.cell] = unquoted[s.from:s.to]
	}
	b.setCells()
	return nil
}

// Count returns the number of rows parsed since Reset.
func (r *Rows) Count() int { return r.count }

func (r *Rows) add(b *Batch, line int) {
	r.count++
	b.Rows = append(b.Rows, Row{Number: r.count, Line: line})
}

// parseStrictly parses a row with encoding/csv: a last row without a line end, or
// a row with a fault, whose place encoding/csv knows.
func (r *Rows) parseStrictly(b *Batch) error {
	var in io.Reader = strings.NewReader(r.data[r.at:])
	if r.long {
		in = io.MultiReader(in, longReader{})
	}
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1 // a ragged row does not end the file
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
		return err // io.EOF, the only one from memory
	}
	line, _ := reader.FieldPos(0)
	r.add(b, r.line-1+line)
	b.cells = append(b.cells, cells...)
	b.ends = append(b.ends, len(b.cells))
	b.setCells()
	read := int(reader.InputOffset())
	r.line += strings.Count(r.data[r.at:r.at+read], "\n")
	r.at += read
	return nil
}

// Batches parses the rest of a table batch by batch, for callers that need no
// parallel parsing. Its rows, and the row in its error, are numbered from before+1.
func (c *Cutter) Batches(before int) iter.Seq2[*Batch, error] {
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

// errLong is the read error at the end of the first MaxRow bytes of a longer row.
var errLong = errors.New("too long")

type longReader struct{}

func (longReader) Read([]byte) (int, error) { return 0, errLong }
