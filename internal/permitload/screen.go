package permitload

import "a0permit/internal/tool"

// screen shows the progress of a run. It counts one thing at a time.
type screen struct {
	tool     *tool.Tool
	progress *tool.Progress
}

// Begin implements snapshot.Progress.
func (s *screen) Begin(what string, total int) { s.progress = s.tool.Progress(what, total) }

// Add counts n more items of what was begun.
func (s *screen) Add(n int) { s.progress.Add(n) }

// End ends what was begun, if anything was.
func (s *screen) End() {
	s.progress.End()
	s.progress = nil
}

// WarnOfRoles implements apply.Progress.
func (s *screen) WarnOfRoles(n int) {
	s.tool.Warn("%s created in Permit without permissions: give them some there, or their holders may do nothing",
		tool.Count(n, "role"))
}

// WarnOfUnasked implements apply.Progress.
func (s *screen) WarnOfUnasked(role string, permissions []string) {
	s.tool.Warn("role %s now permits %s, which nobody asked for: Permit gives the default roles of an environment"+
		" permissions on each new resource", role, names(permissions, func(p string) string { return p }))
}

// WarnOfUnprovedList implements snapshot.Progress.
func (s *screen) WarnOfUnprovedList(users int) {
	s.tool.Warn("Permit's list of users may lack some: %s are looked up one by one, which takes time,"+
		" so that none is overwritten", tool.Count(users, "user"))
}
