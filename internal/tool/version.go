package tool

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// version and commit are set by the release build; otherwise the build info
// that Go puts into every binary says them.
var version, commit string

// Version is the version, the commit and the Go that built it.
func Version() string {
	v, rev, goVersion := version, commit, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		v = cmp.Or(v, info.Main.Version)
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				rev = cmp.Or(rev, s.Value)
			}
		}
	}
	return fmt.Sprintf("%s (commit %s, %s)", cmp.Or(v, "(devel)"), cmp.Or(rev, "unknown"), goVersion)
}

// UserAgent names the tool to the services it calls.
func (t *Tool) UserAgent() string {
	v, _, _ := strings.Cut(Version(), " ")
	return t.Name + "/" + v
}
