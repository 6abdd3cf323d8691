package a0tojsonl_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/tool"
)

// stallingReader returns its data, interrupts the run and then blocks, like an idle pipe.
type stallingReader struct {
	data      io.Reader
	interrupt func()
	closed    chan struct{}
}

func (r *stallingReader) Read(p []byte) (int, error) {
	if n, err := r.data.Read(p); err == nil {
		return n, nil
	}
	r.interrupt()
	<-r.closed
	return 0, io.EOF
}

func (r *stallingReader) Close() error {
	close(r.closed)
	return nil
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cause string
		code  int
	}{
		{"interrupt signal received", tool.Interrupted},
		{"terminated signal received", tool.Terminated},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		in := &stallingReader{
			data:      strings.NewReader("user_id\nauth0|1\n"),
			interrupt: func() { cancel(errors.New(tt.cause)) },
			closed:    make(chan struct{}),
		}
		var out, errs bytes.Buffer
		code := a0tojsonl.Run(ctx, []string{"a0tojsonl"}, in, &out, &errs)
		got := result{code, out.String(), errs.String()}
		if end := got.end(t); code != tt.code || end.Complete || end.Reason != "interrupted" {
			t.Errorf("%s: exit %d, end %+v", tt.cause, code, end)
		}
		if want := "a0tojsonl: stopped: interrupted\n"; got.messages() != want {
			t.Errorf("%s: stderr %q, want %q", tt.cause, got.messages(), want)
		}
	}
}

// interruptingReader interrupts the run at the end of its data. So does Ctrl-C, which also
// ends the command before this one.
type interruptingReader struct {
	io.Reader
	interrupt func()
}

func (r interruptingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil {
		r.interrupt()
	}
	return n, err
}

func TestInterruptAtTheEnd(t *testing.T) {
	t.Parallel()
	for range 20 { // the end of the input and the interrupt used to race
		ctx, cancel := context.WithCancel(t.Context())
		in := interruptingReader{strings.NewReader("user_id\nauth0|1\n"), cancel}
		var out, errs bytes.Buffer
		code := a0tojsonl.Run(ctx, []string{"a0tojsonl"}, in, &out, &errs)
		if code != tool.Interrupted || !strings.Contains(out.String(), `"complete":false`) {
			t.Fatalf("exit %d, %s%s", code, out.String(), errs.String())
		}
	}
}
