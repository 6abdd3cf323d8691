package tool

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"
)

// stream is stdout, stderr or a device. It may be a terminal, or a pipe whose reader has
// stopped reading. Its first error stays.
type stream struct {
	w        io.Writer
	ctx      context.Context //nolint:containedctx // io.Writer has no parameter for it
	terminal bool            // make outside text visible
	closed   bool
	mayBlock bool

	mu   sync.Mutex
	part []byte // part of a character, kept back from a terminal
	err  error
}

func newStream(w io.Writer) *stream {
	info := statStream(w)
	return &stream{
		w: w, ctx: context.Background(), terminal: IsTerminal(w), closed: isClosed(w),
		mayBlock: info == nil || !info.Mode().IsRegular(),
	}
}

// source returns what is behind a stream.
func source(w any) any {
	if s, ok := w.(*stream); ok {
		return s.w
	}
	return w
}

// statStream returns the file information of a stream, or nil if it is not a file.
func statStream(w any) fs.FileInfo {
	f, ok := source(w).(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	return info
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal {
		return s.send(p)
	}
	text := append(s.part, p...)
	whole := wholeRunes(text)
	s.part = append([]byte(nil), text[whole:]...)
	if _, err := s.send(visible(text[:whole])); err != nil {
		return 0, err
	}
	return len(p), nil
}

// command writes a control sequence. It ignores errors, since nobody would see its
// effect.
func (s *stream) command(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.send([]byte(text))
}

// end writes what is left of a cut character, and returns the first error.
func (s *stream) end() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.part) > 0 {
		_, _ = s.send(visible(s.part))
		s.part = nil
	}
	return s.err
}

// wholeRunes returns the length of text without a character that is cut at its end.
func wholeRunes(text []byte) int {
	for i := len(text) - 1; i >= max(0, len(text)-utf8.UTFMax); i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRune(text[i:]) {
				return i
			}
			break
		}
	}
	return len(text)
}

// stallLimit bounds a write after the first signal.
const stallLimit = 2 * time.Second

var (
	errClosed  = errors.New("stdout is closed")
	errStalled = errors.New("nobody reads what it writes")
)

func (s *stream) send(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n := 0
	switch {
	case s.closed:
		s.err = errClosed
	case s.mayBlock:
		n, s.err = s.sendOrStall(p)
	default:
		n, s.err = s.w.Write(p)
	}
	if errors.Is(s.err, syscall.EPIPE) {
		s.err = ErrUnread
	}
	return n, s.err
}

// fail makes all later writes fail.
func (s *stream) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = cmp.Or(s.err, err)
}

// sendOrStall writes, and ends after the first signal even if nobody reads.
func (s *stream) sendOrStall(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	written := make(chan result, 1)
	go func() {
		n, err := s.w.Write(p)
		written <- result{n, err}
	}()
	select {
	case r := <-written:
		return r.n, r.err
	case <-s.ctx.Done():
	}
	select {
	case r := <-written:
		return r.n, r.err
	case <-time.After(stallLimit):
		return 0, errStalled // the goroutine ends with the process
	}
}
