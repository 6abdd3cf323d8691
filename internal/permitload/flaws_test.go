package permitload

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// The calls of loads and removals at which a flaw is tried. "" is all of them.
var (
	callsOfLoads = []string{
		"", "GET /v2/api-key/scope", "GET S/roles", "GET F/tenants", "GET F/users", "GET F/users/", "GET F/role_assignments",
		"POST S/roles", "POST F/bulk/tenants", "PATCH F/tenants/", "PUT F/bulk/users", "POST F/role_assignments/bulk",
		"DELETE F/role_assignments/bulk",
	}
	callsOfRemovals = []string{
		"", "GET S/roles", "GET F/users", "GET F/users/", "GET F/role_assignments",
		"DELETE F/role_assignments/bulk", "DELETE F/bulk/users",
	}
)

// canHappen reports whether a flaw can happen to a call.
func canHappen(flaw permittest.Flaw, call string) bool {
	switch flaw {
	case permittest.BareList, permittest.NoList, permittest.NoKeys, permittest.NoTotal, permittest.EmptyList,
		permittest.EmptyPages, permittest.ShortPage, permittest.SmallPage, permittest.LowTotal, permittest.HighTotal,
		permittest.SamePage, permittest.NewPages:
		return call == "" || strings.HasPrefix(call, "GET") && !strings.HasSuffix(call, "/")
	case permittest.NoCount, permittest.LowCount, permittest.LeftOut:
		return call == "" || strings.HasSuffix(call, "role_assignments/bulk")
	}
	return true
}

// flawChooser chooses the flaw of the answer to a call.
type flawChooser = func(*http.Request) permittest.Flaw

// flawAt returns flaws for a server: the nth calls of that kind, counted from 1,
// have the flaw; without any nth, all of them do. Where that is the call for one
// user, the list of users is empty, so that they are asked for one by one.
func flawAt(call string, flaw permittest.Flaw, nth ...int) flawChooser {
	var met atomic.Int64
	return func(r *http.Request) permittest.Flaw {
		short := shortRequest(r)
		is := short == call || call == "" || strings.HasSuffix(call, "/") && strings.HasPrefix(short, call)
		if is && (nth == nil || slices.Contains(nth, int(met.Add(1)))) {
			return flaw
		}
		if call == "GET F/users/" && short == "GET F/users" {
			return permittest.EmptyList
		}
		return ""
	}
}

// switched returns flaws that occur only while on is set.
func switched(on *atomic.Bool, flaws flawChooser) flawChooser {
	return func(r *http.Request) permittest.Flaw {
		if !on.Load() {
			return ""
		}
		return flaws(r)
	}
}

// eachFlaw runs do for every flaw at every kind of call: at all of them, at the
// first, or at the second; under -full each of the three.
func eachFlaw(t *testing.T, calls []string, do func(*testing.T, flawChooser)) {
	t.Helper()
	times := [][]int{nil, {1}, {2}}
	for i, flaw := range permittest.Flaws() {
		for j, call := range calls {
			if flaw == permittest.LeftOut { // apply does not look at counts yet
				continue
			}
			if !canHappen(flaw, call) || testing.Short() && call != "" {
				continue
			}
			some := times[(i+j)%3:][:1]
			if *full {
				some = times
			}
			for _, nth := range some {
				t.Run(fmt.Sprint(flaw, " at ", call, nth), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) { do(t, flawAt(call, flaw, nth...)) })
				})
			}
		}
	}
}

// patchwork returns an environment, what is asked of it, and what it is to be then.
// Of ten users two are new, four change, and four are as they are to be. Others have
// put something on each of the eight who are there. A role of three of them is to go
// under --roles replace.
func patchwork(replace bool) (before, asked, want permittest.State) {
	before.Roles = append(threeRoles(), permittest.Role{Key: "by-hand", Name: "By Hand"})
	before.Tenants = append(fourTenants(), permittest.Tenant{Key: "org_4", Name: "Old"})
	asked.Roles = append(threeRoles(), permittest.Role{Key: "new", Name: "New"})
	asked.Tenants = []permittest.Tenant{
		{Key: "org_1", Name: "Acme"}, {Key: "org_4", Name: "Dee"}, {Key: "org_5", Name: "Eff"},
	}
	want.Roles = append(slices.Clone(before.Roles), asked.Roles[3])
	want.Tenants = append(slices.Clone(before.Tenants), asked.Tenants[2])
	want.Tenants[4].Name = "Dee"
	for i := range 10 {
		key := fmt.Sprintf("u%d", i)
		u := permittest.User{Key: key, FirstName: "Ann", Attributes: map[string]any{"provider": "db"}}
		asked.Users = append(asked.Users, u)
		asked.Assignments = append(asked.Assignments, roleAssignments(key+" Admin org_1", key+" new org_5")...)
		if i >= 8 {
			want.Users = append(want.Users, u)
			continue
		}
		u.LastName, u.Attributes = "Lee", map[string]any{"provider": "db", "theme": "dark"}
		want.Users = append(want.Users, u)
		if i < 6 {
			u.FirstName = []string{"Anne", "Ann", "Anna"}[i%3]
		}
		before.Users = append(before.Users, u)
		before.Assignments = append(before.Assignments, roleAssignments(key+" by-hand org_4")...)
		if i%3 == 0 {
			before.Assignments = append(before.Assignments, roleAssignments(key+" Editor org_1")...)
		}
	}
	want.Assignments = slices.Clone(asked.Assignments)
	for _, a := range before.Assignments {
		if !replace || a.Role == "by-hand" {
			want.Assignments = append(want.Assignments, a)
		}
	}
	srv := permittest.New(permittest.Options{})
	srv.Seed(want)
	return before, asked, srv.State()
}

