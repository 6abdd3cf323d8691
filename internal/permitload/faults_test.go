package permitload

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// temporaryFaults are faults that a load has to get over.
var temporaryFaults = map[string]httpapitest.Fault{
	"lost":       {Lose: true},
	"cut":        {Cut: true},
	"429":        {Status: 429, Body: `{"error":"rate_limited","message":"You have exceeded the rate limit."}`},
	"429, timed": {Status: 429, RetryAfter: 7 * time.Second},
	"500":        {Status: 500, Body: `{"error_code":"UNEXPECTED_ERROR","message":"You did nothing wrong"}`},
	"502":        {Status: 502, Body: "<html>Bad Gateway</html>"},
	"503, timed": {Status: 503, RetryAfter: 30 * time.Second},
	"504":        {Status: 504},
	"408":        {Status: 408},
	"425":        {Status: 425},
	"concurrent": {Status: 409, Body: `{"error_code":"CONCURRENT_OPERATION_DISALLOWED"}`},
}

// Each call of a load meets each fault twice in a row. Nothing is lost or doubled, and a
// second load finds nothing to do.
func TestEachCallMeetsEachFault(t *testing.T) {
	t.Parallel()
	want := usersWithRoles(6)
	want.Tenants = append(want.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme"})
	want.Assignments[0].Tenant = "org_1"
	input := linesFor(want)
	for _, call := range []string{
		"GET /v2/api-key/scope", "GET S/roles", "GET F/tenants", "GET F/users",
		"POST S/roles", "POST F/bulk/tenants", "PUT F/bulk/users", "POST F/role_assignments/bulk",
	} {
		for name, fault := range temporaryFaults {
			t.Run(call+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := permittest.New(permittest.Options{Faults: faultOn(call, fault, 1, 2)})
					wantLoaded(t, srv, input, want)
				})
			})
		}
	}
}

// Every third answer is lost, over many small batches.
func TestManyLostAnswersLoseNothing(t *testing.T) {
	t.Parallel()
	for _, pair := range []permittest.Pair{permittest.Conflict, permittest.Skip} {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int64
			srv := permittest.New(permittest.Options{
				AssignedPair: pair, Lag: 3 * time.Second, AssignmentLag: 3 * time.Second,
				Caps: permittest.Caps{Users: 30, Assignments: 30}, Oversize: http.StatusRequestEntityTooLarge,
				Faults: func(*http.Request) httpapitest.Fault { return httpapitest.Fault{Lose: n.Add(1)%3 == 0} },
			})
			want := usersWithRoles(100)
			input := linesFor(want)
			wantReport(t, load(t.Context(), srv, input), tool.Done)
			wantState(t, srv, want)
			wantIdleReload(t, srv, input)
		})
	}
}

// The report counts an assignment once, however often it was sent.
func TestAssignmentsAreCountedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{
			Faults: faultOn("POST F/role_assignments/bulk", httpapitest.Fault{Lose: true}, 1, 2, 3),
		})
		want := usersWithRoles(140) // 105 of whom hold roles: more than can be asked for at once
		wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done,
			"users: 140 added; 210 role assignments added")
		if n := countBulkCalls(srv); n > 1+4 {
			t.Errorf("%d bulk calls", n)
		}
	})
}

// After a lost answer the batch is not halved: the list shows what was made.
func TestLostAnswerCostsFewCalls(t *testing.T) {
	t.Parallel()
	for _, call := range []string{
		"POST F/bulk/tenants", "PUT F/bulk/users", "POST F/role_assignments/bulk", "PUT S/bulk/roles",
	} {
		t.Run(call, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{Faults: faultOn(call, httpapitest.Fault{Lose: true}, 1)})
				want := usersWithRoles(2)
				for i := range 150 {
					key := fmt.Sprintf("org_%03d", i)
					want.Tenants = append(want.Tenants, permittest.Tenant{Key: key, Name: key})
					want.Roles = append(want.Roles, permittest.Role{Key: "r" + key, Name: key})
					want.Assignments = append(want.Assignments, roleAssignments(want.Users[1].Key+" Editor "+key)...)
				}
				slices.SortFunc(want.Roles, func(a, b permittest.Role) int { return strings.Compare(a.Key, b.Key) })
				wantLoaded(t, srv, linesFor(want), want)
				if n := countBulkCalls(srv); n > 5 || countWrites(srv) > n {
					t.Errorf("%d bulk calls and %d single ones, want one more than 4", n, countWrites(srv)-n)
				}
			})
		})
	}
}

// If the list shows late what was made, it is read again. That costs no bulk calls.
func TestLostAnswerAndLateListCostFewCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{
			AssignmentLag: 20 * time.Second,
			Faults:        faultOn("POST F/role_assignments/bulk", httpapitest.Fault{Lose: true}, 1),
		})
		want := usersWithRoles(1334)
		wantReport(t, load(t.Context(), srv, linesFor(want)), tool.Done)
		wantState(t, srv, want)
		bulk, all := countCalls(srv, "POST F/role_assignments/bulk"), countCalls(srv, "POST F/role_assignments")
		if bulk > 3 || all > bulk {
			t.Errorf("%d bulk calls, and %d in all", bulk, all)
		}
	})
}

