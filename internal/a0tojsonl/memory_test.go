//go:build linux

package a0tojsonl_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/a0tojsonl/sample"
	"a0permit/internal/tool"
)

// asTool makes the test binary the tool itself, so that a test can look at the
// memory of a process that does nothing else.
const asTool = "A0TOJSONL_TEST_AS_TOOL"

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		os.Exit(a0tojsonl.Run(context.Background(), []string{"a0tojsonl", "-q", "--attributes", "all"}, os.Stdin, os.Stdout, io.Discard))
	}
	os.Exit(m.Run())
}

// Memory does not grow with the input, nor past its bound with the processors.
func TestMemory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a while, and means nothing under the race detector, which has a memory of its own")
	}
	const rows, most = 1_000_000, 48
	few, many := peak(t, 2, sample.New(rows/5)), peak(t, 2, sample.New(rows))
	if many > few+8 {
		t.Errorf("%d rows took %.1f MiB, and %d rows %.1f", rows/5, few, rows, many)
	}
	for name, got := range map[string]float64{
		"2 processors": many, "32 processors": peak(t, 32, sample.New(rows)), "rejected rows of 100 connections": peak(t, 2, rejectedRows(rows/2)),
	} {
		t.Logf("%s: %.1f MiB", name, got)
		if got > most {
			t.Errorf("%s: %.1f MiB, the goal is %d", name, got, most)
		}
	}
}

// rejectedRows is a table of users whose key Permit refuses, of 100 connections.
func rejectedRows(n int) io.Reader {
	i := -1
	return rows(func() string {
		if i++; i == 0 {
			return "user_id,email,provider\n"
		} else if i > n {
			return ""
		}
		return fmt.Sprintf("auth0|no good %d,u%d@acme.example,connection-%d\n", i, i, i%100)
	})
}

// rows makes up a table as it is read; "" is its end.
type rows func() string

func (next rows) Read(p []byte) (int, error) {
	n := 0
	for len(p)-n > 100 {
		row := next()
		if row == "" {
			return n, io.EOF
		}
		n += copy(p[n:], row)
	}
	return n, nil
}

// peak is the most memory that the conversion of a table has taken, in MiB.
func peak(t *testing.T, processors int, table io.Reader) float64 {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), asTool+"=1", "GOMEMLIMIT=32MiB", "GOGC=200", fmt.Sprintf("GOMAXPROCS=%d", processors))
	in := &watched{Reader: table, cmd: cmd}
	cmd.Stdin = in
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != tool.Rejected {
		t.Fatal(err)
	}
	return in.peak
}

// watched is a stdin that looks at the memory of who reads it. What the kernel
// says once a process has ended (ru_maxrss) counts its parent's too.
type watched struct {
	io.Reader
	cmd   *exec.Cmd
	reads int
	peak  float64 // MiB
}

func (w *watched) Read(p []byte) (int, error) {
	if w.reads++; w.reads%50 == 0 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.cmd.Process.Pid))
		if err != nil {
			return 0, err
		}
		_, line, _ := strings.Cut(string(text), "VmHWM:")
		var kib float64
		if _, err := fmt.Sscanf(line, "%f kB", &kib); err != nil {
			return 0, err
		}
		w.peak = max(w.peak, kib/1024)
	}
	return w.Reader.Read(p)
}
