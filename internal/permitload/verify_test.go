package permitload

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// --verify waits for late writes, whatever Permit turns out to be like.
func TestVerifyWaitsForLateWrites(t *testing.T) {
	t.Parallel()
	for name, o := range environments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(o)
				want := usersWithRoles(24)
				got := load(t.Context(), srv, linesFor(want), thenVerify)
				wantReport(t, got, tool.Done)
				if !strings.Contains(got.stderr, "verified: Permit has what was loaded") {
					t.Errorf("stderr: %s", got.stderr)
				}
				wantState(t, srv, want)
			})
		})
	}
}

// --verify waits also where each list takes longer than its patience.
func TestVerifyIsPatientWithSlowLists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Lag: 20 * time.Second})
		want := usersWithRoles(24)
		have := permittest.State{Roles: want.Roles}
		for _, u := range want.Users[:12] {
			have.Users = append(have.Users, permittest.User{Key: u.Key, FirstName: "Old"})
		}
		srv.Seed(have)
		put := false
		got := load(t.Context(), beforeEachCall(srv, func(r *http.Request, call string) {
			put = put || r.Method == http.MethodPut
			if put && call == "GET F/role_assignments" && !r.URL.Query().Has("user") {
				time.Sleep(61 * time.Second)
			}
		}), linesFor(want), thenVerify)
		wantReport(t, got, tool.Done)
	})
}

// --verify lists what somebody else has changed since the load.
func TestVerifyListsWhatDiffers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, loaded, meddled := time.Now(), false, false
		want := threeUsers("ann admin org", "cid viewer org")
		want.Users[1].FirstName = "Bob"
		theirs := permittest.State{
			Users:       []permittest.User{{Key: "bob", Email: "b@acme.example", FirstName: "Rob"}},
			Assignments: roleAssignments("ann viewer org"),
		}
		var srv *permittest.Server
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			loaded = loaded || shortRequest(r) == "POST F/role_assignments/bulk"
			if loaded && !meddled && shortRequest(r) == "GET S/roles" {
				meddled = true
				srv.SeedAt(began.Add(-time.Hour), theirs)
				deleteInPermit(t, srv, factsPath+"/users/cid")
			}
			return httpapitest.Fault{}
		}})
		srv.Seed(permittest.State{Roles: want.Roles, Tenants: want.Tenants})
		got := load(t.Context(), srv, linesAsOf(want, began), replaceRoles, thenVerify)
		wantReport(t, got, tool.Rejected)
		_, list, _ := strings.Cut(got.stderr, "4 differences between Permit and what was loaded\n")
		differences := lines(
			"~ user bob", "+ user cid", "+ role assignment cid viewer org", "- role assignment ann viewer org")
		if diff := cmp.Diff(differences, strings.ReplaceAll(list, "permitload: ", "")); diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("looked for %s", took)
		}
	})
}
