//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package tool

import "golang.org/x/sys/unix"

// discardInput is tcflush of C.
func discardInput(fd int) error {
	const read = 1 // FREAD of <sys/fcntl.h>
	return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, read)
}
