package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

// reader lets a read end when its context does, although a read of a pipe cannot be
// interrupted. A goroutine reads, and reads ahead. Close waits for that goroutine, unless
// nothing can wake it, as with a silent stdin; then it ends with the process.
type reader struct {
	ctx   context.Context //nolint:containedctx // io.Reader has no parameter for it
	src   io.Reader
	full  chan block
	empty chan []byte
	stop  chan struct{}
	once  sync.Once

	wait *wait
	name string // for people
	size int    // received so far

	data []byte // not returned yet
	buf  []byte // the buffer of data
	err  error
}

type block struct {
	data []byte
	err  error
}

const blockSize = 256 << 10

// newReader returns a reader that reports waits under a name.
func (t *Tool) newReader(ctx context.Context, src io.Reader, name string) *reader {
	r := &reader{
		ctx: ctx, src: src, wait: t.newWait(), name: name, full: make(chan block),
		empty: make(chan []byte, 2), stop: make(chan struct{}),
	}
	r.empty <- make([]byte, blockSize)
	r.empty <- make([]byte, blockSize)
	go r.fill()
	return r
}

func (r *reader) fill() {
	defer close(r.full)
	for {
		select {
		case buf := <-r.empty:
			n, err := r.src.Read(buf)
			select {
			case r.full <- block{buf[:n], err}:
			case <-r.stop:
				return
			}
			if err != nil {
				return
			}
		case <-r.stop:
			return
		}
	}
}

func (r *reader) Read(p []byte) (int, error) {
	for len(r.data) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		if r.buf != nil {
			r.empty <- r.buf[:cap(r.buf)] // never blocks: two buffers exist, and two fit
			r.buf = nil
		}
		select {
		case b, ok := <-r.full:
			if !ok {
				return 0, io.EOF
			}
			r.data, r.buf, r.err = b.data, b.data, b.err
			r.size += len(b.data)
			if errors.Is(b.err, io.EOF) && r.awaitInterrupt() {
				// Ctrl-C also ends the command before this one, so the pipe may end
				// before the data does.
				r.err = context.Cause(r.ctx)
			}
		case <-r.wait.timer.C:
			r.wait.say(r.state())
		case <-r.ctx.Done():
			return 0, context.Cause(r.ctx)
		}
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

// state returns how far the reading is.
func (r *reader) state() string {
	if r.size == 0 {
		return "waiting for " + r.name
	}
	return fmt.Sprintf("reading %s, %s KiB so far", r.name, Thousands(r.size>>10))
}

// interruptDelay bounds the time between the end of a pipe and the interrupt that ended
// the command before this one.
const interruptDelay = 20 * time.Millisecond

// awaitInterrupt reports whether the run is interrupted at the end of its input. At the
// end of a pipe it waits, since the interrupt may arrive a little later.
func (r *reader) awaitInterrupt() bool {
	if !isPipe(r.src) {
		return r.ctx.Err() != nil
	}
	select {
	case <-r.ctx.Done():
		return true
	case <-time.After(interruptDelay):
		return false
	}
}

// Close stops reading ahead, and waits for the goroutine if that can be woken.
func (r *reader) Close() error {
	r.once.Do(func() { close(r.stop) })
	r.wait.timer.Stop()
	if r.err == nil && !r.wake() {
		return nil
	}
	for range r.full { // until the goroutine closes it
	}
	return nil
}

// deadliner is a source whose blocked read can be ended.
type deadliner interface{ SetReadDeadline(t time.Time) error }

// wake ends a read and reports whether it could. It cannot end a read of a real stdin.
func (r *reader) wake() bool {
	switch src := r.src.(type) {
	case deadliner:
		return src.SetReadDeadline(time.Unix(1, 0)) == nil
	case io.Closer:
		return src.Close() == nil
	default:
		return true
	}
}
