package spool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// ErrKeep is the error of a file that cannot be made, or cannot be brought to the
// disk. Most likely that is full.
var ErrKeep = errors.New("cannot keep in a file what the next write may clear")

// A Kept is a temporary file with a name, for what somebody needs where a run does
// not come to its end. Only its owner can read it.
type Kept struct {
	file *os.File
	size int64 // of what is on the disk
}

// Keep makes an empty file in $TMPDIR. Its name is pattern, with something of its
// own in place of the star.
func Keep(pattern string) (*Kept, error) {
	f, err := os.CreateTemp("", pattern)
	if err != nil {
		return nil, keepError(err)
	}
	k := &Kept{file: f}
	if err := SyncDir(filepath.Dir(f.Name())); err != nil {
		return nil, errors.Join(keepError(err), k.Remove())
	}
	return k, nil
}

// SyncDir brings the names in a directory to the disk. Windows has no call for it, and
// some file systems know none.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path) //nolint:gosec // the directory of a file that was made
	if err != nil {
		return err
	}
	defer dir.Close() //nolint:errcheck // nothing was written to it
	if err := dir.Sync(); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

func keepError(err error) error {
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrKeep, err)
	}
	return err
}

// Name returns the path of the file.
func (k *Kept) Name() string { return k.file.Name() }

// Append appends what write writes, and returns once that is on the disk. After an
// error the file is as it was before.
func (k *Kept) Append(write func(io.Writer) error) error {
	err := write(keptWriter{k})
	if err == nil {
		err = keepError(k.file.Sync())
	}
	if err != nil {
		return errors.Join(err, k.cut(k.size))
	}
	k.size, err = k.file.Seek(0, io.SeekCurrent)
	return keepError(err)
}

type keptWriter struct{ k *Kept }

func (w keptWriter) Write(p []byte) (int, error) {
	n, err := w.k.file.Write(p)
	return n, keepError(err)
}

// Clear takes out all that is in the file.
func (k *Kept) Clear() error {
	k.size = 0
	return k.cut(0)
}

func (k *Kept) cut(size int64) error {
	_, err := k.file.Seek(size, io.SeekStart)
	return keepError(errors.Join(k.file.Truncate(size), err))
}

// Close leaves the file where it is.
func (k *Kept) Close() error { return k.file.Close() }

// Remove closes and removes the file.
func (k *Kept) Remove() error { return errors.Join(k.file.Close(), os.Remove(k.file.Name())) }
