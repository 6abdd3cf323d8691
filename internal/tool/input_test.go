package tool

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// After a signal, a large file is not read to its end.
func TestReadOfAFileEndsWithItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	in, err := New("x", nil, io.Discard, io.Discard).Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // it was only read
	if _, err := in.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	signal := errors.New("interrupt signal received")
	cancel(signal)
	if n, err := io.Copy(io.Discard, in); n > 0 || !errors.Is(err, signal) {
		t.Errorf("%d bytes more and %v, want the signal", n, err)
	}
}
