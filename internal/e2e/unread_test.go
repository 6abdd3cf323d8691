//go:build unix

package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A process whose reader has gone notices that even while it waits for an answer or for
// its input. permitload ends in order.
func TestReaderThatHasGone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prepare func(t *testing.T) (cmd *exec.Cmd, busy <-chan struct{})
		code    int
	}{
		"a0export": {prepareExport, 141}, "a0tojsonl": {prepareSilence, 141}, "permitload": {prepareLoad, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, busy := tt.prepare(t)
			reader, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			var errs strings.Builder
			cmd.Stdout, cmd.Stderr = out, &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = out.Close() // the process has its own
			<-busy
			_ = reader.Close()
			var exit *exec.ExitError
			if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != tt.code {
				t.Errorf("%v, want exit code %d", err, tt.code)
			}
			want := name + ": stopped: nobody reads what it writes: the command after it has ended\n"
			if !strings.Contains(errs.String(), want) || strings.Contains(errs.String(), "error:") {
				t.Errorf("stderr lacks %q, or has an error:\n%s", want, errs.String())
			}
		})
	}
}

// prepareSilence gives a0tojsonl a pipe that stays silent.
func prepareSilence(t *testing.T) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = feed.Close(), in.Close() })
	cmd := exec.CommandContext(t.Context(), "a0tojsonl")
	cmd.Stdin = in
	busy := make(chan struct{})
	close(busy)
	return cmd, busy
}
