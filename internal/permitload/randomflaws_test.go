package permitload

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"a0permit/internal/permit/permittest"
)

// randomFlaws draws flaws for one kind of calls, or any flaw for every tenth call.
type randomFlaws struct {
	mu    sync.Mutex // single-record calls run in parallel
	r     *rand.Rand
	on    bool
	aimed []*aimedFlaw // if empty, any flaw
}

// aimedFlaw is a flaw of one kind of calls.
type aimedFlaw struct {
	flaw permittest.Flaw
	call string // one that ends in / is of any object; "" is each call
	nth  int    // 0 is all of them
	met  int
}

// drawFlaws draws flaws of answers, small pages, and how refusals name items.
func (s *scenario) drawFlaws(t *testing.T, r *rand.Rand) *randomFlaws {
	t.Helper()
	f := &randomFlaws{r: r, on: true}
	for range r.IntN(4) {
		flaw := oneOf(r, permittest.Flaws()...)
		a := &aimedFlaw{flaw: flaw, call: oneOf(r, callsOf(flaw)...), nth: oneOf(r, 0, 0, 1, 1, 2, 3)}
		f.aimed = append(f.aimed, a)
		t.Logf("%s at %q %d", a.flaw, a.call, a.nth)
	}
	s.options.Flaws = f.draw
	s.options.PageMax = oneOf(r, 0, 0, 7, 50)
	s.options.Names = oneOf(r, permittest.NameAll, permittest.NameOne, permittest.NameFirst, permittest.NameFar)
	return f
}

// callsOf returns the calls to which a flaw can happen.
func callsOf(f permittest.Flaw) []string {
	lists := []string{"", "GET F/users", "GET F/users", "GET F/tenants", "GET F/role_assignments", "GET S/roles"}
	objects := []string{"GET F/users/", "GET F/tenants/", "GET S/roles/", "PUT F/users/", "POST S/roles", "POST F/tenants"}
	bulk := []string{"POST F/role_assignments/bulk", "DELETE F/role_assignments/bulk"}
	at := func(some ...permittest.Flaw) bool { return slices.Contains(some, f) }
	switch {
	case at(permittest.OtherKey):
		return objects
	case at(permittest.NoCount, permittest.LowCount, permittest.LeftOut, permittest.NotDone):
		return bulk
	case at(permittest.BareList, permittest.NoList, permittest.NoKeys, permittest.NoTotal, permittest.EmptyList,
		permittest.EmptyPages, permittest.ShortPage, permittest.SmallPage, permittest.LowTotal, permittest.HighTotal,
		permittest.SamePage, permittest.NewPages):
		return lists
	}
	return slices.Concat(lists, objects, bulk, []string{
		"GET /v2/api-key/scope", "POST F/bulk/tenants", "PUT F/bulk/users", "DELETE F/bulk/users", "POST F/role_assignments",
	})
}

func (f *randomFlaws) draw(r *http.Request) permittest.Flaw {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.on || f.aimed == nil && f.r.IntN(10) > 0 {
		return ""
	}
	if f.aimed == nil {
		return oneOf(f.r, permittest.Flaws()...)
	}
	for _, a := range f.aimed {
		if a.meets(shortRequest(r)) {
			return a.flaw
		}
	}
	return ""
}

func (a *aimedFlaw) meets(call string) bool {
	isOfAny := strings.HasSuffix(a.call, "/") && strings.HasPrefix(call, a.call)
	if a.call != "" && a.call != call && !isOfAny {
		return false
	}
	a.met++
	return a.nth == 0 || a.nth == a.met
}

// drawPoison makes some new users poison.
func (s *scenario) drawPoison(r *rand.Rand) {
	s.options.Poison = map[string]int{}
	for _, u := range s.asked.Users {
		if !s.present[u.Key] && !slices.Contains(s.refused, u.Key) && r.IntN(50) == 0 {
			s.options.Poison[u.Key] = oneOf(r, 400, 405, 410, 451, 500, 501, 504)
			s.refused = append(s.refused, u.Key)
		}
	}
	slices.Sort(s.refused)
	s.want.Users = slices.DeleteFunc(s.want.Users, func(u permittest.User) bool { return s.options.Poison[u.Key] > 0 })
	s.want.Assignments = slices.DeleteFunc(s.want.Assignments, func(a permittest.Assignment) bool {
		return s.options.Poison[a.User] > 0
	})
}
