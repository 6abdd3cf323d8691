package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// ErrKeep is the error of a file that cannot be made, or cannot be brought to the
// disk. Most likely that is full.
var ErrKeep = errors.New("cannot write the undo file")

// A Kept is a file with a name, for what somebody needs also where a run does not
// come to its end. Only its owner can read it.
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

// KeepAt makes an empty file at that path, or empties the one that is there.
func KeepAt(path string) (*Kept, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return nil, keepError(err)
	}
	err = f.Chmod(0o600) // it may have been there with another mode
	if err == nil {
		err = SyncDir(filepath.Dir(path))
		if errors.Is(err, fs.ErrPermission) { // one may write to a directory that one may not read
			err = nil
		}
	}
	if err != nil {
		return nil, errors.Join(keepError(err), f.Close())
	}
	return &Kept{file: f}, nil
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

// Size returns how much is in the file.
func (k *Kept) Size() int64 { return k.size }

// Cut takes out what is in the file from there on.
func (k *Kept) Cut(at int64) error {
	k.size = at
	return k.cut(at)
}

// Overwrite writes p over what is in the file there. It need not be on the disk when
// it returns: what was there before does for whoever needs the file.
func (k *Kept) Overwrite(p []byte, at int64) error {
	_, err := k.file.WriteAt(p, at)
	return keepError(err)
}

func (k *Kept) cut(size int64) error {
	_, err := k.file.Seek(size, io.SeekStart)
	return keepError(errors.Join(k.file.Truncate(size), err))
}

// Close leaves the file where it is.
func (k *Kept) Close() error { return k.file.Close() }

// Remove closes and removes the file.
func (k *Kept) Remove() error { return errors.Join(k.file.Close(), os.Remove(k.file.Name())) }
