package a0tojsonl

import (
	"context"
	"errors"
	"io"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
)

// cutter is the first stage of the pipeline. It parses the headers alone, and of
// each table the rows up to the one that tells whether Auth0 has escaped it. Rows
// before it are all refused, for they have no id or are ragged; where a whole
// chunk tells nothing, they go into the rejects as they stand.
type cutter struct {
	ctx           context.Context //nolint:containedctx // it lives no longer than the call that makes it
	in            *csvrows.Cutter
	options       *convert.Options
	free          chan *job
	quit          <-chan struct{} // nobody writes any more
	work, ordered chan<- *job
}

// file cuts the file, table by table. What ends it early goes to the writer in
// a job of its own.
func (c *cutter) file() {
	for {
		j := c.next(nil)
		if j == nil {
			return
		}
		header, err := c.in.Header()
		if errors.Is(err, io.EOF) {
			return
		}
		if j.err = err; err == nil {
			j.header, j.chunk.Line = true, header.Line
			j.table, j.err = convert.NewTable(header.Cells, c.options)
		}
		table := j.table
		c.done(j)
		if j.err != nil || !c.rows(table) {
			return
		}
	}
}

// rows cuts the rows of one table, and reports whether to go on behind it.
func (c *cutter) rows(table *convert.Table) bool {
	c.in.SetHeaders(table)
	escaped, told := false, false
	for {
		j := c.next(table)
		if j == nil {
			return false
		}
		if !told {
			c.in.Peek(func(cells []string) bool {
				escaped, told = table.Escaped(cells)
				return told
			})
		}
		j.escaped = escaped
		switch err := c.chunk(j); {
		case errors.Is(err, io.EOF):
			c.free <- j
			return true
		case err != nil:
			j.err = err
			c.done(j)
			return false
		}
		c.send(j)
	}
}

func (c *cutter) chunk(j *job) error {
	if c.ctx.Err() != nil { // a file on disk is read without a look at it
		return context.Cause(c.ctx)
	}
	return c.in.Next(&j.chunk)
}

// next waits for a free job. Nil means that nobody writes any more.
func (c *cutter) next(table *convert.Table) *job {
	select {
	case j := <-c.free:
		*j = job{table: table, chunk: j.chunk, lines: j.lines[:0], results: j.results[:0], done: j.done}
		return j
	case <-c.quit:
		return nil
	}
}

// send hands a job to the workers, and its place in the order to the writer.
func (c *cutter) send(j *job) {
	c.work <- j
	c.ordered <- j
}

// done hands over a job without rows.
func (c *cutter) done(j *job) {
	j.done <- struct{}{}
	c.ordered <- j
}
