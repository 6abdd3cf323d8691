//go:build !windows && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package tool

import "golang.org/x/sys/unix"

// discardInput is tcflush of C.
func discardInput(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }
