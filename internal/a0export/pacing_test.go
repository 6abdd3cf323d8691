package a0export

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

var plans = map[string]auth0test.Limit{
	"Free": auth0test.Free, "Pro": auth0test.Pro, "Enterprise": auth0test.Enterprise,
}

// Under the published limits no call is refused, whenever in a second or minute the run
// begins and however long the answers take.
func TestLimitsOfThePlans(t *testing.T) {
	t.Parallel()
	tenant := manyRoles(0)
	for name, plan := range plans {
		for _, latency := range []time.Duration{0, 40 * time.Millisecond, 700 * time.Millisecond} {
			for _, offset := range []time.Duration{0, 990 * time.Millisecond, 31 * time.Second} {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(today.Add(offset)))
					s := auth0test.New(tenant, auth0test.Options{Limit: plan, Polls: 6})
					runOver(t.Context(), slowTransport(s, latency)).expect(t, 0)
					if n := count429(s); n > 0 {
						t.Errorf("%s, %v an answer, started %v later: %d of %d calls refused",
							name, latency, offset, n, len(s.Calls()))
					}
				})
			}
		}
	}
}

// The command itself keeps to a limit. It waits at most a second for it.
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

// If the limit, not the latency, sets the pace, an export takes at most a tenth longer
// than the limit requires, and no call is refused.
func TestPaceOfTheLimits(t *testing.T) {
	t.Parallel()
	limits := map[string]auth0test.Limit{
		"2 a second": auth0test.Free, "10 and 150 a minute": auth0test.Pro, "16 a second": auth0test.Enterprise,
		"50 a second": {Burst: 50, Count: 50, Per: time.Second},
	}
	roles, organizations := 150, 75
	if *full {
		roles, organizations = 600, 300
	}
	tenant := auth0test.Sample(300)
	tenant.Roles, tenant.Organizations = nil, nil
	for i := range roles {
		tenant.Roles = append(tenant.Roles, auth0test.Role{
			ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprint("Role ", i), Members: []string{tenant.Users[i%300].ID},
		})
	}
	for i := range organizations {
		tenant.Organizations = append(tenant.Organizations, auth0test.Organization{
			ID: fmt.Sprintf("org_%016d", i), Name: fmt.Sprint("o", i),
			Members: []auth0test.OrgMember{{UserID: tenant.Users[i].ID}},
		})
	}
	for name, limit := range limits {
		for _, latency := range []time.Duration{5 * time.Millisecond, 80 * time.Millisecond, 200 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(today.Add(300 * time.Millisecond)))
				s := auth0test.New(tenant, auth0test.Options{Limit: limit})
				start := time.Now()
				runOver(t.Context(), slowTransport(s, latency), "--organizations").expect(t, 0)
				took, calls := time.Since(start), len(s.Calls())-1 // the download goes to another host
				ideal := time.Duration(calls-limit.Burst) * limit.Per / time.Duration(limit.Count)
				if took > ideal*11/10+2*time.Second {
					t.Errorf("%s, %v an answer: %d calls took %v, and the limit allows %v", name, latency, calls, took, ideal)
				}
				if n := count429(s); n > 0 {
					t.Errorf("%s, %v an answer: %d calls were refused", name, latency, n)
				}
			})
		}
	}
}

// --max-rps holds even if the tenant allows more.
func TestMaxRPS(t *testing.T) {
	t.Parallel()
	for _, rps := range []float64{0.5, 4} {
		synctest.Test(t, func(t *testing.T) {
			s := auth0test.New(manyRoles(0), auth0test.Options{})
			runOver(t.Context(), slowTransport(s, 30*time.Millisecond), "--max-rps", fmt.Sprint(rps)).expect(t, 0)
			var calls []httpapitest.Call
			for _, call := range s.Calls() {
				if strings.HasPrefix(call.Path, "/api/") { // the download goes to another host
					calls = append(calls, call)
				}
			}
			least := time.Duration(float64(len(calls)-1) / rps * float64(time.Second))
			if took := calls[len(calls)-1].At.Sub(calls[0].At); took < least || took > least*105/100 {
				t.Errorf("%v a second: %d calls in %v", rps, len(calls), took)
			}
		})
	}
}

// The tenant's clock may differ from ours.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	for _, behind := range []time.Duration{
		-time.Hour, -1900 * time.Millisecond, -500 * time.Millisecond, -50 * time.Millisecond,
		50 * time.Millisecond, 700 * time.Millisecond, 1900 * time.Millisecond, time.Hour,
	} {
		for name, limit := range plans {
			for _, latency := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond} {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(time.Until(today.Add(300 * time.Millisecond)))
					s := auth0test.New(manyRoles(0), auth0test.Options{
						Limit: limit, Clock: httpapitest.NewClockAt(time.Now().Add(-behind), 1),
					})
					start := time.Now()
					runOver(t.Context(), slowTransport(s, latency)).expect(t, 0)
					calls := len(s.Calls()) - 1
					ideal := time.Duration(max(calls-limit.Burst, 0)) * limit.Per / time.Duration(limit.Count)
					if took := time.Since(start); took > ideal*11/10+4*time.Second {
						t.Errorf("%s, %v behind, %v an answer: took %v, and the limit allows %v",
							name, behind, latency, took, ideal)
					}
					if n := count429(s); n > 1 {
						t.Errorf("%s, %v behind, %v an answer: %d calls were refused", name, behind, latency, n)
					}
				})
			}
		}
	}
}

// The tenant is on the Free plan, with 2,000 users and as many roles as fit that plan.
func TestFreePlan(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(2000)
	tenant.Roles = tenant.Roles[1:6] // without Member, which most users hold
	latencies := []time.Duration{200 * time.Millisecond}
	if *full {
		latencies = append(latencies, 20*time.Millisecond)
	}
	for _, latency := range latencies {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(today))
			s := auth0test.New(tenant, auth0test.Options{NoJobs: true, Limit: auth0test.Free})
			start := time.Now()
			r := runOver(t.Context(), slowTransport(s, latency))
			r.expect(t, 0)
			if n := len(sortedRows(t, r)) - 1; n != 2000 {
				t.Errorf("%d users", n)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v for %d calls", took, len(s.Calls()))
			}
			if n := count429(s); n > 0 {
				t.Errorf("%d calls were refused", n)
			}
		})
	}
}
