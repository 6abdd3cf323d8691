package a0export

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

// The test opens the master side of a pseudo terminal, which is a terminal too.
func TestTerminalIsRefused(t *testing.T) {
	t.Parallel()
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no pseudo terminals")
	}
	defer tty.Close() //nolint:errcheck // nothing was written
	s := auth0test.New(small(), auth0test.Options{})
	args := append([]string{"a0export"}, serve(t, s)...)
	var errs strings.Builder
	if code := Run(t.Context(), args, nil, tty, &errs); code != 2 || len(s.Calls()) > 0 {
		t.Errorf("exit code %d, %d calls", code, len(s.Calls()))
	}
	want := "a0export: error: refusing to write gzip to a terminal\n" +
		"a0export: hint: a0export > users.csv.gz, or -o users.csv.gz (-o - writes it here anyway)\n"
	if diff := cmp.Diff(want, errs.String()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	path := filepath.Join(t.TempDir(), "users.csv.gz")
	for _, output := range []string{path, "-"} {
		if code := Run(t.Context(), append(slices.Clip(args), "-o", output), nil, tty, &errs); code != 0 {
			t.Errorf("-o %s: exit code %d: %s", output, code, errs.String())
		}
	}
}

func TestOutputFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "users.csv.gz")
	if err := os.WriteFile(path, []byte("the last one"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := run(t, auth0test.New(small(), auth0test.Options{JobStatus: "failed"}), "-o", path)
	failed.expect(t, 1, "a0export: error: ")
	if data, err := os.ReadFile(path); string(data) != "the last one" {
		t.Errorf("a failed run left %q, %v", data, err)
	}
	r := run(t, auth0test.New(small(), auth0test.Options{}), "--output", path)
	r.expect(t, 0)
	if len(r.out) > 0 {
		t.Errorf("stdout has %q as well", r.out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(unpack(t, data), "\n"); rows != 5 {
		t.Errorf("%d lines", rows)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 1 {
		t.Errorf("beside it lies %v, %v", names, err)
	}
	if names, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(names) != 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}

func TestOutputThatIsFull(t *testing.T) {
	t.Parallel()
	args := append([]string{"a0export"}, serve(t, auth0test.New(small(), auth0test.Options{}))...)
	for writes := range 3 {
		var errs strings.Builder
		code := Run(t.Context(), args, nil, &limitedWriter{writes}, &errs)
		if code != 1 || !strings.Contains(errs.String(), "output: no space left on device") ||
			strings.Contains(errs.String(), "download broke") {
			t.Errorf("after %d writes: exit code %d: %s", writes, code, errs.String())
		}
	}
}

// The same tenant gives the same bytes, except for the time, which is the snapshot's.
func TestGzipTimeIsTheSnapshots(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Polls: 3})
	before := time.Now().Truncate(time.Second)
	r := run(t, s)
	r.expect(t, 0)
	z, err := gzip.NewReader(bytes.NewReader(r.out))
	if err != nil {
		t.Fatal(err)
	}
	if z.ModTime.Before(before) || z.ModTime.After(time.Now()) {
		t.Errorf("MTIME is %v, and the job was created at about %v", z.ModTime, before)
	}
	if z.Name != "" || z.Comment != "" {
		t.Errorf("the header tells %q, %q", z.Name, z.Comment)
	}
	again := run(t, s)
	if !bytes.Equal(r.out[8:], again.out[8:]) { // bytes 4 to 7 are the time
		t.Error("a second run writes other bytes")
	}
}
