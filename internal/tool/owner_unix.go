//go:build !windows

package tool

import (
	"fmt"
	"os"
	"syscall"
)

// checkOwner refuses a settings file that another user, except root, owns or may write
// to, since it could redirect our secrets. For a link, the link and its target count.
func checkOwner(path string) error {
	const look = "check what is in it, then: "
	for _, stat := range []func(string) (os.FileInfo, error){os.Lstat, os.Stat} {
		info, err := stat(path)
		if err != nil {
			return &Error{Err: err, Code: BadUsage}
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid != 0 && int(s.Uid) != os.Geteuid() {
			return Usage(fmt.Sprintf("%s belongs to another user (uid %d)", path, s.Uid), look+`sudo chown "$(id -u)" `+path)
		}
		if info.Mode()&os.ModeSymlink == 0 && info.Mode()&0o022 != 0 {
			return Usage("other users can write to "+path, look+"chmod 600 "+path)
		}
	}
	return nil
}
