package permittest

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// Names says how a 422 names the items of a bulk call that are at fault.
type Names int

// In the spec, a 422 has a list of places and messages, which may have an entry for
// each item at fault. Another service has been seen to stop at the first fault, and to
// count from there, so that it always names item 0. What Permit does is unverified.
const (
	NameAll   Names = iota
	NameOne         // one of the items at fault
	NameFirst       // item 0, whichever is at fault
	NameFar         // an item that does not exist
)

// of returns the problems of a bulk call that the answer names.
func (n Names) of(problems []problem) []problem {
	if n == NameAll || len(problems) == 0 {
		return problems
	}
	one := problems[0]
	place, isMoved := map[Names]int{NameFirst: 0, NameFar: 100_000}[n]
	isPlace := func(part any) bool { _, ok := part.(int); return ok }
	if i := slices.IndexFunc(one.Loc, isPlace); isMoved && i >= 0 {
		one.Loc = slices.Clone(one.Loc)
		one.Loc[i] = place
	}
	return []problem{one}
}

// poison returns the status that Options.Poison gives this call, or 0.
func (s *Server) poison(r *http.Request, raw []byte) int {
	if r.Method == http.MethodGet {
		return 0
	}
	for key, status := range s.o.Poison {
		if bytes.Contains(raw, []byte(`"`+key+`"`)) || strings.HasSuffix(r.URL.Path, "/"+key) {
			return status
		}
	}
	return 0
}
