package permitload

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// What somebody else has made since the snapshot is left out of the second bulk call. The
// batch is not halved.
func TestRecordsMadeMeanwhileAreLeftOut(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"POST F/bulk/tenants", "POST F/role_assignments/bulk"} {
		synctest.Test(t, func(t *testing.T) {
			want := usersWithRoles(40)
			var theirs permittest.State
			for i := range 60 {
				key := fmt.Sprintf("org_%02d", i)
				want.Tenants = append(want.Tenants, permittest.Tenant{Key: key, Name: key})
			}
			theirs.Tenants = want.Tenants[30:31]
			if call != "POST F/bulk/tenants" {
				theirs = permittest.State{Assignments: want.Assignments[30:33]}
			}
			var srv *permittest.Server
			srv = permittest.New(permittest.Options{
				Inline: apart, Faults: onCall(call, func() { srv.Seed(theirs) }),
			})
			wantLoaded(t, srv, linesFor(want), want)
			if n := countBulkCalls(srv); n != 5 || countWrites(srv) != 5+3 {
				t.Errorf("%s: %d bulk calls and %d writes, want one more than 4, and 3 for roles", call, n, countWrites(srv))
			}
		})
	}
}

// Users who are deleted after the snapshot cost few calls. They are not taken for late,
// so nothing is waited for.
func TestUsersDeletedMeanwhileCostFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var srv *permittest.Server
		deleteFour := func() {
			for _, key := range []string{"u000017", "u000318", "u000500", "u000919"} {
				deleteInPermit(t, srv, factsPath+"/users/"+key)
			}
		}
		srv = permittest.New(permittest.Options{Faults: onCall("POST F/role_assignments/bulk", deleteFour)})
		want, _ := bareUsers(1000)
		want.Roles = threeRoles()[:1]
		srv.Seed(want)
		for _, u := range want.Users {
			want.Assignments = append(want.Assignments, roleAssignments(u.Key+" Admin default")...)
		}
		start := time.Now()
		got := load(t.Context(), srv, linesFor(want))
		wantReport(t, got, tool.Rejected)
		wantRejected(t, got,
			"u000017 NOT_FOUND", "u000318 NOT_FOUND", "u000500 NOT_FOUND", "u000919 NOT_FOUND")
		if n := len(srv.State().Assignments); n != 996 {
			t.Errorf("%d assignments", n)
		}
		if n := countBulkCalls(srv); n > 35 {
			t.Errorf("%d bulk calls, want at most 35", n)
		}
		if took := time.Since(start); took > 5*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// A role assignment that disappears while the list is read does not stop the load.
func TestAssignmentGoesWhileAssignmentsAreListed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Envelopes: true})
		want := usersWithRoles(2000)
		srv.Seed(want)
		deleted := false
		got := load(t.Context(), beforeEachCall(srv, func(r *http.Request, call string) {
			if call == "GET F/role_assignments" && r.URL.Query().Get("page") == "2" && !deleted {
				deleted = true
				deleteInPermit(t, srv, factsPath+"/users/auth0%7C000001")
			}
		}), linesFor(want))
		wantReport(t, got, tool.Done)
	})
}

// A user who is deleted between the snapshot and the write is created again.
func TestUserGoesBeforeItsAssignmentsAreAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var srv *permittest.Server
		srv = permittest.New(permittest.Options{
			UnknownFilter: 404,
			Faults: onCall("GET F/role_assignments", func() {
				deleteInPermit(t, srv, factsPath+"/users/auth0%7C000003")
			}),
		})
		want := usersWithRoles(40)
		have := permittest.State{Roles: want.Roles}
		for _, u := range want.Users {
			have.Users = append(have.Users, permittest.User{Key: u.Key, FirstName: "Old"})
		}
		srv.Seed(have)
		got := load(t.Context(), srv, linesFor(want))
		wantReport(t, got, tool.Done)
		wantState(t, srv, want)
	})
}

// A role that is taken away and given again during the load is younger than the input, so
// --roles replace leaves it.
func TestRoleGivenAgainMeanwhileStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var srv *permittest.Server
		giveAgain := func() {
			const admin = `{"user":"ann","role":"admin","tenant":"default"}`
			callPermit(t, srv, http.MethodDelete, factsPath+"/role_assignments", admin)
			time.Sleep(time.Minute)
			srv.Seed(permittest.State{Assignments: roleAssignments("ann admin default")})
		}
		srv = permittest.New(permittest.Options{Faults: onCall("PUT F/bulk/users", giveAgain)})
		srv.Seed(threeUsers("ann admin default"))
		time.Sleep(time.Hour)
		input := defaultTenantLine + roleLines + annWithoutRoles +
			lines(`{"type":"user","key":"bob","first_name":"Bob"}`) + endLineAt(time.Now())
		got := load(t.Context(), srv, input, replaceRoles)
		wantReport(t, got, tool.Done)
		if n := len(srv.State().Assignments); n != 1 {
			t.Errorf("%d assignments", n)
		}
	})
}
