package permitload

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// permitload remove deletes the users of the input, and no others, also where
// batches are refused for their size or answers are lost.
func TestRemoveDeletesUsers(t *testing.T) {
	t.Parallel()
	loseAnswers := func(nth ...int) func(*http.Request) httpapitest.Fault {
		return faultOn("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, nth...)
	}
	for name, o := range map[string]permittest.Options{
		"strict":                {},
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
				wantReport(t, got, tool.Done, "users: 250 in = 250 deleted + 0 unchanged + 0 not loaded")
				wantState(t, srv, stays)
				if n := got.report.ledger.Sums.Deleted; n != 250 {
					t.Errorf("%d users deleted, by the ledger", n)
				}
				if srv.Refused() > 0 {
					t.Errorf("%d answers of 429", srv.Refused())
				}
				wantReport(t, removeUsers(t.Context(), srv, linesFor(goes)), tool.Done,
					"users: 250 in = 0 deleted + 250 unchanged + 0 not loaded")
			})
		})
	}
}

// Nobody is deleted where it is more than the limit, or where nobody says yes.
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
			"to delete 1 user with 2 role assignments needs a yes", "--yes",
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
