package tool_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
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

// In a directory that is writable but not readable, a file still gets its name. Only the
// name cannot be synced.
func TestOutputInADirectoryThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "users.csv")
	if err := os.Chmod(dir, 0o300); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // so that it can be removed
	if _, err := os.ReadDir(dir); err == nil {
		t.Skip("this user, or this system, may read it all the same")
	}
	got := run(t.Context(), func(c *cli.Context, tl *tool.Tool) error {
		out, err := tl.Create(c.Context, path)
		if err != nil {
			return err
		}
		defer out.Abort()
		if _, err := out.Write([]byte("a row")); err != nil {
			return err
		}
		return out.Commit()
	})
	check(t, got, result{})
	if text, err := os.ReadFile(path); err != nil || string(text) != "a row" {
		t.Errorf("%q, %v", text, err)
	}
}

// After the first signal, no temporary file is left behind, whatever ends the process
// then, and no file gets its name.
func TestSignalTakesTheTemporaryFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "users.csv")
	names := func() []string {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	got := run(ctx, func(c *cli.Context, tl *tool.Tool) error {
		out, err := tl.Create(c.Context, path)
		if err != nil {
			return err
		}
		defer out.Abort()
		if _, err := out.Write([]byte("a row")); err != nil || len(names()) != 1 {
			t.Errorf("%v, %v", names(), err)
		}
		cancel(errors.New("interrupt signal received"))
		for runtime.GOOS != "windows" && len(names()) > 0 {
			runtime.Gosched()
		}
		return out.Commit()
	}, "-o", path)
	check(t, got, result{code: tool.Interrupted, errs: "demo: stopped: interrupted\n"})
	if left := names(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// The target of a link is set aside, and the link stays: the next file takes the place of
// the target.
func TestSetAsideByALink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target, link := filepath.Join(dir, "undo.jsonl"), filepath.Join(dir, "link")
	if err := os.WriteFile(target, []byte("the last run"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	aside, err := tool.SetAside(link, func([]byte) bool { return false })
	if err != nil || aside != target+".1" {
		t.Errorf("set aside as %q, %v", aside, err)
	}
	if text, err := os.ReadFile(target + ".1"); err != nil || string(text) != "the last run" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := os.Lstat(link); err != nil {
		t.Error(err)
	}
}
