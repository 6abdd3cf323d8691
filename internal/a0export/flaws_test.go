package a0export

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// pagedTenant returns a tenant whose lists all take several pages of five.
func pagedTenant() auth0test.Tenant {
	tenant := randomTenant(13, 6, 7)
	everybody, all := &tenant.Roles[0], &tenant.Organizations[0]
	everybody.Members, all.Members = nil, nil
	group := auth0test.Group{ID: "grp_1", Roles: []string{tenant.Roles[1].ID}}
	tenant.Groups = []auth0test.Group{group}
	for i := range 7 {
		api := auth0test.API{ID: fmt.Sprint("api", i), Identifier: fmt.Sprint("urn:", i), RBAC: i > 0}
		tenant.APIs = append(tenant.APIs, api)
		everybody.Permissions = append(everybody.Permissions, auth0test.Permission{API: api.Identifier, Name: "do"})
	}
	for i := range tenant.Users {
		u := &tenant.Users[i]
		u.CreatedAt = today.AddDate(-1, 0, i*7%13)
		everybody.Members = append(everybody.Members, u.ID)
		tenant.Groups[0].Members = append(tenant.Groups[0].Members, auth0test.GroupMember{ID: u.ID})
		all.Members = append(all.Members, auth0test.OrgMember{UserID: u.ID, Roles: []string{tenant.Roles[1].ID}})
	}
	return tenant
}

// expectRightOrError checks that a run either failed or exported the rows in want.
func expectRightOrError(t *testing.T, what string, want []string, r result) {
	t.Helper()
	if r.code != 0 {
		r.expect(t, 1, "a0export: error: ")
		return
	}
	if diff := cmp.Diff(want, sortedRows(t, r)); diff != "" {
		t.Errorf("%s: exit code 0, but the export differs (-want +got):\n%.2000s\n%s", what, diff, r.errs)
	}
}

// If the answers to one kind of call are wrong, the export fails or is still right.
func TestFlawsOfEveryAnswer(t *testing.T) {
	t.Parallel()
	tenant := pagedTenant()
	want := sortedRows(t, runInBubble(t, auth0test.New(tenant, auth0test.Options{PageMax: 5}), "all"))
	calls := map[string]string{
		"everywhere": "", "roles": "/roles", "users": "/users", "organizations": "/organizations", "members": "/members",
		"permissions": "/permissions", "APIs": "/resource-servers", "groups": "/groups", "jobs": "/jobs/",
		"downloads": "/exports/",
	}
	if testing.Short() {
		calls = map[string]string{"everywhere": ""}
	}
	for _, flaw := range auth0test.Flaws() {
		for at, path := range calls {
			for _, source := range []string{"job", "search"} {
				s := auth0test.New(tenant, auth0test.Options{PageMax: 5, Flaws: func(r *http.Request) auth0test.Flaw {
					if strings.Contains(r.URL.Path, path) {
						return flaw
					}
					return ""
				}})
				r := runInBubble(t, s, "all", "--source", source)
				what := fmt.Sprintf("%s, %s, --source %s", flaw, at, source)
				expectRightOrError(t, what, want, r)
				if n := len(s.Calls()); n > 500 {
					t.Errorf("%s: %d calls", what, n)
				}
			}
		}
	}
}

// randomFlaws returns short faults and flaws, each for a few calls.
func randomFlaws(seed uint64) (func(*http.Request) httpapitest.Fault, func(*http.Request) auth0test.Flaw) {
	r := rand.New(rand.NewPCG(seed, 18))
	flaws := auth0test.Flaws()
	var mu sync.Mutex
	return randomFaults(seed), func(*http.Request) auth0test.Flaw {
		mu.Lock()
		defer mu.Unlock()
		if r.IntN(200) == 0 {
			return flaws[r.IntN(len(flaws))]
		}
		return ""
	}
}

// With occasional wrong answers and failing calls, the export fails or is still right.
func TestFlawsNowAndThen(t *testing.T) {
	t.Parallel()
	tenant := pagedTenant()
	want := sortedRows(t, runInBubble(t, auth0test.New(tenant, auth0test.Options{PageMax: 5}), "all"))
	seeds := uint64(40)
	if *full {
		seeds = 1000
	}
	right := 0
	for seed := range seeds {
		faults, flaws := randomFlaws(seed)
		s := auth0test.New(tenant, auth0test.Options{
			PageMax: 5, Faults: faults, Flaws: flaws, ServeRange: seed%2 == 0, CutDownload: 1,
		})
		source := []string{"job", "search"}[seed/2%2]
		r := runInBubble(t, s, "all", "--source", source)
		expectRightOrError(t, fmt.Sprintf("seed %d", seed), want, r)
		if r.code == 0 {
			right++
		}
	}
	if right == 0 || right == int(seeds) {
		t.Errorf("%d of %d exports were right", right, seeds)
	}
}
