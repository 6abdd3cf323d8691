//go:build !windows

package tool

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// isClosed reports whether a stream was closed when the process began, as by >&- in a
// shell. Go puts a /dev/null in its place that can be read and written. A redirection to
// /dev/null cannot do both.
func isClosed(stream any) bool {
	readWrite := false
	_ = control(source(stream), func(fd uintptr) {
		flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		readWrite = err == nil && fd <= 2 && flags&unix.O_ACCMODE == unix.O_RDWR
	})
	info := statStream(stream)
	null, err := os.Stat(os.DevNull)
	return readWrite && info != nil && err == nil && os.SameFile(info, null)
}

// openDescriptor opens a descriptor that the process was started with, and keeps its
// offset. It refuses descriptors that Go has opened itself.
func openDescriptor(n int, path string) (*os.File, error) {
	flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0)
	if err == nil && flags&unix.FD_CLOEXEC != 0 {
		err = syscall.EBADF
	}
	if err == nil {
		n, err = unix.FcntlInt(uintptr(n), unix.F_DUPFD_CLOEXEC, 0)
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(n), path), nil
}
