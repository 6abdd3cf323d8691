package a0tojsonl

import (
	"context"
	"sync"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
)

// A job is a chunk of a file on its way through the pipeline.
type job struct {
	// Set when it is cut.
	table    *convert.Table
	header   bool // it is the table's header, without rows
	escaping convert.Escaping
	chunk    csvrows.Chunk
	err      error // ends the file after the rows

	// Set when it is converted.
	rows    int
	lines   []byte // the users' lines without their ends
	results []result
	bareIDs int // users whose id has no provider before a |

	converted chan struct{} // receives a value when it is
}

// convertFile converts a file. One goroutine cuts it into chunks, several convert
// these, and the caller writes them in the order in which they were cut: so the
// output does not depend on which one is faster. All goroutines end with the call.
func (r *runner) convertFile(ctx context.Context, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := r.tool.Open(ctx, name)
	if err != nil {
		return err
	}
	defer func() {
		_ = in.Close() // it was only read
		r.noteTime(in.Oldest())
	}()

	// Each channel has room for all jobs: only the wait for a free job, or for a
	// converted one, can block.
	n := 2*r.workers + 2
	free, work, ordered := make(chan *job, n), make(chan *job, n), make(chan *job, n)
	for range n {
		free <- &job{converted: make(chan struct{}, 1)}
	}
	quit := make(chan struct{})
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()    // the cutter may be waiting for input,
	defer close(quit) // or for a job

	group.Go(func() {
		defer close(ordered)
		defer close(work)
		c := cutter{
			in: csvrows.NewCutter(in, r.chunk), options: &r.options,
			free: free, quit: quit, work: work, ordered: ordered,
		}
		c.cutFile()
	})
	for range r.workers {
		group.Go(func() {
			w := newWorker(&r.options)
			for j := range work {
				w.convertJob(j)
				j.converted <- struct{}{}
			}
		})
	}
	s := &source{name: in.Name}
	for j := range ordered {
		<-j.converted
		if err := r.writeJob(s, j); err != nil {
			return err
		}
		free <- j
	}
	if s.table == nil { // empty gzip data, or blank lines
		return r.tool.EmptyError(name)
	}
	return nil
}
