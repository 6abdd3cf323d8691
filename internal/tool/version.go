package tool

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// Version returns the versions of the tool and of Go, and the commit. Go puts all of them
// into every binary.
func Version() string {
	var version, commit, goVersion string
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return fmt.Sprintf("%s (commit %s, %s)", cmp.Or(version, "(devel)"), cmp.Or(commit, "unknown"), goVersion)
}

// UserAgent returns the name and version that the tool sends to services.
func (t *Tool) UserAgent() string {
	version, _, _ := strings.Cut(Version(), " ")
	return t.Name + "/" + version
}
