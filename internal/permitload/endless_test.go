package permitload

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// largeState returns a state of 350 users with attributes from others, each holding a
// role in one of 250 tenants.
func largeState() permittest.State {
	s, _ := bareUsers(350)
	s.Roles = threeRoles()
	for i := range 250 {
		s.Tenants = append(s.Tenants, permittest.Tenant{Key: fmt.Sprintf("t%04d", i), Name: "Tenant"})
	}
	for i := range s.Users {
		s.Users[i].Attributes = map[string]any{"theme": "dark"}
		s.Assignments = append(s.Assignments, permittest.Assignment{
			User: s.Users[i].Key, Role: s.Roles[i%3].Key, Tenant: s.Tenants[1+i%250].Key,
		})
	}
	return s
}

// A list that never ends, or has more items than it says, is given up, and what it does
// not show is asked for. No record is lost, and the number of calls is bounded. If the
// list is needed as a whole, the load stops before it writes.
func TestListsWithoutEnd(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"GET S/roles", "GET F/tenants", "GET F/users", "GET F/role_assignments"} {
		for _, flaw := range []permittest.Flaw{
			permittest.SamePage, permittest.NewPages, permittest.LowTotal, permittest.NoTotal,
		} {
			if call == "GET F/role_assignments" && flaw == permittest.NewPages {
				continue // no list shows what was made, so the load stops
			}
			t.Run(string(flaw)+" "+call, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := permittest.New(permittest.Options{
						PageMax: 100, AssignedPair: permittest.Skip, Flaws: faultOn(call, flaw),
					})
					have := largeState()
					srv.Seed(have)
					time.Sleep(time.Hour)
					want := largeState()
					want.Users = append(want.Users, permittest.User{Key: "zoe", FirstName: "Zoe"})
					want.Assignments = append(want.Assignments, roleAssignments("zoe Admin t0100")...)
					input := strings.ReplaceAll(linesAsOf(want, time.Now()), `"attributes":{"theme":"dark"},`, "")
					wantReport(t, load(t.Context(), srv, input), tool.Done)
					wantState(t, srv, want)
					if n := len(srv.Calls()); n > 1500 {
						t.Errorf("%d calls", n)
					}

					want.Users[300].FirstName = "Ann" // a write that may clear roles
					got := load(t.Context(), srv, linesAsOf(want, time.Now()))
					if call != "GET F/role_assignments" || flaw == permittest.SamePage { // one page shows all assignments of one user
						wantReport(t, got, tool.Done)
						wantState(t, srv, want)
						return
					}
					wantReport(t, got, tool.Stopped)
					want.Users[300].FirstName = ""
					wantState(t, srv, want)
				})
			})
		}
	}
}

// A server may grant smaller pages than it is asked for. A small page does not end a
// list, and is no fault.
func TestSmallPages(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 7, 50} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{PageMax: size})
			have := largeState()
			srv.Seed(have)
			time.Sleep(time.Hour)
			wantNoWrites(t, srv, func() {
				got := load(t.Context(), srv, linesAsOf(have, time.Now()), thenVerify)
				wantReport(t, got, tool.Done, "users: 350 unchanged")
				if strings.Contains(got.stderr, "asked for") {
					t.Errorf("pages of %d: %s", size, got.stderr)
				}
			})
			if n := countCalls(srv, http.MethodGet+" F/users/"); n > 0 {
				t.Errorf("pages of %d: %d users are asked for", size, n)
			}
		})
	}
}