// Whatever is wrong with the answers to one kind of call: a load that says it is
// done has done it. Any other has put on stdout what is still to do, unless it has
// done nothing. Nothing is lost that this or the undo file does not bring back.
func TestFlawsOfEveryAnswerToALoad(t *testing.T) {
	t.Parallel()
	for _, replace := range []bool{false, true} {
		t.Run(fmt.Sprint("replace ", replace), func(t *testing.T) {
			t.Parallel()
			eachFlaw(t, callsOfLoads, func(t *testing.T, flaws flawChooser) { loadFlawed(t, replace, flaws) })
		})
	}
}

func loadFlawed(t *testing.T, replace bool, flaws flawChooser) {
	t.Helper()
	var on atomic.Bool
	on.Store(true)
	srv := permittest.New(permittest.Options{
		PageMax: 3, PutAssignments: permittest.Clear, Flaws: switched(&on, flaws),
	})
	before, asked, want := patchwork(replace)
	srv.Seed(before)
	before = srv.State()
	time.Sleep(time.Hour)
	prune := func(c *loadSettings) { c.replaceRoles = replace }
	input := func() string { return linesAsOf(asked, time.Now()) }

	got := load(t.Context(), srv, input(), prune)
	t.Logf("exit code %d: %v", got.code, got.err)
	if n := len(srv.Calls()); n > 2000 {
		t.Errorf("%d calls", n)
	}
	if got.code == tool.Done {
		wantState(t, srv, want)
	}
	if got.stdout == "" {
		if after := srv.State(); got.code != tool.Done && !reflect.DeepEqual(after, before) {
			t.Error("something was written, and nothing is on stdout")
		}
		got.stdout = input()
	}
	on.Store(false)
	time.Sleep(15 * time.Minute)
	wantReport(t, load(t.Context(), srv, got.stdout), tool.Done)
	loadUndoFile(t, srv, got)
	if replace { // by what is exported then
		time.Sleep(15 * time.Minute)
		wantReport(t, load(t.Context(), srv, input(), prune), tool.Done)
	}
	wantState(t, srv, want)
}

// Whatever is wrong with the answers to one kind of call: a removal that says it is
// done has deleted all. Whatever comes of it, the file of --undo brings back what
// went.
func TestFlawsOfEveryAnswerToARemoval(t *testing.T) {
	t.Parallel()
	eachFlaw(t, callsOfRemovals, removeFlawed)
}

func removeFlawed(t *testing.T, flaws flawChooser) {
	t.Helper()
	var on atomic.Bool
	on.Store(true)
	srv := permittest.New(permittest.Options{PageMax: 3, Flaws: switched(&on, flaws)})
	before, _, _ := patchwork(false)
	srv.Seed(before)
	before = srv.State()
	time.Sleep(time.Hour)
	// Six role assignments: where a page ends at a total that is too low, nothing can
	// tell.
	goes := linesFor(permittest.State{Users: before.Users[:4]})
	file := filepath.Join(t.TempDir(), "undo.jsonl")

	got := removeUsers(t.Context(), srv, goes, func(c *settings) { c.undo = file })
	t.Logf("exit code %d: %v", got.code, got.err)
	if n := len(srv.State().Users); got.code == tool.Done && n != len(before.Users)-4 {
		t.Errorf("%d users are left", n)
	}
	on.Store(false)
	time.Sleep(15 * time.Minute)
	if _, err := os.Stat(file); err == nil {
		wantReport(t, load(t.Context(), srv, readFile(t, file)), tool.Done)
	}
	wantState(t, srv, before)
}

// loadUndoFile loads the undo file that a run left behind, if it did.
func loadUndoFile(t *testing.T, srv *permittest.Server, got result) {
	t.Helper()
	if path, isLeft := undoPath(t, got); isLeft {
		wantReport(t, load(t.Context(), srv, readFile(t, path)), tool.Done)
	}
}
