//go:build !windows

package tool

import (
	"io"
	"os"
)

// OpenTerminal opens the terminal of the process. See Tool.Terminal.
func OpenTerminal() (io.ReadWriteCloser, error) {
	return os.OpenFile("/dev/tty", os.O_RDWR, 0)
}
