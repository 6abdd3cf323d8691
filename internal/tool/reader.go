package tool

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// reader lets a read end when its context does, although a read of a pipe
// cannot be interrupted: it happens in a goroutine of its own, which also reads
// ahead. Close waits for that goroutine, unless nothing can wake it (a real
// stdin on which nothing arrives): then the end of the process is what ends it.
type reader struct {
	ctx   context.Context //nolint:containedctx // io.Reader has no place for it
	src   io.Reader
	full  chan block
	empty chan []byte
	stop  chan struct{}
	once  sync.Once

	data []byte // not yet handed out
	buf  []byte // what data is a part of
	err  error
}

type block struct {
	data []byte
	err  error
}

const blockSize = 256 << 10

func newReader(ctx context.Context, src io.Reader) *reader {
	r := &reader{ctx: ctx, src: src, full: make(chan block), empty: make(chan []byte, 2), stop: make(chan struct{})}
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
			r.empty <- r.buf[:cap(r.buf)] // never blocks: two buffers, room for two
			r.buf = nil
		}
		select {
		case b, ok := <-r.full:
			if !ok {
				return 0, io.EOF
			}
			r.data, r.buf, r.err = b.data, b.data, b.err
			if errors.Is(b.err, io.EOF) && r.interrupted() {
				// Ctrl-C ends the command before this one too, and then the end of
				// the pipe is no end of the data.
				r.err = context.Cause(r.ctx)
			}
		case <-r.ctx.Done():
			return 0, context.Cause(r.ctx)
		}
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

// grace is how long after the end of a stream an interrupt may come that has ended
// the stream as well: the two reach us in no order.
const grace = 20 * time.Millisecond

// interrupted reports whether the run is, or is about to be.
func (r *reader) interrupted() bool {
	if !isPipe(r.src) { // no other process, whom the same Ctrl-C may have ended
		return r.ctx.Err() != nil
	}
	select {
	case <-r.ctx.Done():
		return true
	case <-time.After(grace):
		return false
	}
}

// Close stops reading ahead and waits for the goroutine, where it can be woken.
func (r *reader) Close() error {
	r.once.Do(func() { close(r.stop) })
	if r.err == nil && !r.wake() {
		return nil
	}
	for range r.full { // drained, until the goroutine has closed it
	}
	return nil
}

// deadliner is a source whose blocked read can be ended.
type deadliner interface{ SetReadDeadline(t time.Time) error }

// wake ends a read that is under way. It is false for a real stdin, whose read
// nothing can end.
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
