package e2e_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"a0permit/internal/permit/permittest"
)

// openPTY returns the two ends of a pseudo terminal: that of a person and that of a
// process.
func openPTY(t *testing.T) (person, process *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no pseudo terminals here: %v", err)
	}
	fd := int(person.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	process, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = person.Close(), process.Close() })
	return person, process
}

// A y that was typed before the question is not its answer. One that is typed after it
// is.
func TestTypedAhead(t *testing.T) {
	t.Parallel()
	for typed, deleted := range map[string]bool{"n\n": false, "y\n": true} {
		t.Run(strings.TrimSpace(typed), func(t *testing.T) {
			t.Parallel()
			records, state := recordsOf(3)
			s := permittest.New(permittest.Options{})
			s.Seed(state)
			address, stop := s.Start()
			t.Cleanup(stop)
			file := filepath.Join(t.TempDir(), "gone.jsonl")
			if err := os.WriteFile(file, []byte(records), 0o600); err != nil {
				t.Fatal(err)
			}
			person, process := openPTY(t)
			if _, err := person.WriteString("y\ny\n"); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "permitload", "remove", "--remove-limit", "100", "--api-url", address, file)
			cmd.Env = append(os.Environ(), "PERMIT_API_KEY="+permittest.DefaultKey, "SCRIPT_TERMINAL=real")
			cmd.Stderr = process
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 2}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			readUntil(t, person, "[y/N] ")
			if _, err := person.WriteString(typed); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, person) }()
			_ = cmd.Wait() // another test looks at the exit code
			if left := len(s.State().Users); (left == 0) != deleted {
				t.Errorf("the answer was %q, and %d of 3 users are left", typed, left)
			}
		})
	}
}