// A rate limit below the published one is noticed and kept, and nothing is lost.
func TestLowerLimitThanPublishedIsKeptTo(t *testing.T) {
	t.Parallel()
	for _, timed := range []bool{false, true} {
		t.Run(strconv.FormatBool(timed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(permittest.Options{
					Inline: apart, RetryAfter: timed, ErrorBody429: permittest.Body429CloudPDP,
					Caps: permittest.Caps{Users: 10, Assignments: 10}, Oversize: http.StatusRequestEntityTooLarge,
					Limits: []permittest.Limit{
						{Class: permittest.ClassWrite, Calls: 10, Window: time.Minute},
						{Class: permittest.ClassAll, Calls: 20, Window: time.Minute},
					},
				})
				want := usersWithRoles(80)
				start := time.Now()
				wantLoaded(t, srv, linesFor(want), want)
				if srv.Refused() == 0 {
					t.Error("the limit was not felt")
				}
				if n := srv.Refused(); n > 30 {
					t.Errorf("%d answers of 429", n)
				}
				if took := time.Since(start) - 15*time.Minute; took > 30*time.Minute {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}

// A pause longer than --max-wait stops the load at once.
func TestPauseBeyondMaxWaitStopsTheLoad(t *testing.T) {
	t.Parallel()
	for call, rejected := range map[string]int{"PUT F/bulk/users": 0, "POST F/role_assignments/bulk": 7} {
		synctest.Test(t, func(t *testing.T) {
			longPause := httpapitest.Fault{Status: 429, RetryAfter: 20 * time.Hour}
			srv := permittest.New(permittest.Options{Inline: apart, Faults: faultOn(call, longPause, 1, 2, 3)})
			srv.Seed(permittest.State{Roles: threeRoles()})
			began := time.Now()
			got := load(t.Context(), srv, linesFor(usersWithRoles(10)))
			wantReport(t, got, tool.Stopped)
			if took := time.Since(began); took > 2*time.Hour {
				t.Errorf("waited %s", took)
			}
			if n := len(rejectedLines(t, got.stdout)); n != rejected {
				t.Errorf("%d lines rejected, want %d", n, rejected)
			}
		})
	}
}

// If a service stays away, the load gives up, and what was not loaded comes out.
func TestServiceThatStaysAwayIsGivenUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, call string
		fault      httpapitest.Fault
		rejected   int
	}{
		{"500 at the key", "GET /v2/api-key/scope", httpapitest.Fault{Status: 500}, 0},
		{"503 at the look", "GET F/users", httpapitest.Fault{Status: 503}, 0},
		{"500 at each write of users", "PUT F/", httpapitest.Fault{Status: 500}, 40},
		{"500 at each assignment", "POST F/role_assignments", httpapitest.Fault{Status: 500}, 30},
		{"503 at the assignments", "POST F/role_assignments/bulk", httpapitest.Fault{Status: 503}, 30},
		{"429 at the assignments", "POST F/role_assignments/bulk", httpapitest.Fault{Status: 429}, 30},
		{"no answers at the assignments", "POST F/role_assignments/bulk", httpapitest.Fault{Cut: true}, 30},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				away := true
				srv := permittest.New(permittest.Options{Inline: apart, Faults: func(r *http.Request) httpapitest.Fault {
					if away && strings.HasPrefix(shortRequest(r), tt.call) {
						return tt.fault
					}
					return httpapitest.Fault{}
				}})
				want := usersWithRoles(40)
				srv.Seed(permittest.State{Roles: want.Roles})
				start := time.Now()
				got := load(t.Context(), srv, linesFor(want))
				wantReport(t, got, tool.Stopped)
				if took := time.Since(start); took > 4*time.Hour {
					t.Errorf("took %s", took)
				}
				if n := len(rejectedLines(t, got.stdout)); n != tt.rejected {
					t.Errorf("%d lines rejected, want %d", n, tt.rejected)
				}
				tally := got.report.ledger.Tallies()["user"]
				if tt.rejected > 0 && (tally.NotLoaded != tt.rejected || tally.Loaded != 40-tt.rejected) {
					t.Errorf("the report says %+v", tally)
				}
				// The rejected lines are all that is left to do.
				away = false
				if tt.rejected > 0 {
					wantReport(t, load(t.Context(), srv, got.stdout), tool.Done)
					wantState(t, srv, want)
				}
			})
		})
	}
}

// If a service is away for an hour, the load waits. Nothing is lost or rejected.
func TestServiceAwayForAnHourIsWaitedFor(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]httpapitest.Fault{
		"no answers": {Cut: true}, "lost answers": {Lose: true}, "429": {Status: 429}, "503": {Status: 503},
		"502 of a proxy": {Status: 502, Body: "<html>"},
	} {
		for _, call := range []string{"GET F/users", "PUT F/bulk/users", "POST F/role_assignments/bulk"} {
			t.Run(name+" at "+call, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					var until time.Time
					srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
						if until.IsZero() && shortRequest(r) == call {
							until = time.Now().Add(time.Hour)
						}
						if time.Now().Before(until) {
							return fault
						}
						return httpapitest.Fault{}
					}})
					want := usersWithRoles(40)
					got := load(t.Context(), srv, linesFor(want))
					wantReport(t, got, tool.Done)
					wantState(t, srv, want)
					if n := len(srv.Calls()); n > 200 {
						t.Errorf("%d calls", n)
					}
				})
			})
		}
	}
}
