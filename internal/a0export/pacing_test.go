package a0export

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// An export that the limit and not its own calls holds up takes as long as the
// limit says, and a tenth more at most; and nothing is refused.
func TestPaceOfTheLimits(t *testing.T) {
	t.Parallel()
	limits := map[string]auth0test.Limit{
		"2 a second": auth0test.Free, "10 and 150 a minute": auth0test.Pro, "16 a second": auth0test.Enterprise,
		"50 a second": {Burst: 50, Count: 50, Per: time.Second},
	}
	tenant := auth0test.Sample(300)
	tenant.Roles, tenant.Organizations = nil, nil
	for i := range 600 {
		tenant.Roles = append(tenant.Roles, auth0test.Role{ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprint("Role ", i), Members: []string{tenant.Users[i%300].ID}})
	}
	for i := range 300 {
		tenant.Organizations = append(tenant.Organizations, auth0test.Organization{ID: fmt.Sprintf("org_%016d", i), Name: fmt.Sprint("o", i), Members: []auth0test.OrgMember{{UserID: tenant.Users[i].ID}}})
	}
	for name, limit := range limits {
		for _, latency := range []time.Duration{5 * time.Millisecond, 80 * time.Millisecond, 200 * time.Millisecond} {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(today.Add(300 * time.Millisecond)))
				s := auth0test.New(tenant, auth0test.Options{Limit: limit})
				start := time.Now()
				runOver(t.Context(), slow(s, latency), "--organizations").expect(t, 0)
				took, calls := time.Since(start), len(s.Calls())-1 // the download is another host's
				ideal := time.Duration(calls-limit.Burst) * limit.Per / time.Duration(limit.Count)
				if took > ideal*11/10+2*time.Second {
					t.Errorf("%s, %v an answer: %d calls took %v, and the limit allows %v", name, latency, calls, took, ideal)
				}
				if n := refused(s); n > 0 {
					t.Errorf("%s, %v an answer: %d calls were refused", name, latency, n)
				}
			})
		}
	}
}

// --max-rps holds whatever the tenant allows.
func TestMaxRPS(t *testing.T) {
	t.Parallel()
	for _, rps := range []float64{0.5, 4} {
		synctest.Test(t, func(t *testing.T) {
			s := auth0test.New(manyRoles(0), auth0test.Options{})
			runOver(t.Context(), slow(s, 30*time.Millisecond), "--max-rps", fmt.Sprint(rps)).expect(t, 0)
			var calls []httpapitest.Call
			for _, call := range s.Calls() {
				if strings.HasPrefix(call.Path, "/api/") { // the download is another host's
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
