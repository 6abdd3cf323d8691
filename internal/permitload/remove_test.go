package permitload

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// permitload remove deletes exactly the users of the input, even if batches are refused
// for their size or answers are lost.
func TestRemoveDeletesUsers(t *testing.T) {
	t.Parallel()
	loseAnswers := func(nth ...int) func(*http.Request) httpapitest.Fault {
		return faultOn("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, nth...)
	}
	for name, o := range map[string]permittest.Options{
		"strict":                {},
		"orphans are left":      {KeepOrphans: true},
		"lost":                  {Faults: loseAnswers(1)},
		"lost, unknown refused": {Faults: loseAnswers(1), UnknownIdent: 404},
		"small, by 403":         {Caps: permittest.Caps{Users: 110}},
		"small, by 413":         {Caps: permittest.Caps{Users: 7, Assignments: 7}, Oversize: 413},
		"small, lost, unknown refused": {
			Caps: permittest.Caps{Users: 70, Assignments: 70}, Oversize: 413,
			Faults: loseAnswers(2, 4), UnknownIdent: 404,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				have := usersWithRoles(300)
				srv := permittest.New(o)
				srv.Seed(have)
				goes := permittest.State{Users: have.Users[:250]}
				stays := permittest.State{Roles: have.Roles, Tenants: have.Tenants, Users: have.Users[250:]}
				for _, a := range have.Assignments {
					if a.User >= have.Users[250].Key {
						stays.Assignments = append(stays.Assignments, a)
					}
				}
				got := removeUsers(t.Context(), srv, linesFor(goes))
				wantReport(t, got, tool.Done, "users: 250 deleted")
				wantState(t, srv, stays)
				if n := got.report.ledger.Sums.Deleted; n != 250 {
					t.Errorf("%d users deleted, by the ledger", n)
				}
				if srv.Refused() > 0 {
					t.Errorf("%d answers of 429", srv.Refused())
				}
				wantReport(t, removeUsers(t.Context(), srv, linesFor(goes)), tool.Done,
					"users: 250 not in Permit")
			})
		})
	}
}

// Nobody is deleted if it is more than the limit, or if nobody says yes.
func TestRemoveIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		args       []string
		says, hint string
	}{
		{
			"nobody to ask",
			[]string{"remove", "--remove-limit", "100"},
			"to delete 1 user with 2 role assignments in environment Development (dev) needs a yes", "--yes",
		},
		{"more than the limit", []string{"remove", "--yes"}, "33.3% of the 3 in scope", "--remove-limit 34"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.SeedAt(time.Now().Add(-time.Hour), threeUsers("ann admin default", "ann viewer default"))
			got := run(t, srv, annWithoutRoles+endLine, tt.args...)
			wantExit(t, got, tool.Stopped, tt.says)
			wantNothingWritten(t, srv, got, tt.hint)
		})
	}
}

// Others delete users while the list is read, which pushes some out of sight. They are
// found and deleted.
func TestRemoveWhileUsersAreDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have, _ := bareUsers(150)
		srv.Seed(have)
		var input strings.Builder
		for i := range 20 {
			fmt.Fprintf(&input, `{"type":"user","key":%q}`+"\n", have.Users[100+i].Key)
			fmt.Fprintf(&input, `{"type":"user","key":"gone%d"}`+"\n", i)
		}
		others := 0
		busy := beforeEachCall(srv, func(r *http.Request, call string) {
			if call == "GET F/users" && r.URL.Query().Get("page") == "2" {
				deleteInPermit(t, srv, factsPath+"/users/"+have.Users[others].Key)
				others++
			}
		})
		wantReport(t, removeUsers(t.Context(), busy, input.String()+endLine), tool.Done,
			"users: 20 deleted, 20 not in Permit")
		if left := len(srv.State().Users) + others; left != 130 {
			t.Errorf("%d users are left or were deleted by others", left)
		}
	})
}

// If the answer to an unassignment is lost and the list fails, single calls find out.
func TestRemoveAfterALostAnswerAndAFailedLook(t *testing.T) {
	t.Parallel()
	lost := faultOn("DELETE F/role_assignments/bulk", httpapitest.Fault{Lose: true}, 1)
	synctest.Test(t, func(t *testing.T) {
		sent := false
		srv := permittest.New(permittest.Options{UnknownIdent: 404, Faults: func(r *http.Request) httpapitest.Fault {
			sent = sent || r.Method == http.MethodDelete
			if sent && shortRequest(r) == "GET F/role_assignments" {
				return httpapitest.Fault{Status: http.StatusNotImplemented}
			}
			return lost(r)
		}})
		have := permittest.State{Roles: threeRoles(), Users: []permittest.User{{Key: "ann"}}}
		have.Assignments = roleAssignments("ann Admin default")
		srv.Seed(have)
		wantReport(t, removeUsers(t.Context(), srv, `{"type":"user","key":"ann"}`+"\n"+endLine), tool.Done)
		if n := len(srv.State().Users); n > 0 {
			t.Errorf("%d users are left", n)
		}
	})
}
