package tool

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

// openFile opens a file. A named pipe opens only when somebody opens its other end, so
// openFile reports the wait, and gives up when ctx ends.
func (t *Tool) openFile(ctx context.Context, path string, flag int) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.OpenFile(path, flag, 0) //nolint:gosec // the user names the file
		opened <- result{f, err}
	}()
	wait := t.newWait()
	defer wait.timer.Stop()
	for ctx.Err() == nil {
		select {
		case r := <-opened:
			return r.f, r.err
		case <-wait.timer.C:
			wait.say("waiting for " + path + ": a pipe opens only when both of its ends do")
		case <-ctx.Done():
		}
	}
	select { // what opens at once opens even after a signal
	case r := <-opened:
		return r.f, r.err
	case <-time.After(interruptDelay):
		return nil, context.Cause(ctx) // the goroutine ends with the process
	}
}

// readFile reads a small file. A file of more than limit bytes cannot be the one that was
// meant; it may be an endless device.
func (t *Tool) readFile(ctx context.Context, path string, limit int) ([]byte, error) {
	f, err := t.openFile(ctx, path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	r := t.newReader(ctx, f, path)
	data, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	_, _ = r.Close(), f.Close() // it was only read
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%s has more than %s bytes", path, Thousands(limit))
	}
	return data, err
}
