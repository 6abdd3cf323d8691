package tool

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/windows"
)

// OpenTerminal opens the console of the process, which has one name for reading and
// another for writing. See Tool.Terminal.
func OpenTerminal() (io.ReadWriteCloser, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return nil, errors.Join(err, in.Close())
	}
	return console{Reader: in, Writer: out, in: in, out: out}, nil
}

type console struct {
	io.Reader
	io.Writer
	in, out *os.File
}

// DiscardInput drops input that was typed and not read.
func (c console) DiscardInput() error {
	return windows.FlushConsoleInputBuffer(windows.Handle(c.in.Fd()))
}

func (c console) Close() error { return errors.Join(c.in.Close(), c.out.Close()) }
