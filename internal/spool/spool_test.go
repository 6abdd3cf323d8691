package spool_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"a0permit/internal/spool"
)

// setTempDir sets the directory for temporary files, on every system.
func setTempDir(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, dir)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	setTempDir(t, dir)
	f, err := spool.New()
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range []string{"one\n", "", "two\n"} {
		before := f.Size()
		if n, err := f.Write([]byte(part)); n != len(part) || err != nil || f.Size() != before+int64(n) {
			t.Errorf("Write %d = %d, %v; Size went from %d to %d", i, n, err, before, f.Size())
		}
	}
	got := make([]byte, 4)
	if n, err := f.ReadAt(got, 4); n != 4 || err != nil || string(got) != "two\n" {
		t.Errorf("ReadAt = %d, %v with %q", n, err, got)
	}
	if names, err := os.ReadDir(dir); runtime.GOOS != "windows" && (err != nil || len(names) > 0) {
		t.Errorf("while it is open: %v, %v; want no name", names, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("after Close: %v, %v; want nothing left", names, err)
	}
}

func TestErrWrite(t *testing.T) {
	setTempDir(t, t.TempDir())
	f, err := spool.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := f.Write([]byte("x")); n != 0 || !errors.Is(err, spool.ErrWrite) || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write to a closed file = %d, %v; want ErrWrite and its cause", n, err)
	}
	setTempDir(t, filepath.Join(t.TempDir(), "missing"))
	if _, err := spool.New(); !errors.Is(err, spool.ErrWrite) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("New = %v, want ErrWrite and its cause", err)
	}
}
