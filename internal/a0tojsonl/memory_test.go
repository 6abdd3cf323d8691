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

// asTool is an environment variable. It makes the test binary run the tool, so that a
// test can measure the memory of a process that does nothing else.
const asTool = "A0TOJSONL_TEST_AS_TOOL"

func TestMain(m *testing.M) {
	if os.Getenv(asTool) != "" {
		args := []string{"a0tojsonl", "-q", "--attributes", "all"}
		os.Exit(a0tojsonl.Run(context.Background(), args, os.Stdin, os.Stdout, io.Discard))
	}
	os.Exit(m.Run())
}

// Memory does not grow with the input, and stays below a bound on any number of
// processors.
func TestMemory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow, and the race detector takes memory of its own")
	}
	const rows, most = 1_000_000, 48
	few, many := measurePeak(t, 2, sample.New(rows/5)), measurePeak(t, 2, sample.New(rows))
	if many > few+8 {
		t.Errorf("%d rows took %.1f MiB, and %d rows %.1f", rows/5, few, rows, many)
	}
	for name, got := range map[string]float64{
		"2 processors":                     many,
		"32 processors":                    measurePeak(t, 32, sample.New(rows)),
		"rejected rows of 100 connections": measurePeak(t, 2, badRows(rows/2)),
	} {
		t.Logf("%s: %.1f MiB", name, got)
		if got > most {
			t.Errorf("%s: %.1f MiB, the goal is %d", name, got, most)
		}
	}
}

// Each role or organization takes at most 128 bytes, however many there are.
func TestMemoryOfACatalogue(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow, and the race detector takes memory of its own")
	}
	const n = 400_000
	const most = 48 + n*128/float64(1<<20)
	rows := func(header, format string) io.Reader {
		i := 0
		return io.MultiReader(strings.NewReader(header), rowReader(func() string {
			if i++; i > n {
				return ""
			}
			return fmt.Sprintf(format, i)
		}))
	}
	const owned = `auth0|1,"[{""id"":""o"",""roles"":[{""id"":""rol_%[1]d"",""name"":""R-%[1]d""}]}]"` + "\n"
	const membership = `auth0|1,"[{""id"":""org_%[1]d"",""roles"":[""A""]}]"` + "\n"
	for name, table := range map[string]io.Reader{
		"roles":                  rows("role_id,name,description\n", "rol_%012[1]d,role-number-%[1]d,What it allows\n"),
		"roles with other keys":  rows("role_id,name,description\n", "rol_%012[1]d,Role number %[1]d,What it allows\n"),
		"roles that users name":  rows("user_id,roles\n", `auth0|%012[1]d,"[""Role-%[1]d""]"`+"\n"),
		"roles of organizations": rows("user_id,organizations\n", owned),
		"organizations":          rows("organization_id,name\n", "org_%012[1]d,acme-%[1]d\n"),
		"organizations of users": rows("user_id,organizations\n", membership),
	} {
		got := measurePeak(t, 2, table)
		t.Logf("%s: %.1f MiB", name, got)
		if got > most {
			t.Errorf("%d %s took %.1f MiB, the goal is %.1f", n, name, got, most)
		}
	}
}

// All permissions are held until the first user. Auth0 allows at most a thousand roles with
// a thousand permissions each.
func TestMemoryOfPermissions(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("slow, and the race detector takes memory of its own")
	}
	const n, apis, most = 1000, 10, 96
	names := func(from int) (held, listed []string) {
		for i := range n {
			name := fmt.Sprintf("read:something-%d", from+i)
			held, listed = append(held, fmt.Sprintf("https://api-%d.acme.example %s", i%apis, name)), append(listed, name)
		}
		return held, listed
	}
	i := 0
	held, _ := names(0)
	table := func(header string, rows int, row func(i int) string) io.Reader {
		return &longRows{next: func() string {
			switch i++; {
			case i == 1:
				return header
			case i > rows+1:
				i = 0
				return ""
			}
			return row(i)
		}}
	}
	got := measurePeak(t, 2, io.MultiReader(
		table(rolesHeader, n, func(i int) string {
			return roleRow(fmt.Sprintf("rol_%d", i), fmt.Sprintf("Role-%d", i), held...)
		}),
		table(apisHeader, apis, func(i int) string {
			_, listed := names(i * n)
			return apiRow(fmt.Sprintf("https://api-%d.acme.example", i), fmt.Sprintf("API %d", i), listed...)
		}),
		sample.New(100_000),
	))
	t.Logf("%.1f MiB", got)
	if got > most {
		t.Errorf("%d roles with %d permissions took %.1f MiB, the goal is %d", n, n, got, most)
	}
}

// longRows reads a table of rows of any length. The table ends when next returns "".
type longRows struct {
	next func() string
	row  string
}

func (r *longRows) Read(p []byte) (int, error) {
	if r.row == "" {
		if r.row = r.next(); r.row == "" {
			return 0, io.EOF
		}
	}
	n := copy(p, r.row)
	r.row = r.row[n:]
	return n, nil
}

// badRows returns a table of n users from 100 connections. Permit refuses their keys.
func badRows(n int) io.Reader {
	i := 0
	return io.MultiReader(strings.NewReader("user_id,email,provider\n"), rowReader(func() string {
		if i++; i > n {
			return ""
		}
		return fmt.Sprintf("auth0|no good %d,u%d@acme.example,connection-%d\n", i, i, i%100)
	}))
}

// rowReader reads a table of the rows that the function returns. The table ends at "".
type rowReader func() string

func (next rowReader) Read(p []byte) (int, error) {
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

// measurePeak returns the peak memory of converting a table, in MiB.
func measurePeak(t *testing.T, processors int, table io.Reader) float64 {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), asTool+"=1", "GOMEMLIMIT=32MiB", "GOGC=200", fmt.Sprintf("GOMAXPROCS=%d", processors))
	in := &memoryWatcher{Reader: table, cmd: cmd}
	cmd.Stdin = in
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != tool.Rejected {
		t.Fatal(err)
	}
	return in.peak
}

// memoryWatcher is a stdin that measures the memory of the process that reads it. The
// kernel's figure after the end of a process (ru_maxrss) includes memory of its parent.
type memoryWatcher struct {
	io.Reader
	cmd   *exec.Cmd
	reads int
	peak  float64 // MiB
}

func (w *memoryWatcher) Read(p []byte) (int, error) {
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
