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

// --verify waits for late writes, and tells what another has changed meanwhile.
func TestVerifyWaitsForLateWrites(t *testing.T) {
	t.Parallel()
	for name, o := range environments() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(o)
				want := usersWithRoles(24)
				got := load(t.Context(), srv, linesFor(want), func(c *loadSettings) { c.verifies = true })
				wantCode(t, got, tool.Done)
				if !strings.Contains(got.say, "verified: Permit has what was loaded") {
					t.Errorf("stderr: %s", got.say)
				}
				wantState(t, srv, want)
			})
		})
	}
}

// Verify is patient, however long a look takes.
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
		}), linesFor(want), func(c *loadSettings) { c.verifies = true })
		wantCode(t, got, tool.Done)
	})
}

func TestVerifyListsWhatDiffers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began, loaded, meddled := time.Now(), false, false
		want := threeUsers("ann admin org", "cid viewer org")
		want.Users[1].FirstName = "Bob"
		var srv *permittest.Server
		srv = permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			loaded = loaded || shortCall(r.Method, r.URL.Path) == "POST F/role_assignments/bulk"
			if loaded && !meddled && shortCall(r.Method, r.URL.Path) == "GET S/roles" {
				meddled = true
				srv.SeedAt(began.Add(-time.Hour), permittest.State{Users: []permittest.User{{Key: "bob", Email: "b@acme.example", FirstName: "Rob"}}, Assignments: roleAssignments("ann viewer org")})
				deleteInPermit(t, srv, factsPath+"/users/cid")
			}
			return httpapitest.Fault{}
		}})
		srv.Seed(permittest.State{Roles: want.Roles, Tenants: want.Tenants})
		got := load(t.Context(), srv, strings.TrimSuffix(linesFor(want), endLine)+endLineAt(began), func(c *loadSettings) { c.verifies, c.replaceRoles = true, true })
		wantCode(t, got, tool.Rejected)
		_, list, _ := strings.Cut(got.say, "4 differences between Permit and what was loaded\n")
		diff := cmp.Diff("~ user bob\n+ user cid\n+ role assignment cid viewer org\n- role assignment ann viewer org\n", strings.ReplaceAll(list, "permitload: ", ""))
		if diff != "" {
			t.Errorf("the list (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("looked for %s", took)
		}
	})
}
