package tool

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// openFile opens a file. A named pipe opens only when somebody opens its other end,
// so it gives up when ctx ends.
func openFile(ctx context.Context, path string, flag int) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.OpenFile(path, flag, 0) //nolint:gosec // the user names the file
		opened <- result{f, err}
	}()
	select {
	case r := <-opened:
		return r.f, r.err
	case <-ctx.Done():
	}
	select { // what opens at once opens after a signal too
	case r := <-opened:
		return r.f, r.err
	case <-time.After(interruptDelay):
		return nil, context.Cause(ctx) // the goroutine ends with the process
	}
}

// readFile reads a small file. One of more than limit bytes is another file than was
// meant: it may be a device that has no end.
func readFile(ctx context.Context, path string, limit int) ([]byte, error) {
	f, err := openFile(ctx, path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	r := newReader(ctx, f)
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	_, _ = r.Close(), f.Close() // it was only read
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%s has more than %s bytes", path, Thousands(limit))
	}
	return data, err
}
