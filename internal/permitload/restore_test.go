package permitload

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// serverThatClears returns an environment in which the PUT of a user clears its role
// assignments. It has n users, each with an assignment that no line mentions. The input
// changes all of them.
func serverThatClears(
	n int, o permittest.Options,
) (srv *permittest.Server, input string, held []permittest.Assignment) {
	o.PutAssignments = permittest.Clear
	srv = permittest.New(o)
	want := usersWithRoles(n)
	have := permittest.State{
		Roles:   append([]permittest.Role{{Key: "by-hand", Name: "By hand"}}, want.Roles...),
		Tenants: []permittest.Tenant{{Key: "org_1", Name: "Acme"}},
	}
	for _, u := range want.Users {
		have.Users = append(have.Users, permittest.User{Key: u.Key, FirstName: "Old"})
		have.Assignments = append(have.Assignments, roleAssignments(u.Key+" by-hand org_1")...)
	}
	srv.Seed(have)
	want.Assignments = nil
	return srv, linesFor(want), srv.State().Assignments
}

// What a PUT clears is assigned again in the same run.
func TestClearedAssignmentsAreRestored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, input, held := serverThatClears(250, permittest.Options{})
		wantReport(t, load(t.Context(), srv, input), tool.Done,
			"users: 250 changed", "250 role assignments put back")
		wantAssignments(t, srv, held)
		wantNoWrites(t, srv, func() { wantReport(t, load(t.Context(), srv, input), tool.Done) })
	})
}

// A bulk write may take effect late, and clear assignments only then.
func TestLateClearingIsRestored(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{10 * time.Second, 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			srv, input, held := serverThatClears(8, permittest.Options{Lag: lag})
			got := load(t.Context(), srv, input, thenVerify)
			wantReport(t, got, tool.Done, fmt.Sprintf("%d role assignments put back", len(held)))
			time.Sleep(time.Minute)
			wantAssignments(t, srv, held)
		})
	}
}

// A write that is not visible within a minute may still clear something. So users with
// assignments come out, together with what was cleared by then.
func TestWriteThatDoesNotShowIsNotLoaded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, input, held := serverThatClears(8, permittest.Options{Lag: 3 * time.Minute})
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Rejected, "users: 8 left over")
		time.Sleep(time.Hour)
		wantReport(t, load(t.Context(), srv, got.stdout), tool.Done, "8 role assignments added")
		wantAssignments(t, srv, held)
	})
}

// Users written by single calls are visible at once, and those of a bulk call late. The
// load waits for those, too, before it looks for what was cleared.
func TestLateClearingBesideSinglePutsIsRestored(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]httpapitest.Fault{"refused": {Status: 409}, "lost, then refused": {Lose: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				puts := 0
				srv, input, held := serverThatClears(60, permittest.Options{
					Lag: 10 * time.Second,
					Faults: func(r *http.Request) httpapitest.Fault {
						if shortRequest(r) != "PUT F/bulk/users" {
							return httpapitest.Fault{}
						}
						switch puts++; puts {
						case 1: // the whole batch; halves follow
							return httpapitest.Fault{Status: 409}
						case 3: // the second half
							return fault
						case 4: // single calls follow
							return httpapitest.Fault{Status: 409}
						}
						return httpapitest.Fault{}
					},
				})
				wantReport(t, load(t.Context(), srv, input), tool.Done, "60 role assignments put back")
				time.Sleep(time.Minute)
				wantAssignments(t, srv, held)
			})
		})
	}
}

// An interrupt or a lost answer during the PUT costs no assignment. Nothing is left to do
// after that PUT, so even the interrupted load is complete.
func TestRestoreAfterInterruptOrLostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		srv, input, held := serverThatClears(40, permittest.Options{Faults: onCall("PUT F/bulk/users", cancel)})
		wantReport(t, load(ctx, srv, input), tool.Done, "40 role assignments put back")
		wantAssignments(t, srv, held)
	})
	synctest.Test(t, func(t *testing.T) {
		loseAnswer := faultOn("PUT F/bulk/users", httpapitest.Fault{Lose: true}, 1)
		srv, input, held := serverThatClears(40, permittest.Options{Faults: loseAnswer})
		wantReport(t, load(t.Context(), srv, input), tool.Done, "40 role assignments put back")
		wantAssignments(t, srv, held)
	})
}

// A user who lost an assignment that Permit no longer accepts is rejected.
func TestUserWhoseRestoreIsRefusedIsRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, input, held := serverThatClears(3, permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method == http.MethodPost {
				return httpapitest.Fault{Status: http.StatusNotFound, Body: noRoleBody}
			}
			return httpapitest.Fault{}
		}})
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Rejected, "users: 3 left over")
		if n := len(rejectedLines(t, got.stdout)); n != len(held) {
			t.Errorf("%d lines rejected, want %d", n, len(held))
		}
	})
}

// If the load stops before it can restore, users are rejected with their assignments.
// Loading the lines makes them again.
func TestStopBeforeRestoreRejectsTheUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		written, revoked := false, true
		srv, input, held := serverThatClears(5, permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if written && revoked {
				return httpapitest.Fault{Status: 401}
			}
			written = written || r.Method == http.MethodPut
			return httpapitest.Fault{}
		}})
		got := load(t.Context(), srv, input)
		wantReport(t, got, tool.Stopped, "users: 5 left over")
		revoked = false
		wantReport(t, load(t.Context(), srv, got.stdout), tool.Done)
		wantAssignments(t, srv, held)
	})
}

// Permit lists assignments in the order of age, so those of one user may be apart. All
// that a PUT cleared comes out with the user.
func TestClearedAssignmentsOfAUserComeOutTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		written, away := false, true
		srv := permittest.New(permittest.Options{
			PutAssignments: permittest.Clear,
			Faults: func(r *http.Request) httpapitest.Fault {
				written = written || r.Method == http.MethodPut
				if written && away && shortRequest(r) == "GET F/role_assignments" {
					return httpapitest.Fault{Status: http.StatusNotImplemented}
				}
				return httpapitest.Fault{}
			},
		})
		have := permittest.State{Roles: threeRoles(), Users: []permittest.User{{Key: "ann"}, {Key: "bob"}}}
		have.Assignments = roleAssignments("ann Admin default", "bob Admin default")
		srv.Seed(have)
		time.Sleep(time.Second)
		srv.Seed(permittest.State{Assignments: roleAssignments("ann Editor default")})
		held := srv.State().Assignments
		input := lines(`{"type":"user","key":"ann","first_name":"Ann"}`, `{"type":"user","key":"bob","first_name":"Bob"}`)
		got := load(t.Context(), srv, input+endLine)
		wantReport(t, got, tool.Stopped)
		away = false
		wantReport(t, load(t.Context(), srv, got.stdout+endLine), tool.Done)
		wantAssignments(t, srv, held)
	})
}
