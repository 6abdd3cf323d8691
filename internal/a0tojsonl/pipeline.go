package a0tojsonl

import (
	"context"
	"sync"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// A job is a chunk of a file on its way: cut, converted, written.
type job struct {
	// As it is cut.
	table   *convert.Table
	header  bool // the table's header, and no row
	escaped bool
	chunk   csvrows.Chunk
	err     error // ends the file, behind the rows

	// As it is converted.
	rows    int
	lines   []byte // the beginnings of the users' lines
	results []result

	done chan struct{} // it is converted
}

// file converts one file. One goroutine cuts it into chunks, several convert
// these, and the caller writes them in the order in which they were cut, so that
// the output does not depend on who was faster. None of them outlives the call.
func (r *runner) file(ctx context.Context, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, err := r.tool.Open(ctx, name)
	if err != nil {
		return err
	}
	defer func() {
		_ = in.Close() // it was only read
		r.readAt(in.Oldest())
	}()

	// Each channel has room for all jobs, so that nobody waits for anything but
	// a free one, or a converted one.
	n := 2*r.workers + 2
	free, work, ordered := make(chan *job, n), make(chan *job, n), make(chan *job, n)
	for range n {
		free <- &job{done: make(chan struct{}, 1)}
	}
	quit := make(chan struct{})
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()    // a cutter may wait for input,
	defer close(quit) // or for a job

	group.Go(func() {
		defer close(ordered)
		defer close(work)
		c := cutter{ctx: ctx, in: csvrows.NewCutter(in, r.chunk), options: &r.options, free: free, quit: quit, work: work, ordered: ordered}
		c.file()
	})
	for range r.workers {
		group.Go(func() {
			w := newWorker(&r.options)
			for j := range work {
				w.convert(j)
				j.done <- struct{}{}
			}
		})
	}
	s := &source{name: in.Name}
	for j := range ordered {
		<-j.done
		if err := r.write(s, j); err != nil {
			return err
		}
		free <- j
	}
	if s.table == nil { // gzip around nothing, or blank lines
		return tool.EmptyError(name)
	}
	return nil
}
