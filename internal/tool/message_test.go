package tool_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// speak prints a message of each kind.
func speak(_ *cli.Context, t *tool.Tool) error {
	t.Say("read %d", 2)
	t.Warn("%s is old", "b")
	t.Hint("get another")
	t.Problem("row 3: 100%% wrong")
	t.Log.Info("detail", "line", 4)
	return tool.Usage("bad", "do better")
}

func TestMessages(t *testing.T) {
	t.Parallel()
	check(t, run(t.Context(), speak), result{code: 2, errs: `demo: read 2
demo: warning: b is old
demo: hint: get another
demo: error: row 3: 100% wrong
demo: error: bad
demo: hint: do better
`})
	check(t, run(t.Context(), speak, "--quiet"), result{code: 2, errs: `demo: error: row 3: 100% wrong
demo: error: bad
demo: hint: do better
`})
	if got := run(t.Context(), speak, "-v"); !strings.Contains(got.errs, "level=INFO msg=detail line=4\n") {
		t.Errorf("-v printed %q, want the detail too", got.errs)
	}
}

type message struct{ Level, Tool, Kind, Msg string }

func TestMessagesAsJSON(t *testing.T) {
	t.Parallel()
	said := []message{
		{"INFO", "demo", "message", "read 2"},
		{"WARN", "demo", "warning", "b is old"},
		{"INFO", "demo", "hint", "get another"},
	}
	failed := []message{
		{"ERROR", "demo", "error", "row 3: 100% wrong"},
		{"ERROR", "demo", "error", "bad"},
		{"INFO", "demo", "hint", "do better"},
	}
	got := readMessages(t, run(t.Context(), speak, "--log-format", "json"))
	if diff := cmp.Diff(append(said, failed...), got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	got = readMessages(t, run(t.Context(), speak, "-q", "--log-format", "json"))
	if diff := cmp.Diff(failed, got); diff != "" {
		t.Errorf("messages under -q (-want +got):\n%s", diff)
	}
	verbose := readMessages(t, run(t.Context(), speak, "-v", "--log-format", "json"))
	if diff := cmp.Diff(message{Level: "INFO", Msg: "detail"}, verbose[4]); diff != "" {
		t.Errorf("diagnostic (-want +got):\n%s", diff)
	}
}

// readMessages reads stderr, in which each line must be JSON.
func readMessages(t *testing.T, r result) []message {
	t.Helper()
	var all []message
	for line := range strings.Lines(r.errs) {
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, m)
	}
	return all
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wait := func(wait time.Duration) action {
			return func(_ *cli.Context, t *tool.Tool) error {
				t.Waiting(wait, "Permit is busy")
				return nil
			}
		}
		until := time.Now().Add(5 * time.Second).Format(time.TimeOnly)
		told := result{errs: "demo: waiting until " + until + ": Permit is busy\n"}
		check(t, run(t.Context(), wait(5*time.Second)), told)
		check(t, run(t.Context(), wait(5*time.Second), "-q"), result{})
		check(t, run(t.Context(), wait(5*time.Second-1)), result{}) // nobody notices
		got := run(t.Context(), wait(1234567*time.Microsecond), "-v")
		if want := `msg=waiting wait=1.235s why="Permit is busy"`; !strings.Contains(got.errs, want) {
			t.Errorf("-v printed %q, want %s", got.errs, want)
		}
	})
}
