//go:build unix

package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/permitload"
)

// A signal ends each real process with its exit code, and the process says that the work
// is incomplete.
func TestSignals(t *testing.T) {
	t.Parallel()
	for sig, code := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 143} {
		for name, prepare := range map[string]func(t *testing.T) (cmd *exec.Cmd, busy <-chan struct{}){
			"a0export": prepareExport, "a0tojsonl": prepareConversion, "permitload": prepareLoad,
		} {
			t.Run(fmt.Sprint(name, " ", sig), func(t *testing.T) {
				t.Parallel()
				if signal.Ignored(sig) { // as under nohup; processes started from here ignore it, too
					t.Skip("the test itself ignores the signal")
				}
				cmd, busy := prepare(t)
				var errs strings.Builder
				cmd.Stderr = &errs
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				<-busy
				if err := cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				var exit *exec.ExitError
				if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != code ||
					!strings.Contains(errs.String(), name+": stopped: interrupted\n") {
					t.Errorf("%v, want exit code %d:\n%s", err, code, errs.String())
				}
			})
		}
	}
}

// The second signal ends each process at once, even during a call, and the process says
// what is left.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	cmd, busy := prepareHangingLoad(t)
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-busy
	// Two signals of one kind may become one. These two always arrive.
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(errs)
	if err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 143 && exit.ExitCode() != 130 {
		t.Errorf("%v, want the exit code of a signal", err)
	}
	if want := permitload.LastWords + "\n"; !strings.HasSuffix(string(text), want) ||
		strings.Contains(string(text), "stopped") {
		t.Errorf("want %q at the end, and no report:\n%s", want, text)
	}
}

// A process that does not end at the first signal says why. The second one replaces the
// summary of an earlier run.
func TestSignalDuringALongCall(t *testing.T) {
	t.Parallel()
	cmd, busy := prepareHangingLoad(t)
	summary := filepath.Join(t.TempDir(), "summary.json")
	if err := os.WriteFile(summary, []byte(`{"exit_code":0}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Args = slices.Insert(cmd.Args, 1, "--summary", summary)
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-busy
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	readUntil(t, errs, "permitload: stopping: what is under way is finished first; Ctrl-C again ends at once\n")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, errs)
	_ = cmd.Wait() // its code is in the summary
	text, err := os.ReadFile(summary)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Code  int    `json:"exit_code"`
		Error string `json:"error"`
	}
	const says = "ended at once by a second signal"
	if err := json.Unmarshal(text, &got); err != nil || got.Code != 143 || got.Error != says {
		t.Errorf("%v: %s", err, text)
	}
}

// A hangup that was ignored when the process began stays ignored, so that nohup works.
func TestIgnoredHangup(t *testing.T) {
	t.Parallel()
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs strings.Builder
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `trap "" HUP; exec a0tojsonl`)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = in.Close() // the process has its own
	rows := "user_id\n" + strings.Repeat("auth0|1\n", 100_000)
	if _, err := io.WriteString(feed, rows); err != nil { // more than a pipe holds, so the process is reading
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(feed, rows); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(feed.Close(), cmd.Wait()); err != nil {
		t.Errorf("%v: %s", err, errs.String())
	}
	if !strings.Contains(out.String(), `"complete":true,"users":200000`) {
		t.Errorf("it ends with %q", out.String()[max(0, out.Len()-200):])
	}
}

// refuse returns faults that let no call of a path through, and a channel that is closed
// at the first one.
func refuse(path string) (func(*http.Request) httpapitest.Fault, <-chan struct{}) {
	busy := make(chan struct{})
	var first sync.Once
	return func(r *http.Request) httpapitest.Fault {
		if !strings.Contains(r.URL.Path, path) {
			return httpapitest.Fault{}
		}
		first.Do(func() { close(busy) })
		return httpapitest.Fault{Status: 503}
	}, busy
}

func prepareExport(t *testing.T) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	faults, busy := refuse("/roles")
	address, stop := auth0test.New(few(), auth0test.Options{Faults: faults}).Start()
	t.Cleanup(stop)
	cmd := exec.CommandContext(t.Context(), "a0export")
	cmd.Env = append(os.Environ(), "AUTH0_DOMAIN="+address, "AUTH0_API_TOKEN="+auth0test.DefaultToken)
	return cmd, busy
}

func prepareLoad(t *testing.T) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	faults, busy := refuse("/bulk/users")
	address, stop := permittest.New(permittest.Options{Faults: faults}).Start()
	t.Cleanup(stop)
	records, _ := recordsOf(10)
	cmd := permitloadAt(t, address)
	cmd.Stdin = strings.NewReader(records)
	return cmd, busy
}

// prepareHangingLoad starts a Permit that never answers a bulk write.
func prepareHangingLoad(t *testing.T) (*exec.Cmd, <-chan struct{}) {
	t.Helper()
	busy, ended := make(chan struct{}), make(chan struct{})
	srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if strings.Contains(r.URL.Path, "/bulk/users") {
			close(busy)
			<-ended
		}
		return httpapitest.Fault{}
	}})
	address, stop := srv.Start()
	t.Cleanup(stop)
	t.Cleanup(func() { close(ended) })
	records, _ := recordsOf(10)
	cmd := permitloadAt(t, address)
	cmd.Stdin = strings.NewReader(records)
	return cmd, busy
}

// prepareConversion gives a0tojsonl a pipe that stays open. The channel is closed once it
// reads.
func prepareConversion(t *testing.T) (*exec.Cmd, <-chan struct{}) {
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
		// Only a process that is reading takes more than a pipe holds. If it does not,
		// the test fails later.
		_, _ = io.WriteString(feed, "user_id\n"+strings.Repeat("auth0|1\n", 100_000))
	}()
	t.Cleanup(func() { _, _ = feed.Close(), in.Close() })
	return cmd, busy
}
