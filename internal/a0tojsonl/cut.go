package a0tojsonl

import (
	"context"
	"errors"
	"io"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
)

// cutter is the first stage of the pipeline. It parses only the headers and, of
// each table, the rows up to the one that tells whether Auth0 has escaped the table.
// The rows before that one are ragged or have no id, so all of them are rejected. If
// a whole chunk does not tell, its rows are taken as they are.
type cutter struct {
	ctx           context.Context //nolint:containedctx // it lives no longer than the call that makes it
	in            *csvrows.Cutter
	options       *convert.Options
	free          chan *job
	quit          <-chan struct{} // closed when the writer stops
	work, ordered chan<- *job
}

// cutFile cuts the file table by table. An error that ends it early goes to the
// writer in a job of its own.
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
			j.table, j.err = convert.NewTable(header.Cells, c.options)
		}
		table, failed := j.table, j.err != nil
		c.sendConverted(j)
		if failed || !c.cutRows(table) {
			return
		}
	}
}

// cutRows cuts the rows of a table and reports whether to go on after it.
func (c *cutter) cutRows(table *convert.Table) bool {
	c.in.SetHeaders(table)
	escaped, known := false, false
	for {
		j := c.newJob(table)
		if j == nil {
			return false
		}
		if !known {
			c.in.Peek(func(cells []string) bool {
				escaped, known = table.DetectEscape(cells)
				return known
			})
		}
		j.escaped = escaped
		switch err := c.nextChunk(j); {
		case errors.Is(err, io.EOF):
			c.free <- j
			return true
		case err != nil:
			j.err = err
			c.sendConverted(j)
			return false
		}
		c.send(j)
	}
}

func (c *cutter) nextChunk(j *job) error {
	if c.ctx.Err() != nil { // reads of a file on disk do not look at it
		return context.Cause(c.ctx)
	}
	return c.in.Next(&j.chunk)
}

// newJob waits for a free job. It returns nil when the writer has stopped.
func (c *cutter) newJob(table *convert.Table) *job {
	select {
	case j := <-c.free:
		*j = job{table: table, chunk: j.chunk, lines: j.lines[:0], results: j.results[:0], converted: j.converted}
		return j
	case <-c.quit:
		return nil
	}
}

// send sends a job to the workers and, in its order, to the writer.
func (c *cutter) send(j *job) {
	c.work <- j
	c.ordered <- j
}

// sendConverted sends a job without rows, which needs no worker.
func (c *cutter) sendConverted(j *job) {
	j.converted <- struct{}{}
	c.ordered <- j
}
