package tool

import (
	"errors"
	"os"
)

// isClosed always returns false: on Windows nothing stands in for a closed stream, and
// writing to it fails.
func isClosed(any) bool { return false }

// openDescriptor opens nothing: on Windows descriptors have no path.
func openDescriptor(int, string) (*os.File, error) { return nil, errors.ErrUnsupported }
