// Package csvrows reads tables of CSV rows. It cuts a file into chunks, parses them in
// batches of rows with their positions, and maps the rows to structs with gocsv. It is
// the only package that imports gocsv, and it handles what gocsv gets wrong: ragged
// rows, byte order marks and positions. It knows nothing about the meaning of the rows,
// and it does not open or write files.
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

// A Row is one CSV record and its position.
type Row struct {
	Cells  []string
	Number int // from 1 in its chunk
	Line   int // the line of the file where the row begins, from 1
	Flaw   Flaw
}

// A Flaw is a reason not to trust the cells of a row, although the row is CSV.
type Flaw int

// The flaws.
const (
	// LoneCR is a CR outside quotes without an LF after it. Here it does not end a line,
	// but other readers would read two rows.
	LoneCR Flaw = iota + 1
	// NUL is a zero byte.
	NUL
	// TooLong is a row longer than MaxRow. It has only the cells that are whole in its
	// first MaxRow bytes.
	TooLong
)

// batchRows is how many rows a batch has at most: few enough for the processor's cache.
const batchRows = 512

// A Batch is a run of rows. The next Fill reuses its memory and invalidates Rows.
type Batch struct {
	Rows  []Row
	cells []string
	ends  []int // the end of each row in cells

	// The text of cells that differ from the bytes in the data, one after another.
	unquoted []byte
	spans    []span
}

func (b *Batch) reset() {
	b.Rows, b.cells, b.ends = b.Rows[:0], b.cells[:0], b.ends[:0]
	b.unquoted, b.spans = b.unquoted[:0], b.spans[:0]
}

// setCells sets the Cells of the rows, once cells no longer grows.
func (b *Batch) setCells() {
	start := 0
	for i, end := range b.ends {
		b.Rows[i].Cells = b.cells[start:end:end]
		start = end
	}
}

// addCells adds the cells of the last row.
func (b *Batch) addCells(cells []string) {
	b.cells = append(b.cells, cells...)
	b.ends = append(b.ends, len(b.cells))
	b.setCells()
}

// Rows parses chunks. Its zero value is ready for Reset. It is not safe for
// concurrent use.
type Rows struct {
	data         string
	at           int
	line         int  // the line of data[at]
	long, broken bool // as in the chunk
	loneCR, nul  bool // a row may have this flaw
	count        int
	err          error // returned by every later call
}

// Reset starts to parse a chunk.
func (r *Rows) Reset(ch *Chunk) {
	*r = Rows{data: string(ch.Data), line: ch.Line, long: ch.long, broken: ch.broken}
	r.nul = strings.IndexByte(r.data, 0) >= 0
	r.loneCR = strings.IndexByte(r.data, '\r') >= 0 && strings.Count(r.data, "\r") > strings.Count(r.data, crlf)
}

// Fill parses the next rows into b. At the end of the chunk it returns io.EOF. If there
// are rows before an error, Fill returns those first, and the error at the next call.
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

// add adds the row that begins on this line and ends before end.
func (r *Rows) add(b *Batch, line, end int) {
	r.count++
	row := Row{Number: r.count, Line: line}
	switch text := r.data[r.at:end]; {
	case r.loneCR && hasLoneCR(text):
		row.Flaw = LoneCR
	case r.nul && strings.IndexByte(text, 0) >= 0:
		row.Flaw = NUL
	}
	b.Rows = append(b.Rows, row)
	r.at = end
}

// hasLoneCR reports whether a row has a CR outside quotes that is not part of a line end.
func hasLoneCR(row string) bool {
	quoted := false
	for i := range len(row) - 1 {
		switch row[i] {
		case '"':
			quoted = !quoted
		case '\r':
			if !quoted && row[i+1] != '\n' {
				return true
			}
		}
	}
	return false
}

// parseStrictly parses with encoding/csv a row that split leaves: a last row without a
// line end, a row that is not CSV, whose error has its position, or the beginning of a
// long row.
func (r *Rows) parseStrictly(b *Batch) error {
	rest := r.data[r.at:]
	var in io.Reader = strings.NewReader(rest)
	if r.long {
		in = io.MultiReader(in, longReader{})
	}
	reader := csv.NewReader(in)
	reader.FieldsPerRecord = -1 // a ragged row does not end the file
	cells, err := reader.Read()
	switch broken := (*csv.ParseError)(nil); {
	case errors.As(err, &broken):
		return newSyntaxError(broken, rest, r.count+1, r.line)
	case errors.Is(err, errLong) && r.broken:
		return &LongRowError{Row: r.count + 1, Line: r.line, LoneCR: hasLoneCR(rest)}
	case errors.Is(err, errLong):
		r.addLong(b)
		return nil
	case err != nil:
		return err // io.EOF: reading from memory cannot fail otherwise
	}
	line, _ := reader.FieldPos(0)
	read := int(reader.InputOffset())
	r.add(b, r.line-1+line, r.at+read)
	b.addCells(cells)
	r.line += strings.Count(rest[:read], "\n")
	return nil
}

// Batches parses the rest of a table batch by batch, for callers that do not parse in
// parallel. Its rows, and the row in its error, are numbered from before+1.
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
