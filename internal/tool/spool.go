package tool

import (
	"errors"
	"fmt"
	"os"
	"runtime"
)

// ErrSpool is a spool that cannot be written to: the disk is full, most likely.
var ErrSpool = errors.New("cannot keep the input in a temporary file")

// Spool is a temporary file without a name, which no other user can read and
// which no crash leaves behind.
type Spool struct {
	file *os.File
	size int64
}

// NewSpool makes a spool in $TMPDIR.
func NewSpool() (*Spool, error) {
	f, err := os.CreateTemp("", "a0permit-")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSpool, err)
	}
	if runtime.GOOS != "windows" { // where an open file cannot be removed
		if err := os.Remove(f.Name()); err != nil {
			return nil, err
		}
	}
	return &Spool{file: f}, nil
}

// Write appends.
func (s *Spool) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	s.size += int64(n)
	if err != nil {
		err = fmt.Errorf("%w in %s: %w", ErrSpool, os.TempDir(), err)
	}
	return n, err
}

// Size is how much has been written.
func (s *Spool) Size() int64 { return s.size }

// ReadAt reads what has been written.
func (s *Spool) ReadAt(p []byte, at int64) (int, error) { return s.file.ReadAt(p, at) }

// Close removes the spool.
func (s *Spool) Close() error {
	err := s.file.Close()
	if runtime.GOOS == "windows" {
		_ = os.Remove(s.file.Name())
	}
	return err
}
