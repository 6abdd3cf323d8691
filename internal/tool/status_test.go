package tool_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// A status is shown with the time that has passed, until it is cleared.
func TestStatus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := run(t.Context(), func(_ *cli.Context, t *tool.Tool) error {
			p := t.Progress("rows", 0)
			defer p.End()
			time.Sleep(time.Second / 2) // so that no step falls on the moment of a line
			p.Status("job: pending")
			time.Sleep(time.Minute)
			p.Status("job: running, 40%")
			p.Add(1234)
			time.Sleep(time.Minute)
			p.Status("")
			time.Sleep(time.Minute)
			return nil
		})
		for _, want := range []string{
			"demo: job: pending, 1:00\n", "demo: job: running, 40%, 2:00; rows: 1,234\n", "demo: rows: 1,234, 6/s\n",
		} {
			if !strings.Contains(got.errs, want) {
				t.Errorf("stderr lacks %q:\n%s", want, got.errs)
			}
		}
	})
	(*tool.Progress)(nil).Status("nobody looks")
}
