package a0export

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// rowsOf are the rows of an export, in an order of their own: a job and a
// search list users differently.
func rowsOf(t *testing.T, r result) []string {
	t.Helper()
	if r.code != 0 {
		return nil
	}
	var rows []string
	for _, row := range parse(t, r.csv(t)) {
		rows = append(rows, strings.Join(row, "\x00"))
	}
	slices.Sort(rows)
	return rows
}

// The search finds what the job exports, cell by cell, in pages of either size.
func TestSearchIsTheJob(t *testing.T) {
	t.Parallel()
	args := []string{"--organizations", "--field", "user_metadata.consent.date=consent", "--field", "created_at", "--field", "logins_count", "--field", "blocked", "--field", "app_metadata", "--field", "identities[1].connection"}
	counts := []int{0, 1, 100, 999, 1000, 1001, 2500}
	if testing.Short() {
		counts = []int{0, 1, 1001}
	}
	for _, users := range counts {
		for _, pageMax := range []int{50, 100} {
			synctest.Test(t, func(t *testing.T) {
				tenant := auth0test.Sample(users)
				want := runInBubble(t.Context(), auth0test.New(tenant, auth0test.Options{}), args...)
				s := auth0test.New(tenant, auth0test.Options{NoJobs: true, PageMax: pageMax})
				got := runInBubble(t.Context(), s, args...)
				want.expect(t, 0)
				got.expect(t, 0, "a0export: warning: no export job: Auth0 says: Please upgrade your subscription to enable bulk user exports.\n")
				if diff := cmp.Diff(rowsOf(t, want), rowsOf(t, got)); diff != "" {
					t.Errorf("%d users by %d (-job +search):\n%s", users, pageMax, diff)
				}
			})
		}
	}
}

// crowdAt is so many users of each moment.
func crowdAt(each ...int) auth0test.Tenant {
	var tenant auth0test.Tenant
	for i, n := range each {
		for j := range n {
			tenant.Users = append(tenant.Users, auth0test.User{
				ID: fmt.Sprintf("auth0|%d-%d", i, j), Connection: "c", CreatedAt: today.Add(time.Duration(i)*time.Millisecond - time.Hour),
			})
		}
	}
	return tenant
}

func TestManyUsersOfOneMoment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		each []int
		code int
	}{
		{[]int{999}, 0},
		{[]int{1000}, 0},
		{[]int{1001}, 1},
		{[]int{1, 1000, 1}, 0},
		{[]int{1, 1000, 1000, 999, 3}, 0},
		{[]int{500, 600, 700}, 0},
		{[]int{999, 999, 2}, 0},
		{[]int{10, 1200, 10}, 1},
	}
	for _, tt := range tests {
		for _, pageMax := range []int{50, 100} {
			synctest.Test(t, func(t *testing.T) {
				tenant := crowdAt(tt.each...)
				r := runInBubble(t.Context(), auth0test.New(tenant, auth0test.Options{PageMax: pageMax}), "--source", "search")
				r.expect(t, tt.code)
				if tt.code == 1 {
					r.expect(t, 1, "users were created at the same moment, 2026-05-04T02:02:01", "and Auth0 lists 1,000 of them at most\n", "a0export: hint: export them in the Dashboard")
				} else if n := len(rowsOf(t, r)) - 1; n != len(tenant.Users) {
					t.Errorf("%v by %d: %d users, want %d", tt.each, pageMax, n, len(tenant.Users))
				}
			})
		}
	}
}

// Who comes and goes while the pages are read takes nobody along.
func TestTenantThatChangesUnderASearch(t *testing.T) {
	t.Parallel()
	calls := []int{2, 3, 7, 11, 12, 15}
	if testing.Short() {
		calls = []int{3, 13}
	}
	for _, at := range calls {
		for name, change := range map[string]func(*auth0test.Tenant){
			"the first is deleted": func(t *auth0test.Tenant) { t.Users = t.Users[1:] },
			"a hundred are":        func(t *auth0test.Tenant) { t.Users = t.Users[100:] },
			"one is created": func(t *auth0test.Tenant) {
				t.Users = append(t.Users, auth0test.User{ID: "auth0|new", CreatedAt: today.Add(time.Hour)})
			},
			"one for one": func(t *auth0test.Tenant) {
				t.Users = append(t.Users[1:], auth0test.User{ID: "auth0|new", CreatedAt: today.Add(time.Hour)})
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				var s *auth0test.Server
				n := 0
				s = auth0test.New(crowdAt(400, 400, 400, 300), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
					if r.URL.Path == "/api/v2/users" {
						if n++; n == at {
							s.Update(change)
						}
					}
					return httpapitest.Fault{}
				}})
				r := runInBubble(t.Context(), s, "--source", "search")
				r.expect(t, 0)
				rows := rowsOf(t, r)
				for _, u := range s.Tenant().Users {
					if u.ID != "auth0|new" && !slices.ContainsFunc(rows, func(row string) bool { return strings.HasPrefix(row, "'"+u.ID+"\x00") }) {
						t.Fatalf("%s at call %d: %s is lost", name, at, u.ID)
					}
				}
				if n := len(slices.Compact(slices.Clone(rows))); n != len(rows) {
					t.Errorf("%s at call %d: %d rows are doubled", name, at, len(rows)-n)
				}
			})
		}
	}
}

func TestSearchWithin(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(1300)
	s := auth0test.New(tenant, auth0test.Options{NoJobs: true})
	for _, limit := range []int{1, 1000, 1001} {
		r := run(t, s, "--limit", strconv.Itoa(limit))
		if n := len(rowsOf(t, r)) - 1; n != limit {
			t.Errorf("--limit %d: %d users: %s", limit, n, r.errs)
		}
	}
	jobs := auth0test.New(tenant, auth0test.Options{})
	for _, c := range tenant.Connections {
		want, got := run(t, jobs, "--connection", c.ID), run(t, s, "--connection", c.ID)
		if diff := cmp.Diff(rowsOf(t, want), rowsOf(t, got)); diff != "" || len(rowsOf(t, got)) < 10 {
			t.Errorf("%s (-job +search):\n%s", c.Name, diff)
		}
	}
	run(t, s, "--connection", "con_0000000000000009").expect(t, 1, "the tenant has no connection con_0000000000000009\n", "hint: a0export connections")
}

// A tenant on the Free plan with 2,000 users, whose roles the plan's size
// suggests.
func TestFreePlan(t *testing.T) {
	t.Parallel()
	for _, latency := range []time.Duration{20 * time.Millisecond, 200 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			tenant := auth0test.Sample(2000)
			tenant.Roles = tenant.Roles[1:6] // those that few hold
			s := auth0test.New(tenant, auth0test.Options{NoJobs: true, Limit: auth0test.Free})
			start := time.Now()
			r := runOver(t.Context(), slow(s, latency))
			start = later(start, today)
			r.expect(t, 0)
			if n := len(rowsOf(t, r)) - 1; n != 2000 {
				t.Errorf("%d users", n)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("took %v for %d calls", took, len(s.Calls()))
			}
			if n := refused(s); n > 0 {
				t.Errorf("%d calls were refused", n)
			}
		})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
