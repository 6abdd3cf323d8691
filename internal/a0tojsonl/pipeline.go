package a0tojsonl

import (
	"context"
	"sync"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
)

// A job is a chunk of a file on its way through the pipeline.
type job struct {
	// Set by the cutter.
	table    *convert.Table
	header   bool // the job is the table's header and has no rows
	escaping convert.Escaping
	chunk    csvrows.Chunk
	err      error // ends the file after the rows of this job

	// Set by a worker.
	rows    int
	lines   []byte // the users' lines, without what lineEnd adds
	results []result
	bareIDs int // users whose id has no provider before a |

	converted chan struct{} // receives a value when the job has been converted
}

// convertFile converts a file. One goroutine cuts it into chunks, several workers convert
// them, and the caller writes them in the order of the file. So the output does not
// depend on the speed of the workers. All goroutines end before it returns.
func (r *runner) convertFile(ctx context.Context, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := r.tool.Open(ctx, name)
	if err != nil {
		return err
	}
	defer func() {
		_ = in.Close() // only read
		r.updateAsOf(in.Oldest())
	}()

	// Each channel has room for all jobs, so sending never blocks. Only waiting for a free
	// job or for a converted job can block.
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
	if s.table == nil { // the file was empty gzip data or blank lines
		return r.tool.EmptyError(name)
	}
	return nil
}
