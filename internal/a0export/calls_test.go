package a0export

import (
	"fmt"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

// maxCallsOf returns how many calls an export may take, without polls: 4, at least one
// page of roles, and for each role its pages and one more. Groups take one call. If
// there are any, each role takes one more call, and each group with roles its pages and
// one more. everything adds the pages of APIs, of each role's permissions, and of
// organizations and their members.
func maxCallsOf(tenant auth0test.Tenant, pageMax int, everything bool) int {
	pages := func(n int) int { return (n + pageMax - 1) / pageMax }
	calls := 4 + max(1, pages(len(tenant.Roles))) + 1
	for _, role := range tenant.Roles {
		calls += pages(len(role.Members)) + 1
		if everything {
			calls += max(1, pages(len(role.Permissions)))
		}
		if len(tenant.Groups) > 0 {
			calls++
		}
	}
	for _, group := range tenant.Groups {
		if len(group.Roles) > 0 {
			calls += pages(len(group.Members)) + 1
		}
	}
	if everything {
		calls += max(1, pages(len(tenant.APIs))) + pages(len(tenant.Organizations)) + 1
		for _, org := range tenant.Organizations {
			calls += pages(len(org.Members)) + 1
		}
	}
	return calls
}

func TestCalls(t *testing.T) {
	t.Parallel()
	tenants := map[string]auth0test.Tenant{
		"empty": {}, "small": small(), "sample": auth0test.Sample(800), "many roles": manyRoles(60),
		"groups": withGroups(), "permissions": withPermissions(),
	}
	for name, tenant := range tenants {
		for i, pageMax := range []int{50, 100, 50, 100} {
			s := auth0test.New(tenant, auth0test.Options{PageMax: pageMax, Polls: 4})
			command := []string{"users", "all"}[i/2]
			runInBubble(t, s, command).expect(t, 0)
			calls, polls := 0, 0
			for _, call := range s.Calls() {
				if strings.HasPrefix(call.Path, "/api/v2/jobs/job_") {
					polls++
				} else {
					calls++
				}
			}
			if limit := maxCallsOf(tenant, pageMax, command == "all"); calls > limit || polls != 5 {
				t.Errorf("%s of %s by %d: %d calls and %d polls, want %d at most and 5",
					command, name, pageMax, calls, polls, limit)
			}
		}
	}
}

// BenchmarkCalls counts the calls of an export from a tenant like the sandbox's.
// Permit's script (Auth0 guide, step 3) makes one call per user for the user's roles,
// and one for the list of all roles.
func BenchmarkCalls(b *testing.B) {
	for _, users := range []int{1000, 10_000, 100_000} {
		for _, args := range [][]string{nil, {"--organizations"}, {"--source", "search"}} {
			name := fmt.Sprintf("users=%d/%s", users, strings.Join(args, "="))
			b.Run(name, func(b *testing.B) {
				if users > 10_000 && len(args) == 2 {
					b.Skip("the fake's search looks at every user for each page")
				}
				for b.Loop() {
					s := auth0test.New(auth0test.Sample(users), auth0test.Options{})
					if r := runHere(b.Context(), s, args...); r.code != 0 {
						b.Fatal(r.errs)
					}
					b.ReportMetric(float64(len(s.Calls())), "calls")
					b.ReportMetric(float64(len(s.Calls()))*1000/float64(users), "calls/1000_users")
				}
			})
		}
	}
}
