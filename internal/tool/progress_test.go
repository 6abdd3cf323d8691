package tool_test

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// ansi matches the control sequences of a terminal.
var ansi = regexp.MustCompile("\x1b\\[[0-9]*[A-Z]")

// countSlowly returns an action that counts for three minutes and warns once.
func countSlowly(total int) action {
	return func(_ *cli.Context, t *tool.Tool) error {
		p := t.Progress("users", total)
		defer p.End()
		time.Sleep(time.Second / 2) // so that no step falls on the moment of a line
		for i := range 180 {
			time.Sleep(time.Second)
			p.Add(100)
			if i == 90 {
				t.Warn("half of it")
			}
		}
		return nil
	}
}

// Without a terminal a line is printed every half minute, unless -q or never is
// set.
func TestProgressInLines(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args  []string
		total int
		want  string // the second of the lines, "" for none
	}{
		"by itself": {nil, 18000, "demo: users: 11,900 of 18,000 (66%), 99/s, about 1m2s left\n"},
		"no total":  {nil, 0, "demo: users: 11,900, 99/s\n"},
		"grows":     {nil, 100, "demo: users: 11,900, 99/s\n"},
		"never":     {[]string{"--progress", "never"}, 18000, ""},
		"quiet":     {[]string{"-q"}, 18000, ""},
		"as JSON": {
			[]string{"--log-format", "json", "--progress", "always"},
			18000,
			`"msg":"users: 11,900 of 18,000 (66%), 99/s, about 1m2s left"`,
		},
		"quiet, always": {[]string{"-q", "--progress", "always"}, 18000, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := run(t.Context(), countSlowly(tt.total), tt.args...)
				if got.code != tool.Done || got.out != "" || strings.Contains(got.errs, "\r") {
					t.Errorf("exit %d, stdout %q, stderr %q", got.code, got.out, got.errs)
				}
				n := strings.Count(got.errs, "users: ")
				if tt.want == "" && n > 0 || tt.want != "" && (n < 5 || n > 6) || !strings.Contains(got.errs, tt.want) {
					t.Errorf("want a line each half minute, and %q:\n%s", tt.want, got.errs)
				}
			})
		})
	}
}

// A bar fits into 80 columns, stays below other lines, and leaves no trace.
func TestProgressAsBar(t *testing.T) {
	t.Parallel()
	for _, total := range []int{18000, 0, 1000} {
		synctest.Test(t, func(t *testing.T) {
			got := run(t.Context(), countSlowly(total), "--progress", "always")
			var screen strings.Builder
			widest := 0
			// Each part is written from the left.
			for part := range strings.SplitSeq(ansi.ReplaceAllString(got.errs, ""), "\r") {
				shown, rest, whole := strings.Cut(part, "\n")
				widest = max(widest, len(strings.TrimRight(shown, " ")))
				if whole {
					screen.WriteString(shown + "\n" + rest)
				}
			}
			if !strings.Contains(screen.String(), "demo: warning: half of it\n") || strings.Contains(screen.String(), "users") {
				t.Errorf("what stays on the screen: %q", screen.String())
			}
			if !strings.Contains(got.errs, "users") || widest > 79 {
				t.Errorf("a bar of %d columns: %.300q", widest, got.errs)
			}
		})
	}
}

// Five million users over hours still fit into 80 columns. Adding after the end prints
// nothing.
func TestLongBar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := run(t.Context(), func(_ *cli.Context, t *tool.Tool) error {
			p := t.Progress("looking at role assignments", 5_000_000)
			for range 400 {
				time.Sleep(time.Minute)
				p.Add(12_000)
			}
			p.End()
			p.Add(1)
			p.End()
			return nil
		}, "--progress", "always")
		for part := range strings.SplitSeq(ansi.ReplaceAllString(got.errs, ""), "\r") {
			if n := len(strings.TrimRight(part, " ")); n > 79 {
				t.Fatalf("%d columns: %q", n, part)
			}
		}
		if end := ansi.ReplaceAllString(got.errs, ""); strings.TrimSpace(end[strings.LastIndexByte(end, '\r'):]) != "" {
			t.Errorf("it ends with %q", got.errs[len(got.errs)-80:])
		}
	})
}

func TestNoBarOnDumbTerminals(t *testing.T) {
	t.Setenv("TERM", "dumb")
	if got := run(t.Context(), func(_ *cli.Context, t *tool.Tool) error {
		p := t.Progress("users", 10)
		p.Add(5)
		p.End()
		return nil
	}, "--progress", "always"); got.errs != "" {
		t.Errorf("stderr: %q", got.errs)
	}
}
