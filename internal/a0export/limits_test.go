package a0export

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// bound is how many calls an export may take, polls not counted: 4, the pages
// of roles, and for each role its pages and one more.
func bound(tenant auth0test.Tenant, pageMax int) int {
	pages := func(n int) int { return (n + pageMax - 1) / pageMax }
	calls := 4 + pages(len(tenant.Roles))
	for _, role := range tenant.Roles {
		calls += pages(len(role.Members)) + 1
	}
	return calls
}

// manyRoles is a tenant with more than a page of roles, whose export takes more
// calls than any plan lets through at once.
func manyRoles(members int) auth0test.Tenant {
	tenant := small()
	tenant.Roles = nil
	for i := range 110 {
		role := auth0test.Role{ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprintf("Team %d", i)}
		for j := range i % (members + 1) {
			role.Members = append(role.Members, fmt.Sprintf("auth0|%d", j))
		}
		tenant.Roles = append(tenant.Roles, role)
	}
	return tenant
}

func TestCalls(t *testing.T) {
	t.Parallel()
	tenants := map[string]auth0test.Tenant{
		"empty": {}, "small": small(), "sample": auth0test.Sample(800), "many roles": manyRoles(60),
	}
	for name, tenant := range tenants {
		for _, pageMax := range []int{50, 100} {
			synctest.Test(t, func(t *testing.T) {
				s := auth0test.New(tenant, auth0test.Options{PageMax: pageMax, Polls: 4})
				runInBubble(t.Context(), s).expect(t, 0)
				calls, polls := 0, 0
				for _, call := range s.Calls() {
					if strings.HasPrefix(call.Path, "/api/v2/jobs/job_") {
						polls++
					} else {
						calls++
					}
				}
				if limit := bound(tenant, pageMax); calls > limit || polls != 5 {
					t.Errorf("%s by %d: %d calls and %d polls, want %d at most and 5", name, pageMax, calls, polls, limit)
				}
			})
		}
	}
}

// Under the published limits no call is refused, wherever in the second or the
// minute the run begins and however long an answer takes.
func TestLimitsOfThePlans(t *testing.T) {
	t.Parallel()
	plans := map[string]auth0test.Limit{"Free": auth0test.Free, "Pro": auth0test.Pro, "Enterprise": auth0test.Enterprise}
	tenant := manyRoles(0)
	for name, plan := range plans {
		for _, latency := range []time.Duration{0, 40 * time.Millisecond, 700 * time.Millisecond} {
			for _, offset := range []time.Duration{0, 990 * time.Millisecond, 31 * time.Second} {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(today.Add(offset)))
					s := auth0test.New(tenant, auth0test.Options{Limit: plan, Polls: 6})
					runOver(t.Context(), slow(s, latency)).expect(t, 0)
					if n := refused(s); n > 0 {
						t.Errorf("%s, %v an answer, begun %v later: %d of %d calls refused", name, latency, offset, n, len(s.Calls()))
					}
				})
			}
		}
	}
}

// The command itself keeps to a limit, for which it waits a second at most.
func TestLimitByTheCommand(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Limit: auth0test.Limit{Burst: 7, Count: 7, Per: time.Second}})
	run(t, s).expect(t, 0)
	for i, call := range s.Calls() {
		if call.Status == http.StatusTooManyRequests {
			t.Errorf("call %d was refused", i)
		}
	}
}

// A 429 of another application's making, and a tenant that is away for a
// while, cost time and nothing else.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	faults := map[string]httpapitest.Fault{
		"429": {Status: 429, Body: `{"statusCode":429,"error":"Too Many Requests"}`}, "429 with a word": {Status: 429, RetryAfter: 30 * time.Second},
		"500": {Status: 500}, "503": {Status: 503}, "no answer": {Cut: true}, "lost answer": {Lose: true},
	}
	for name, fault := range faults {
		synctest.Test(t, func(t *testing.T) {
			var n atomic.Int32
			want := runInBubble(t.Context(), auth0test.New(manyRoles(1), auth0test.Options{}))
			s := auth0test.New(manyRoles(1), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if n.Add(1)%3 == 0 && strings.HasPrefix(r.URL.Path, "/api/") {
					return fault
				}
				return httpapitest.Fault{}
			}})
			got := runInBubble(t.Context(), s)
			got.expect(t, 0)
			if got.code == 0 && got.csv(t) != want.csv(t) {
				t.Errorf("%s: another export", name)
			}
		})
	}
}
