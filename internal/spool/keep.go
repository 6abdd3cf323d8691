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

// ErrKeep is the error of a Kept file that cannot be made, written or synced. Most
// likely the disk is full.
var ErrKeep = errors.New("cannot write the undo file")

// A Kept is a file that survives the run, for data that is needed even if the run is
// killed. Its mode is 0600.
type Kept struct {
	file *os.File
	size int64 // bytes that are synced to disk
}

// Keep makes an empty file in $TMPDIR. Its name is pattern with a random string in place
// of the star.
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

// KeepAt makes an empty file at path, or empties the file that is there.
func KeepAt(path string) (*Kept, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return nil, keepError(err)
	}
	err = f.Chmod(0o600) // an older file may have another mode
	if err == nil {
		err = SyncDir(filepath.Dir(path))
		if errors.Is(err, fs.ErrPermission) { // the directory may be writable but not readable
			err = nil
		}
	}
	if err != nil {
		return nil, errors.Join(keepError(err), f.Close())
	}
	return &Kept{file: f}, nil
}

// SyncDir syncs a directory, so that a new name in it is on disk. It does nothing on
// Windows and on file systems that cannot sync a directory.
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

// Append appends what write writes, and returns once it is on disk. After an error the
// file is as it was before.
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

// Size returns the size of the file in bytes.
func (k *Kept) Size() int64 { return k.size }

// Cut removes everything from offset at to the end of the file.
func (k *Kept) Cut(at int64) error {
	k.size = at
	return k.cut(at)
}

// Overwrite writes p at offset at, over what is there. It does not sync: the old bytes
// are good enough after a crash.
func (k *Kept) Overwrite(p []byte, at int64) error {
	_, err := k.file.WriteAt(p, at)
	return keepError(err)
}

func (k *Kept) cut(size int64) error {
	_, err := k.file.Seek(size, io.SeekStart)
	return keepError(errors.Join(k.file.Truncate(size), err))
}

// Close closes the file and leaves it where it is.
func (k *Kept) Close() error { return k.file.Close() }

// Remove closes and removes the file.
func (k *Kept) Remove() error { return errors.Join(k.file.Close(), os.Remove(k.file.Name())) }
