package a0export

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// sortedRows returns the rows of an export, sorted, since a job and a search list users
// in different orders.
func sortedRows(t *testing.T, r result) []string {
	t.Helper()
	if r.code != 0 {
		return nil
	}
	var rows []string
	for _, row := range parseCSV(t, r.csv(t)) {
		rows = append(rows, strings.Join(row, "\x00"))
	}
	slices.Sort(rows)
	return rows
}

// The search exports the same cells as a job, with either page size.
func TestSearchIsTheJob(t *testing.T) {
	t.Parallel()
	args := []string{"--organizations"}
	for _, field := range []string{
		"user_metadata.consent.date=consent", "created_at", "logins_count", "blocked", "app_metadata",
		"identities[1].connection",
	} {
		args = append(args, "--field", field)
	}
	counts := []int{0, 1, 1001}
	if *full {
		counts = []int{0, 1, 100, 999, 1000, 1001, 2500}
	}
	for _, users := range counts {
		tenant := auth0test.Sample(users)
		want := runInBubble(t, auth0test.New(tenant, auth0test.Options{}), args...)
		want.expect(t, 0)
		for _, pageMax := range []int{50, 100} {
			got := runInBubble(t, auth0test.New(tenant, auth0test.Options{NoJobs: true, PageMax: pageMax}), args...)
			got.expect(t, 0, "a0export: warning: Auth0 started no export job: "+
				"Please upgrade your subscription to enable bulk user exports.\n")
			if diff := cmp.Diff(sortedRows(t, want), sortedRows(t, got)); diff != "" {
				t.Errorf("%d users by %d (-job +search):\n%s", users, pageMax, diff)
			}
		}
	}
}

// tenantByMoment returns a tenant with users created at several moments. counts is the
// number of users for each moment.
func tenantByMoment(counts ...int) auth0test.Tenant {
	var tenant auth0test.Tenant
	for i, n := range counts {
		for j := range n {
			tenant.Users = append(tenant.Users, auth0test.User{
				ID: fmt.Sprintf("auth0|%d-%d", i, j), Connection: "c",
				CreatedAt: today.Add(time.Duration(i)*time.Millisecond - time.Hour),
			})
		}
	}
	return tenant
}

func TestManyUsersOfOneMoment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		counts []int
		code   int
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
	sizes := []int{100}
	if *full {
		sizes = []int{50, 100}
	}
	for _, tt := range tests {
		for _, pageMax := range sizes {
			tenant := tenantByMoment(tt.counts...)
			r := runInBubble(t, auth0test.New(tenant, auth0test.Options{PageMax: pageMax}), "--source", "search")
			r.expect(t, tt.code)
			if tt.code == 1 {
				r.expect(t, 1, "users were created at the same moment, 2026-05-04T02:02:01",
					"but Auth0 lists at most 1,000 of them\n", "a0export: hint: export them in the Dashboard")
			} else if n := len(sortedRows(t, r)) - 1; n != len(tenant.Users) {
				t.Errorf("%v by %d: %d users, want %d", tt.counts, pageMax, n, len(tenant.Users))
			}
		}
	}
}

// A user who is created or deleted during the reading makes no other user go missing.
func TestTenantThatChangesUnderASearch(t *testing.T) {
	t.Parallel()
	calls := []int{3, 13}
	if *full {
		calls = []int{2, 3, 7, 11, 12, 13, 15}
	}
	late := auth0test.User{ID: "auth0|new", CreatedAt: today.Add(time.Hour)}
	for _, at := range calls {
		for name, change := range map[string]func(*auth0test.Tenant){
			"the first is deleted": func(t *auth0test.Tenant) { t.Users = t.Users[1:] },
			"a hundred are":        func(t *auth0test.Tenant) { t.Users = t.Users[100:] },
			"one is created":       func(t *auth0test.Tenant) { t.Users = append(t.Users, late) },
			"one for one":          func(t *auth0test.Tenant) { t.Users = append(t.Users[1:], late) },
		} {
			var s *auth0test.Server
			n := 0
			tenant := tenantByMoment(400, 400, 400, 300)
			s = auth0test.New(tenant, auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if r.URL.Path == "/api/v2/users" {
					if n++; n == at {
						s.Update(change)
					}
				}
				return httpapitest.Fault{}
			}})
			r := runInBubble(t, s, "--source", "search")
			r.expect(t, 0)
			rows := sortedRows(t, r)
			exported := map[string]bool{}
			for _, row := range rows {
				id, _, _ := strings.Cut(row, "\x00")
				exported[id] = true
			}
			for _, u := range s.Tenant().Users {
				if u.ID != "auth0|new" && !exported["'"+u.ID] {
					t.Fatalf("%s at call %d: %s is lost", name, at, u.ID)
				}
			}
			if n := len(slices.Compact(slices.Clone(rows))); n != len(rows) {
				t.Errorf("%s at call %d: %d rows are doubled", name, at, len(rows)-n)
			}
		}
	}
}

