package tool

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"strings"
)

// Version is the version, the commit and the Go that built it, as Go itself puts
// them into every binary.
func Version() string {
	var v, rev, goVersion string
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		v = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				rev = s.Value
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
