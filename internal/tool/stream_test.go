package tool_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// runOn runs an action with these streams.
func runOn(ctx context.Context, out, errs io.Writer, do action) int {
	t := tool.New("demo", strings.NewReader(""), out, errs)
	app := &cli.App{Action: func(c *cli.Context) error { return do(c, t) }}
	return t.Run(ctx, app, []string{"demo"})
}

// fullPipe returns a pipe that nobody reads.
func fullPipe(t *testing.T) io.Writer {
	t.Helper()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = r.Close() })
	return w
}

// A reader that has stopped reading, or a terminal halted by Ctrl-S, does not keep a run
// from ending at the first signal.
func TestStalledReader(t *testing.T) {
	t.Parallel()
	for name, stalled := range map[string]struct{ out, errs bool }{
		"of stdout": {out: true}, "of stderr": {errs: true}, "of both": {true, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			out, errs := io.Discard, io.Discard
			if stalled.out {
				out = fullPipe(t)
			}
			if stalled.errs {
				errs = fullPipe(t)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Hour, func() { cancel(errors.New("terminated signal received")) })
			began := time.Now()
			code := runOn(ctx, out, errs, func(c *cli.Context, t *tool.Tool) error {
				t.Say("one")
				_, err := t.Out.Write([]byte("two"))
				return errors.Join(err, c.Err())
			})
			if took := time.Since(began); code != tool.Terminated || took > time.Hour+10*time.Second {
				t.Errorf("%s: exit %d after %v", name, code, took)
			}
		})
	}
}

// After the signal, a slow reader still gets everything.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, w := io.Pipe()
		var got bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			time.Sleep(time.Hour + time.Second)
			_, _ = io.Copy(&got, r)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		runOn(ctx, w, io.Discard, write("left"))
		_ = w.Close()
		<-done
		if got.String() != "left" {
			t.Errorf("the reader got %q", got.String())
		}
	})
}

// disk is a full disk.
type disk struct{}

func (disk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A failed write to stdout is an error, even if the library made it.
func TestStdoutIsChecked(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"--version"}, nil} {
		var errs strings.Builder
		tl := tool.New("demo", strings.NewReader(""), disk{}, &errs)
		code := tl.Run(t.Context(), &cli.App{Action: func(*cli.Context) error {
			_, _ = tl.Out.Write([]byte("a row"))
			return nil
		}}, append([]string{"demo"}, args...))
		if code != tool.Stopped || errs.String() != "demo: error: no space left\n" {
			t.Errorf("%v: exit %d, %s", args, code, errs.String())
		}
	}
}