func TestSearchWithin(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(1300)
	s := auth0test.New(tenant, auth0test.Options{NoJobs: true})
	for _, limit := range []int{1, 1000, 1001} {
		r := runInBubble(t, s, "--limit", strconv.Itoa(limit))
		if n := len(sortedRows(t, r)) - 1; n != limit {
			t.Errorf("--limit %d: %d users: %s", limit, n, r.errs)
		}
	}
	jobs := auth0test.New(tenant, auth0test.Options{})
	for _, c := range tenant.Connections {
		want, got := runInBubble(t, jobs, "--connection", c.ID), runInBubble(t, s, "--connection", c.ID)
		if diff := cmp.Diff(sortedRows(t, want), sortedRows(t, got)); diff != "" || len(sortedRows(t, got)) < 10 {
			t.Errorf("%s (-job +search):\n%s", c.Name, diff)
		}
	}
	runInBubble(t, s, "--connection", "con_0000000000000009").expect(t, 1,
		"the tenant has no connection con_0000000000000009\n", "hint: a0export connections")
}

// A search that would silently miss a user is an error that says why.
func TestSearchesThatFindTooFew(t *testing.T) {
	t.Parallel()
	const hint = "a0export: hint: export them in the Dashboard"
	withoutTime := tenantByMoment(1, 1, 1, 1)
	withoutTime.Users[2].CreatedAt = time.Time{}
	newestFirst := tenantByMoment(3, 3, 3)
	slices.Reverse(newestFirst.Users)
	thousands := tenantByMoment(700, 700, 700)
	tests := []struct {
		name   string
		tenant auth0test.Tenant
		flaw   auth0test.Flaw
		want   []string
	}{
		{"one has no created_at", withoutTime, "", []string{"Auth0 finds only 3 of 4 users by created_at", hint}},
		{"created_at is null", tenantByMoment(3), auth0test.NoCreated, []string{"a user has no created_at", hint}},
		{
			"sort is ignored, oldest first", tenantByMoment(40, 40, 40), auth0test.NoSort,
			[]string{"Auth0 finds only 40 of 120 users by created_at", hint},
		},
		{
			"sort is ignored, newest first", newestFirst, auth0test.NoSort,
			[]string{"Auth0 did not sort the users by created_at"},
		},
		{"q is ignored", thousands, auth0test.NoQuery, []string{"Auth0 sent a user from outside the range of created_at"}},
		{"page is ignored", thousands, auth0test.SamePage, []string{"GET /users: Auth0 sends the same page again"}},
		{"no total", thousands, auth0test.NoTotal, []string{"GET /users: Auth0 does not say how many there are"}},
		{"a row is missing", thousands, auth0test.ShortList, []string{"GET /users: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := auth0test.New(tt.tenant, auth0test.Options{Flaws: func(r *http.Request) auth0test.Flaw {
				if r.URL.Path == "/api/v2/users" {
					return tt.flaw
				}
				return ""
			}})
			runInBubble(t, s, "--source", "search").expect(t, 1, tt.want...)
			if n := len(s.Calls()); n > 80 {
				t.Errorf("%d calls", n)
			}
		})
	}
}
