// Package spool keeps bytes in files: a File lasts as long as the run, for data that
// must be read again and may not fit in memory, and a Kept file survives the run. The
// package knows nothing about the meaning of the bytes.
package spool

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// ErrWrite is the error of a File that cannot be made or written. Most likely the disk
// is full.
var ErrWrite = errors.New("cannot write a temporary file")

// A File is a temporary file without a name: no other user can read it, and no crash
// leaves it behind. Windows cannot remove an open file, so there it keeps its name until
// Close.
type File struct {
	file *os.File
	size int64
}

// New makes an empty file in $TMPDIR.
func New() (*File, error) {
	f, err := os.CreateTemp("", "a0permit-")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWrite, err)
	}
	if runtime.GOOS != "windows" {
		if err := os.Remove(f.Name()); err != nil {
			return nil, err
		}
	}
	return &File{file: f}, nil
}

// Write appends p.
func (f *File) Write(p []byte) (int, error) {
	n, err := f.file.Write(p)
	f.size += int64(n)
	if err != nil {
		err = fmt.Errorf("%w in %s: %w", ErrWrite, os.TempDir(), err)
	}
	return n, err
}

// Size returns the number of bytes written so far.
func (f *File) Size() int64 { return f.size }

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, offset int64) (int, error) { return f.file.ReadAt(p, offset) }

// Close closes and removes the file.
func (f *File) Close() error {
	err := f.file.Close()
	if runtime.GOOS == "windows" {
		_ = os.Remove(f.file.Name())
	}
	return err
}
