package permitload

import "a0permit/internal/tool"

// screen shows people how far a run is. One thing is counted at a time.
type screen struct {
	tool     *tool.Tool
	progress *tool.Progress
}

// Begin implements snapshot.Progress.
func (s *screen) Begin(what string, total int) { s.progress = s.tool.Progress(what, total) }

// Add counts n more of what was begun.
func (s *screen) Add(n int) { s.progress.Add(n) }

// End ends what was begun, if anything was.
func (s *screen) End() {
	s.progress.End()
	s.progress = nil
}

// WarnOfRoles implements apply.Progress.
func (s *screen) WarnOfRoles(n int) {
	s.tool.Warn("%s created in Permit: nobody is allowed anything by them until they are given permissions there",
		tool.Count(n, "role"))
}

// WarnOfUnprovedList implements snapshot.Progress.
func (s *screen) WarnOfUnprovedList(users int) {
	s.tool.Warn("nothing proves that Permit's list of users is whole: each of the %s that it lacks is asked for,"+
		" which takes its time, so that nobody who is there is written over", tool.Count(users, "user"))
}
