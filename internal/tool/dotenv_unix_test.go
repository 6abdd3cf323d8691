//go:build unix

package tool_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// writeDotenv makes a .env in a working directory of its own.
func writeDotenv(t *testing.T, text string) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".env", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sayDomain prints the value of a flag that has a variable.
func sayDomain(c *cli.Context, t *tool.Tool) error {
	t.Say("domain %s", c.String("domain"))
	return nil
}

// A .env of another user could send our secret to an address of that user.
func TestDotenvOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	const another = 12345
	refused := func() {
		t.Helper()
		got := run(t.Context(), sayDomain)
		const want = "demo: error: .env belongs to another user (uid 12345)\n"
		if got.code != tool.BadUsage || !strings.HasPrefix(got.errs, want) {
			t.Errorf("exit %d: %s", got.code, got.errs)
		}
	}
	writeDotenv(t, "DEMO_DOMAIN=evil.example\n")
	check(t, run(t.Context(), sayDomain), result{errs: "demo: domain evil.example\n"})
	if err := os.Chown(".env", another, another); err != nil {
		t.Fatal(err)
	}
	refused()

	// The link belongs to another user, and the file to us.
	if err := errors.Join(os.Chown(".env", 0, 0), os.Rename(".env", "mine"), os.Symlink("mine", ".env")); err != nil {
		t.Fatal(err)
	}
	check(t, run(t.Context(), sayDomain), result{errs: "demo: domain evil.example\n"})
	if err := os.Lchown(".env", another, another); err != nil {
		t.Fatal(err)
	}
	refused()
}

// A .env that is a pipe does not delay the end of an interrupted run.
func TestDotenvIsAPipe(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := syscall.Mkfifo(".env", 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(10*time.Millisecond, func() { cancel(errors.New("interrupt signal received")) })
	check(t, run(ctx, sayDomain), result{code: tool.Interrupted, errs: "demo: stopped: interrupted\n"})
}
