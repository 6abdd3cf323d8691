package tool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// A summary is written even of a command line that makes no sense, unless the
// file may be another flag's too.
func TestSummaryOfBadUsage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args    func(path string) []string
		written bool
	}{
		"before the mistake": {func(p string) []string { return []string{"--summary", p, "--bogus"} }, true},
		"behind it":          {func(p string) []string { return []string{"--bogus", "--summary=" + p} }, true},
		"by one dash":        {func(p string) []string { return []string{"--bogus", "-summary", p} }, true},
		"a value that fails": {func(p string) []string { return []string{"--summary", p, "--log-format", "xml"} }, true},
		"named twice":        {func(p string) []string { return []string{"--bogus", "--output=" + p, "--summary", p} }, false},
		"named nowhere":      {func(string) []string { return []string{"--bogus", "--summary"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "summary.json")
			if got := run(t.Context(), write("ran"), tt.args(path)...); got.code != tool.BadUsage {
				t.Errorf("exit %d", got.code)
			}
			text, err := os.ReadFile(path)
			if written := err == nil && strings.Contains(string(text), `"exit_code": 2`); written != tt.written {
				t.Errorf("%s, %v; want it written: %t", text, err, tt.written)
			}
		})
	}
}

// Errors name the file that was asked for, and not the one beside it.
func TestOutputErrors(t *testing.T) {
	t.Parallel()
	create := func(c *cli.Context, t *tool.Tool) error {
		_, err := t.Create(c.String("output"))
		return err
	}
	path := filepath.Join(t.TempDir(), "lacking", "users.csv")
	if got := run(t.Context(), create, "-o", path); got.code != tool.BadUsage || !strings.Contains(got.errs, "open "+path+": ") {
		t.Errorf("exit %d, %s", got.code, got.errs)
	}
}
