package tool_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// An error names the file that was asked for, not the temporary one.
func TestOutputErrors(t *testing.T) {
	t.Parallel()
	create := func(c *cli.Context, t *tool.Tool) error {
		_, err := t.Create(c.Context, c.String("output"))
		return err
	}
	path := filepath.Join(t.TempDir(), "lacking", "users.csv")
	got := run(t.Context(), create, "-o", path)
	if got.code != tool.BadUsage || !strings.Contains(got.errs, "open "+path+": ") {
		t.Errorf("exit %d, %s", got.code, got.errs)
	}
}
