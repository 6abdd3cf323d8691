//go:build linux

package a0tojsonl_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/a0tojsonl/sample"
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

// Memory does not grow with the input.
func TestMemory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a while, and means nothing under the race detector, which has a memory of its own")
	}
	const rows = 1_000_000
	few, many := peak(t, rows/20), peak(t, rows)
	t.Logf("%d rows: %.1f MiB, %d rows: %.1f MiB", rows/20, few, rows, many)
	if many > 48 {
		t.Errorf("%d rows took %.1f MiB, the goal is 48", rows, many)
	}
	if many > few+8 {
		t.Errorf("%d rows took %.1f MiB, and %d rows %.1f", rows/20, few, rows, many)
	}
}

// peak is the most memory that the conversion of so many rows has taken, in MiB.
func peak(t *testing.T, rows int) float64 {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), asTool+"=1", "GOMEMLIMIT=32MiB", "GOGC=200")
	cmd.Stdin = sample.New(rows)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%d rows: %v", rows, err)
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatal("no usage")
	}
	return float64(usage.Maxrss) / 1024
}
