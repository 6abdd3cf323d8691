//go:build !windows

package tool

import (
	"cmp"
	"io"
	"os"
)

// OpenTerminal opens the terminal of the process. See Tool.Terminal.
func OpenTerminal() (io.ReadWriteCloser, error) {
	f, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	return terminal{f}, nil
}

type terminal struct{ *os.File }

// DiscardInput drops input that was typed and not read.
func (t terminal) DiscardInput() error {
	var discardErr error
	err := control(t.File, func(fd uintptr) { discardErr = discardInput(int(fd)) })
	return cmp.Or(err, discardErr)
}
