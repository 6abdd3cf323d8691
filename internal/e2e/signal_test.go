//go:build unix

package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// A signal ends each real process with its code, and says that the work is not
// whole.
func TestSignals(t *testing.T) {
	t.Parallel()
	for signal, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		for name, start := range map[string]func(t *testing.T) (cmd *exec.Cmd, busy <-chan struct{}){
			"a0export": exporting, "a0tojsonl": converting, "permitload": loading,
		} {
			t.Run(fmt.Sprint(name, " ", signal), func(t *testing.T) {
				t.Parallel()
				cmd, busy := start(t)
				var errs strings.Builder
				cmd.Stderr = &errs
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				<-busy
				if err := cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				var exit *exec.ExitError
				if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != code || !strings.Contains(errs.String(), name+": error: interrupted\n") {
					t.Errorf("%v, want exit code %d:\n%s", err, code, errs.String())
				}
			})
		}
	}
}

// once returns a fault that lets nothing through but says when it was met.
func once(path string) (func(*http.Request) httpapitest.Fault, <-chan struct{}) {
	busy := make(chan struct{})
	var met sync.Once
	return func(r *http.Request) httpapitest.Fault {
		if !strings.Contains(r.URL.Path, path) {
			return httpapitest.Fault{}
		}
		met.Do(func() { close(busy) })
		return httpapitest.Fault{Status: 503}
	}, busy
}

func exporting(t *testing.T) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	faults, busy := once("/roles")
	url, stop := auth0test.New(few(), auth0test.Options{Faults: faults}).Start()
	t.Cleanup(stop)
	cmd := exec.CommandContext(t.Context(), "a0export")
	cmd.Env = append(os.Environ(), "AUTH0_DOMAIN="+url, "AUTH0_API_TOKEN="+auth0test.DefaultToken)
	return cmd, busy
}

func loading(t *testing.T) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	faults, busy := once("/bulk/users")
	url, stop := permittest.New(permittest.Options{Faults: faults}).Start()
	t.Cleanup(stop)
	records, _ := crowd(10)
	cmd := exec.CommandContext(t.Context(), "permitload", "--api-url", url, "--create-missing", "yes")
	cmd.Env = append(os.Environ(), "PERMIT_API_KEY="+permittest.DefaultKey)
	cmd.Stdin = strings.NewReader(records)
	return cmd, busy
}

// converting has a pipe that stays open, from which it has read.
func converting(t *testing.T) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	busy := make(chan struct{})
	cmd := exec.CommandContext(t.Context(), "a0tojsonl")
	cmd.Stdin = in
	go func() {
		defer close(busy)
		// More than a pipe holds: it is all read only by a process that is at work.
		_, _ = io.WriteString(feed, "user_id\n"+strings.Repeat("auth0|1\n", 100_000)) // what is missed, the test tells
	}()
	t.Cleanup(func() { _, _ = feed.Close(), in.Close() })
	return cmd, busy
}
