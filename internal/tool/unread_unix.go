//go:build !windows

package tool

import "golang.org/x/sys/unix"

const canWatchReader = true

// hasNoReader reports whether nobody is left at the other end of a pipe.
func hasNoReader(pipe any) bool {
	var events int16
	_ = control(source(pipe), func(fd uintptr) {
		fds := []unix.PollFd{{Fd: int32(fd)}} //nolint:gosec // a descriptor is a small number
		if n, err := unix.Poll(fds, 0); n > 0 && err == nil {
			events = fds[0].Revents
		}
	})
	return events&(unix.POLLERR|unix.POLLHUP) != 0 // Linux sets the first, BSD and macOS the second
}
