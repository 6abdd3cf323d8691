package permittest

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// Names is how a 422 tells which items of a bulk call are at fault.
type Names int

// The spec has a list of places and messages, which may be one of each item at
// fault. Another service's has been seen to end with the first that it finds, and
// to count from where it looked, so that it always names item 0. Which of them it
// is with Permit is unverified.
const (
	NameAll   Names = iota
	NameOne         // one of the items at fault
	NameFirst       // item 0, whichever is at fault
	NameFar         // one that is not there
)

// of returns the problems of a bulk call as they are told.
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

// poison returns the status of Options.Poison for this call, and 0 where there is
// none.
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
