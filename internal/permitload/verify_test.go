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

// --verify waits for late writes, whatever Permit does.
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

// --verify waits even if each list takes longer than its patience.
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
			loaded = loaded || shortRequest(r) == "PUT F/bulk/users"
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
		_, list, _ := strings.Cut(got.stderr, "Permit differs from what was loaded in 4 places:\n")
		differences := lines(
			"~ user bob", "+ user cid", "+ role assignment cid viewer org", "- role assignment ann viewer org",
			"verify did not look at: fields that lines do not name")
		if diff := cmp.Diff(differences, strings.ReplaceAll(list, "permitload: ", "")); diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("looked for %s", took)
		}
	})
}

// --verify does not ask for users whose lines failed.
func TestVerifyLeavesFailedLinesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{StrictEmails: true})
		have, input := bareUsers(150)
		srv.Seed(have)
		input = lines(`{"type":"user","key":"eve","email":"eve@acme.test"}`) + input
		got := load(t.Context(), srv, input, thenVerify)
		wantReport(t, got, tool.Rejected)
		if n := countCalls(srv, "GET F/users/eve"); n != 1 { // before the load
			t.Errorf("asked for %d times", n)
		}
		if !strings.Contains(got.stderr, "verified: Permit has what was loaded") {
			t.Errorf("stderr: %s", got.stderr)
		}
	})
}

// --verify does not trust a list of users that lacks some, and asks for them. Only what
// somebody else has deleted is a difference.
func TestVerifyDoesNotTrustAShortList(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				short := answerList("GET F/users", pages)
				loaded, meddled := false, false
				var srv *permittest.Server
				srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
					switch {
					case r.Method == http.MethodPut:
						loaded = true
					case loaded && !meddled:
						meddled = true
						deleteInPermit(t, srv, factsPath+"/users/u000120")
						fallthrough
					case loaded:
						return short(r)
					}
					return httpapitest.Fault{}
				}})
				_, input := bareUsers(150)
				got := load(t.Context(), srv, input, thenVerify)
				wantReport(t, got, tool.Rejected)
				if !strings.Contains(got.stderr, "Permit differs from what was loaded in 1 place:\npermitload: + user u000120\n") {
					t.Errorf("stderr: %s", got.stderr)
				}
			})
		})
	}
}

// --verify does not claim that nothing is left over if the list of role assignments is
// incomplete.
func TestVerifyOfReplacedRolesNeedsAWholeList(t *testing.T) {
	t.Parallel()
	for name, pages := range shortLists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				short, loaded := answerList("GET F/role_assignments", pages), false
				srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
					if loaded && r.Method == http.MethodGet {
						return short(r)
					}
					loaded = loaded || r.Method == http.MethodDelete
					return httpapitest.Fault{}
				}})
				srv.Seed(heldRoles(1050))
				time.Sleep(time.Hour)
				input := lines(`{"type":"role","key":"Admin"}`, `{"type":"user","key":"ann","role_assignments":[]}`) +
					fewTenantLines + endLineAt(time.Now())
				got := load(t.Context(), srv, input, replaceRoles, thenVerify)
				wantReport(t, got, tool.Stopped, "2 role assignments taken away")
				if strings.Contains(got.stderr, "verified") {
					t.Errorf("stderr: %s", got.stderr)
				}
			})
		})
	}
}
