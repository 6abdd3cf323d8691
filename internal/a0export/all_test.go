package a0export

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// callsOf returns the number of calls by path, without polls and downloads.
func callsOf(s *auth0test.Server) map[string]int {
	n := map[string]int{}
	for _, call := range s.Calls() {
		if !strings.HasPrefix(call.Path, "/api/v2/jobs/job_") && !strings.HasPrefix(call.Path, "/exports/") {
			n[strings.TrimPrefix(call.Path, "/api/v2")]++
		}
	}
	return n
}

// a0export all writes what the single exports write, and reads each list once.
func TestAllIsTheSingleExportsTogether(t *testing.T) {
	t.Parallel()
	for _, options := range []auth0test.Options{{}, {BOM: true, CRLF: true}, {NoJobs: true}} {
		tenant := customers()
		tenant.APIs = withPermissions().APIs
		tenant.Roles[0].Permissions = withPermissions().Roles[0].Permissions[:4]
		s := auth0test.New(tenant, options)
		r := runInBubble(t, s, "all")
		r.expect(t, 0)
		var want strings.Builder
		for _, args := range [][]string{{"roles", "--permissions"}, {"apis"}, {"organizations"}, {"--organizations"}} {
			single := runInBubble(t, auth0test.New(tenant, options), args...)
			single.expect(t, 0)
			want.WriteString(single.csv(t))
		}
		if diff := cmp.Diff(want.String(), r.csv(t)); diff != "" {
			t.Errorf("BOM %v, no jobs %v (-want +got):\n%s", options.BOM, options.NoJobs, diff)
		}
		for _, path := range []string{"/roles", "/resource-servers", "/organizations"} {
			if n := callsOf(s)[path]; n != 1 {
				t.Errorf("%d calls of %s", n, path)
			}
		}
	}
}

func TestAllOfATenantWithoutOrganizations(t *testing.T) {
	t.Parallel()
	r := run(t, auth0test.New(small(), auth0test.Options{}), "all", "--limit", "2", "--field", "nickname")
	r.expect(t, 0, "a0export: 2 users, 2 of them with roles, 3 roles in ")
	lines := strings.Split(r.csv(t), "\n")
	want := []string{
		"role_id,name,description,permissions", "rol_BBBBBBBBBBBBBBBB,Viewer,,[]",
		"rol_AAAAAAAAAAAAAAAA,Admin,,[]", "rol_CCCCCCCCCCCCCCCC,Nobody's,,[]",
		"user_id,email,given_name,family_name,provider,nickname,roles,organizations",
	}
	if diff := cmp.Diff(want, lines[:5]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFlagsThatAllDoesNotTake(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{})
	for _, name := range []string{"--no-roles", "--organizations"} {
		run(t, s, "all", name).expect(t, 2,
			"a0export: error: a0export all always exports roles and organizations, so it takes no "+name+"\n",
			"a0export: hint: leave "+name+" out, or use it without all: a0export "+name+"\n")
	}
	if calls := s.Calls(); len(calls) > 0 {
		t.Errorf("called %s", calls[0].Path)
	}
}

// If only the scope of organizations is missing, the error names it and the hint says
// what works without it.
func TestAllWithoutTheScopesOfOrganizations(t *testing.T) {
	t.Parallel()
	scopes := slices.DeleteFunc(auth0test.SafeScopes(), func(s string) bool { return s == "read:organizations" })
	run(t, auth0test.New(customers(), auth0test.Options{Scopes: scopes}), "all").expect(t, 1,
		"a0export: error: GET /api/v2/organizations: 403", "a0export: hint: grant the application", "read:organizations",
		"a0export: hint: or leave organizations out: { a0export roles --permissions; a0export apis; a0export; }\n")
	run(t, auth0test.New(customers(), auth0test.Options{Scopes: without("read:resource_servers")}), "all").expect(t, 1,
		"a0export: error: GET /api/v2/resource-servers: 403", "hint: grant the application the scope read:resource_servers",
		"hint: or leave permissions out: { a0export roles; a0export organizations; a0export --organizations; }\n")
}

// The time is that of the oldest part: the roles, or an older job. If a run fails, its
// hint names the command.
func TestTimeOfAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		s := auth0test.New(customers(), auth0test.Options{Polls: 20})
		begin := time.Now()
		over := slowTransport(s, 2*time.Second)
		r := runOver(t.Context(), over, "all")
		r.expect(t, 0)
		if late := gzipTime(t, r).Sub(begin); late < 0 || late > 3*time.Second {
			t.Errorf("the time is %v after the beginning", late)
		}
		time.Sleep(time.Hour)
		again := runOver(t.Context(), over, "all", "--job", aJob)
		again.expect(t, 0)
		if at := gzipTime(t, again); at.Before(begin) || at.After(begin.Add(time.Minute)) {
			t.Errorf("the time of an old job is %v, which began at %v", at, begin)
		}
	})
	// The time of the roles is unknown.
	r := runInBubble(t, withoutDate(auth0test.New(small(), auth0test.Options{})), "all")
	r.expect(t, 0, noTimeWarning)
	if at := gzipTime(t, r); !at.IsZero() {
		t.Errorf("the time is %v", at)
	}
	refused := faultAt("/api/v2/organizations", httpapitest.Fault{Status: 400})
	runInBubble(t, auth0test.New(small(), auth0test.Options{Faults: refused}), "all").expect(t, 1,
		"a0export: hint: a0export all --job "+aJob+" goes on with the same job")
}
