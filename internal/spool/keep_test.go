package spool_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"a0permit/internal/spool"
)

func TestKept(t *testing.T) {
	dir := t.TempDir()
	setTempDir(t, dir)
	k, err := spool.Keep("kept-*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if name := filepath.Base(k.Name()); filepath.Dir(k.Name()) != dir ||
		!strings.HasPrefix(name, "kept-") || !strings.HasSuffix(name, ".jsonl") {
		t.Errorf("Name = %s", k.Name())
	}
	if info, err := os.Stat(k.Name()); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	wantText := func(want string) {
		t.Helper()
		if got, err := os.ReadFile(k.Name()); err != nil || string(got) != want {
			t.Errorf("%q, %v; want %q", got, err, want)
		}
	}
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := fmt.Fprint(w, text)
			return errors.Join(failed, err)
		}
	}
	broken := errors.New("broken")
	if err := errors.Join(k.Append(write("one\n", nil)), k.Append(write("two\n", nil))); err != nil {
		t.Fatal(err)
	}
	if err := k.Append(write("half of thr", broken)); !errors.Is(err, broken) || errors.Is(err, spool.ErrKeep) {
		t.Errorf("Append = %v", err)
	}
	wantText("one\ntwo\n")
	if k.Size() != 8 {
		t.Errorf("Size = %d", k.Size())
	}
	if err := errors.Join(k.Cut(4), k.Append(write("three\n", nil)), k.Overwrite([]byte("1  "), 0)); err != nil {
		t.Fatal(err)
	}
	wantText("1  \nthree\n")
	if err := errors.Join(k.Cut(0), k.Append(write("three\n", nil))); err != nil {
		t.Fatal(err)
	}
	wantText("three\n")
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	wantText("three\n")
	if err := k.Append(write("four\n", nil)); !errors.Is(err, spool.ErrKeep) || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Append to a closed file = %v; want ErrKeep and its cause", err)
	}

	k, err = spool.Keep("gone-*")
	if err := errors.Join(err, k.Remove()); err != nil {
		t.Fatal(err)
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "gone-*")); len(names) > 0 {
		t.Errorf("%v is left", names)
	}
	setTempDir(t, filepath.Join(dir, "missing"))
	if _, err := spool.Keep("x-*"); !errors.Is(err, spool.ErrKeep) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Keep = %v, want ErrKeep and its cause", err)
	}
}

// KeepAt empties an existing file and sets its mode to 0600.
func TestKeepAt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kept.jsonl")
	for range 2 {
		k, err := spool.KeepAt(path)
		if err != nil {
			t.Fatal(err)
		}
		err = k.Append(func(w io.Writer) error { _, err := io.WriteString(w, "one\n"); return err })
		if err := errors.Join(err, k.Close(), os.Chmod(path, 0o666)); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "one\n" {
			t.Errorf("%q, %v", text, err)
		}
	}
	k, err := spool.KeepAt(path)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close() //nolint:errcheck // nothing was written to it
	info, err := os.Stat(path)
	if err != nil || info.Size() > 0 || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := spool.KeepAt(filepath.Join(path, "x")); !errors.Is(err, spool.ErrKeep) {
		t.Errorf("KeepAt = %v, want ErrKeep", err)
	}
}
