package tool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
)

// terminalOf returns a function that opens a terminal from which typed can be read.
func terminalOf(typed string, printed *bytes.Buffer) func() (io.ReadWriteCloser, error) {
	return func() (io.ReadWriteCloser, error) {
		return struct {
			io.Reader
			io.Writer
			io.Closer
		}{bytes.NewBufferString(typed), printed, io.NopCloser(nil)}, nil
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bool{
		"y\n": true, "YES \r\n": true, "n\n": false, "\n": false, "yep\n": false, "": false, "y": true,
	} {
		var printed bytes.Buffer
		asker := New("permitload", nil, nil, io.Discard)
		asker.Terminal = terminalOf(typed, &printed)
		got, err := asker.Ask(t.Context(), "delete 2 users?")
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", typed, got, err)
		}
		asked := "permitload: delete 2 users? [y/N] "
		if !strings.HasSuffix(typed, "\n") { // the next output begins a line
			asked += "\n"
		}
		if printed.String() != asked {
			t.Errorf("%q: asked %q", typed, printed.String())
		}
	}
}

// eager is a terminal on which somebody typed before the question.
type eager struct {
	io.Reader
	bytes.Buffer // what is printed
}

func (e *eager) Read(p []byte) (int, error) { return e.Reader.Read(p) }
func (e *eager) Close() error               { return nil }

func (e *eager) DiscardInput() error {
	if e.Len() == 0 {
		e.Reader = strings.NewReader("n\n")
	}
	return nil
}

// What was typed before the question does not answer it.
func TestTypedAhead(t *testing.T) {
	t.Parallel()
	asker := New("permitload", nil, nil, io.Discard)
	asker.Terminal = func() (io.ReadWriteCloser, error) { return &eager{Reader: strings.NewReader("y\ny\n")}, nil }
	if yes, err := asker.Ask(t.Context(), "delete 2 users?"); yes || err != nil {
		t.Errorf("%v, %v", yes, err)
	}
}

// A name in a question cannot control the terminal or add a line.
func TestQuestionIsVisible(t *testing.T) {
	t.Parallel()
	var printed bytes.Buffer
	asker := New("permitload", nil, nil, io.Discard)
	asker.Terminal = terminalOf("n\n", &printed)
	if _, err := asker.Ask(t.Context(), "create \x1b[2Ja\u202eb\nc?"); err != nil {
		t.Fatal(err)
	}
	if got, want := printed.String(), `permitload: create \u001b[2Ja\u202eb\nc? [y/N] `; got != want {
		t.Errorf("asked %q, want %q", got, want)
	}
}

func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	none := func() (io.ReadWriteCloser, error) { return nil, errors.New("no such device") }
	for _, terminal := range []func() (io.ReadWriteCloser, error){nil, none} {
		asker := New("permitload", nil, nil, io.Discard)
		asker.Terminal = terminal
		if yes, err := asker.Ask(t.Context(), "delete?"); yes || !errors.Is(err, ErrNoTerminal) {
			t.Errorf("%v, %v", yes, err)
		}
	}
}

// A signal ends a question that nobody answers.
func TestAskIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close() //nolint:errcheck // a pipe in memory
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		asker := New("permitload", nil, nil, io.Discard)
		asker.Terminal = func() (io.ReadWriteCloser, error) { return ours, nil }
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			synctest.Wait()
			cancel()
		}()
		if yes, err := asker.Ask(ctx, "delete?"); yes || !errors.Is(err, context.Canceled) {
			t.Errorf("%v, %v", yes, err)
		}
	})
}
