package tool

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// ending is what is left to do when a second signal ends the process at once. The run
// fills it in.
type ending struct {
	mu      sync.Mutex
	words   string
	summary func(code int) // nil without --summary
}

type endingKey struct{}

// endingOf returns the ending of the process, or one that nobody uses.
func endingOf(ctx context.Context) *ending {
	if e, ok := ctx.Value(endingKey{}).(*ending); ok {
		return e
	}
	return &ending{}
}

// setSummary sets the function that writes the file of --summary.
func (e *ending) setSummary(write func(code int)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.summary = write
}

// LastWords replaces what a second signal says before it ends the process.
func (t *Tool) LastWords(text string) {
	t.ending.mu.Lock()
	defer t.ending.mu.Unlock()
	t.ending.words = text
}

// atOnce prints the last words and writes the summary, as far as both are possible in a
// moment: nobody may read them, and the disk may hang.
func (e *ending) atOnce(errs io.Writer, code int) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.mu.Lock()
		defer e.mu.Unlock()
		sayAbove(errs, e.words)
		if e.summary != nil {
			e.summary(code)
		}
	}()
	select {
	case <-done:
	case <-time.After(lastDelay):
	}
}

// lastDelay bounds the time that a process lives after the second signal.
const lastDelay = 200 * time.Millisecond

// sayStopping says why the process goes on after the first signal.
func (e *ending) sayStopping(errs io.Writer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	name, _, _ := strings.Cut(e.words, ":")
	sayAbove(errs, name+": stopping: what is under way is finished first; Ctrl-C again ends at once")
}

// sayAbove prints a line in place of a progress bar.
func sayAbove(errs io.Writer, text string) {
	if IsTerminal(errs) {
		text = clearLine + text
	}
	_, _ = fmt.Fprintln(errs, text)
}

// summaryAtOnce returns a function that replaces the file of an earlier --summary by one
// that says that the process was ended at once.
func (t *Tool) summaryAtOnce() func(code int) {
	path, started, name := t.summary, t.started, t.Name
	return func(code int) {
		text := fmt.Sprintf("{\n  \"tool\": %q,\n  \"started\": %q,\n  \"exit_code\": %d,\n  \"error\": %q\n}\n",
			name, started.UTC().Format(time.RFC3339), code, "ended at once by a second signal")
		_ = os.WriteFile(path, []byte(text), 0o600)
	}
}
