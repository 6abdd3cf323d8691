package tool_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// A run that reads stdin reports the wait at most every half minute, until the input has
// ended. If it shows progress, that reports it.
func TestWaitingForInput(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args  []string
		count bool
		want  string
	}{
		"by itself": {nil, false, "demo: waiting for input, 0:30\ndemo: waiting for input, 1:00\n" +
			"demo: reading input, 4 KiB so far, 1:30\n"},
		"with progress": {nil, true, "demo: waiting for input, 0:30\ndemo: waiting for input, 1:00\n" +
			"demo: rows: 1, 0/s\n"},
		"quiet": {[]string{"-q"}, false, ""},
		"never": {[]string{"--progress", "never"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				in, feed := io.Pipe()
				go func() {
					time.Sleep(70 * time.Second)
					_, _ = io.WriteString(feed, strings.Repeat("row\n", 1<<10))
					time.Sleep(35 * time.Second)
					_ = feed.Close()
				}()
				var errs strings.Builder
				tl := tool.New("demo", in, io.Discard, &errs)
				app := &cli.App{Action: func(c *cli.Context) error {
					var p *tool.Progress
					if tt.count {
						p = tl.Progress("rows", 0)
					}
					defer p.End()
					src, err := tl.Open(c.Context, "-")
					if err != nil {
						return err
					}
					p.Add(1)
					defer src.Close() //nolint:errcheck // it was only read
					_, err = io.Copy(io.Discard, src)
					return err
				}}
				code := tl.Run(t.Context(), app, append([]string{"demo"}, tt.args...))
				if code != tool.Done || errs.String() != tt.want {
					t.Errorf("exit %d, stderr:\n%s\nwant:\n%s", code, errs.String(), tt.want)
				}
			})
		})
	}
}
