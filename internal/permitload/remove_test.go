package permitload

import (
	"strings"
	"testing"
	"testing/synctest"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

func TestRemoveDeletesUsers(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]permittest.Options{
		"strict": {}, "lost": {Faults: faultOn("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, 1)},
		"lost, unknown refused": {UnknownIdent: 404, Faults: faultOn("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, 1)},
		"small, by 403":         {Caps: permittest.Caps{Users: 110}}, "small, by 413": {Caps: permittest.Caps{Users: 7, Assignments: 7}, Oversize: 413},
		"small, lost, unknown refused": {
			Caps: permittest.Caps{Users: 70, Assignments: 70}, Oversize: 413, UnknownIdent: 404,
			Faults: faultOn("DELETE F/bulk/users", httpapitest.Fault{Lose: true}, 2, 4),
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
				wantCode(t, got, tool.Done)
				wantState(t, srv, stays)
				if says := "users: 250 in = 250 deleted + 0 unchanged + 0 not loaded"; !strings.Contains(got.report.String(), says) || got.report.ledger.Sums.Deleted != 250 {
					t.Errorf("report: %s", got.report)
				}
				if srv.Refused() > 0 {
					t.Errorf("%d answers of 429", srv.Refused())
				}
				again := removeUsers(t.Context(), srv, linesFor(goes))
				wantCode(t, again, tool.Done)
				if says := "users: 250 in = 0 deleted + 250 unchanged + 0 not loaded"; !strings.Contains(again.report.String(), says) {
					t.Errorf("report of the second time: %s", again.report)
				}
			})
		})
	}
}
