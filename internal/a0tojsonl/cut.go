package a0tojsonl

import (
	"errors"
	"io"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
)

// cutter is the first stage of the pipeline: it cuts a file into chunks of rows. It
// parses only the header of each table and its first rows, which show whether Auth0
// escaped the table.
type cutter struct {
	in            *csvrows.Cutter
	options       *convert.Options
	free          chan *job
	quit          <-chan struct{} // closed when the writer stops
	work, ordered chan<- *job
}

// cutFile cuts the file table by table. An error that ends it early is sent to the
// writer in a separate job.
func (c *cutter) cutFile() {
	for {
		j := c.newJob(nil)
		if j == nil {
			return
		}
		header, err := c.in.Header()
		if errors.Is(err, io.EOF) {
			return
		}
		if j.err = err; err == nil {
			j.header, j.chunk.Line = true, header.Line
			j.table, j.err = newTable(header, c.options)
		}
		table, failed := j.table, j.err != nil
		c.sendConverted(j)
		if failed || !c.cutRows(table) {
			return
		}
	}
}

// newTable returns the table with this header. It fails if the header is invalid.
func newTable(header csvrows.Row, o *convert.Options) (*convert.Table, error) {
	if header.Flaw == csvrows.NUL {
		fault := flaws[header.Flaw]
		return nil, &convert.HeaderError{Problem: fault.Reason + " in the header", Hints: []string{fault.Cure}}
	}
	return convert.NewTable(header.Cells, o)
}

// cutRows cuts the rows of a table and reports whether to go on with the next table.
func (c *cutter) cutRows(table *convert.Table) bool {
	c.in.SetHeaders(table)
	escaping := table.Escaping()
	for {
		j := c.newJob(table)
		if j == nil {
			return false
		}
		if escaping == convert.Undecided {
			escaping, j.err = c.cutUndecided(table, &j.chunk)
		} else {
			j.err = c.in.Next(&j.chunk)
		}
		j.escaping = escaping
		switch {
		case errors.Is(j.err, io.EOF):
			c.free <- j
			return true
		case j.err != nil:
			c.sendConverted(j)
			return false
		}
		c.send(j)
	}
}

// sampleBytes is how many bytes of rows decide whether a table is escaped.
const sampleBytes = 16 << 10

// cutUndecided cuts the next rows of a table and returns the escaping that they show. If
// they leave it undecided, it cuts only the rows that it has seen.
func (c *cutter) cutUndecided(table *convert.Table, ch *csvrows.Chunk) (convert.Escaping, error) {
	sample := table.NewSample()
	c.in.Peek(sampleBytes, func(row csvrows.Row) { sample.Add(row.Cells, row.Line) })
	escaping, err := sample.Escaping()
	switch {
	case err != nil:
		return escaping, err
	case escaping == convert.Undecided:
		return escaping, c.in.NextPeeked(ch)
	default:
		return escaping, c.in.Next(ch)
	}
}

// newJob waits for a free job. It returns nil if the writer has stopped.
func (c *cutter) newJob(table *convert.Table) *job {
	select {
	case j := <-c.free:
		*j = job{table: table, chunk: j.chunk, lines: j.lines[:0], results: j.results[:0], converted: j.converted}
		return j
	case <-c.quit:
		return nil
	}
}

// send sends a job to the workers, and to the writer in the order of the file.
func (c *cutter) send(j *job) {
	c.work <- j
	c.ordered <- j
}

// sendConverted sends a job without rows to the writer only.
func (c *cutter) sendConverted(j *job) {
	j.converted <- struct{}{}
	c.ordered <- j
}
