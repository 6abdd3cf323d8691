//go:build unix

package tool_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// openings are the ways in which a run opens a file that somebody names.
var openings = map[string]struct {
	flag string
	do   action
}{
	"-o": {"-o", func(c *cli.Context, t *tool.Tool) error {
		_, err := t.Create(c.Context, c.String("output"))
		return err
	}},
	"FILE": {"", func(c *cli.Context, t *tool.Tool) error {
		in, err := t.Open(c.Context, c.Args().First())
		if err == nil {
			_, err = io.ReadAll(in)
		}
		return err
	}},
	"--token-file": {"--token-file", func(c *cli.Context, t *tool.Tool) error {
		_, err := t.Token(c)
		return err
	}},
	"--summary": {"--summary", func(*cli.Context, *tool.Tool) error { return nil }},
}

// A signal ends the wait for a pipe whose other end nobody opens, and for an input that
// is open and silent.
func TestSignalEndsTheWaitForAPipe(t *testing.T) {
	t.Parallel()
	for name, way := range openings {
		others := []string{"shut"}
		if name == "FILE" || name == "--token-file" {
			others = append(others, "silent")
		}
		for _, other := range others {
			t.Run(name+" "+other, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "pipe")
				if err := syscall.Mkfifo(path, 0o600); err != nil {
					t.Fatal(err)
				}
				if other == "silent" {
					f, err := os.OpenFile(path, os.O_RDWR, 0)
					if err != nil {
						t.Fatal(err)
					}
					defer f.Close() //nolint:errcheck // nobody reads it
				}
				ctx, cancel := context.WithCancelCause(t.Context())
				// The run ends whether the signal comes before the wait or during it.
				time.AfterFunc(10*time.Millisecond, func() { cancel(errors.New("terminated signal received")) })
				args := []string{path}
				if way.flag != "" {
					args = []string{way.flag, path}
				}
				got := run(ctx, way.do, args...)
				if got.code != tool.Terminated || !strings.Contains(got.errs, "demo: stopped: interrupted\n") {
					t.Errorf("exit %d: %s", got.code, got.errs)
				}
			})
		}
	}
}

// An endless file is not read forever.
func TestTokenFileWithoutAnEnd(t *testing.T) {
	t.Parallel()
	got := run(t.Context(), openings["--token-file"].do, "--token-file", "/dev/zero")
	if got.code != tool.BadUsage || !strings.Contains(got.errs, "--token-file: /dev/zero has more than 65,536 bytes") {
		t.Errorf("exit %d: %s", got.code, got.errs)
	}
}
