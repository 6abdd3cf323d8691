package a0export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// large is a tenant with so many users, who hold roles and memberships at
// random.
func large(users, roles, organizations int) auth0test.Tenant {
	r := rand.New(rand.NewPCG(5, 8))
	tenant := auth0test.Tenant{Connections: []auth0test.Connection{{ID: "con_0000000000000001", Name: "c", Strategy: "auth0"}}}
	for i := range roles {
		tenant.Roles = append(tenant.Roles, auth0test.Role{ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprintf("Role %d, \"the\" best", i)})
	}
	for i := range organizations {
		tenant.Organizations = append(tenant.Organizations, auth0test.Organization{ID: fmt.Sprintf("org_%016d", i), Name: fmt.Sprint("o", i), DisplayName: fmt.Sprintf("O & <%d>", i)})
	}
	for i := range users {
		u := auth0test.User{ID: fmt.Sprintf("auth0|%024x", i), Email: fmt.Sprintf("u%d@acme.example", i), Connection: "c", CreatedAt: today.AddDate(-1, 0, 0)}
		tenant.Users = append(tenant.Users, u)
		for range r.IntN(3) {
			role := &tenant.Roles[r.IntN(roles)]
			if n := len(role.Members); n == 0 || role.Members[n-1] != u.ID {
				role.Members = append(role.Members, u.ID)
			}
		}
		for range r.IntN(3) {
			o := &tenant.Organizations[r.IntN(organizations)]
			if n := len(o.Members); n > 0 && o.Members[n-1].UserID == u.ID {
				continue
			}
			m := auth0test.OrgMember{UserID: u.ID}
			for j := range r.IntN(3) {
				m.Roles = append(m.Roles, tenant.Roles[(i+j)%roles].ID)
			}
			o.Members = append(o.Members, m)
		}
	}
	return tenant
}

type membershipCell struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	DisplayName string   `json:"display_name"`
	Roles       []string `json:"roles"`
}

// expectCells holds every cell of an export with organizations against the
// tenant it came from.
func expectCells(t *testing.T, tenant auth0test.Tenant, r result) {
	t.Helper()
	names := map[string]string{}
	roles, organizations := map[string][]string{}, map[string][]membershipCell{}
	for _, role := range tenant.Roles {
		names[role.ID] = role.Name
		for _, id := range role.Members {
			roles[id] = append(roles[id], role.Name)
		}
	}
	for _, o := range tenant.Organizations {
		for _, m := range o.Members {
			cell := membershipCell{o.ID, o.Name, o.DisplayName, []string{}}
			for _, id := range m.Roles {
				cell.Roles = append(cell.Roles, names[id])
			}
			slices.Sort(cell.Roles)
			organizations[m.UserID] = append(organizations[m.UserID], cell)
		}
	}
	rows := parse(t, r.csv(t))
	if len(rows) != len(tenant.Users)+1 {
		t.Fatalf("%d rows of %d users", len(rows), len(tenant.Users))
	}
	if want := []string{"user_id", "email", "given_name", "family_name", "provider", "roles", "organizations"}; !slices.Equal(rows[0], want) {
		t.Fatalf("header %q", rows[0])
	}
	for i, u := range tenant.Users {
		row := rows[i+1]
		slices.Sort(roles[u.ID])
		wantRoles, wantOrganizations := roles[u.ID], organizations[u.ID]
		var gotRoles []string
		var gotOrganizations []membershipCell
		if json.Unmarshal([]byte(row[5]), &gotRoles) != nil || json.Unmarshal([]byte(row[6]), &gotOrganizations) != nil {
			t.Fatalf("row %q", row)
		}
		if !slices.Equal(row[:5], []string{"'" + u.ID, "'" + u.Email, "", "", "'" + u.Connection}) || !slices.Equal(gotRoles, wantRoles) ||
			!slices.EqualFunc(gotOrganizations, wantOrganizations, func(a, b membershipCell) bool {
				return a.ID == b.ID && a.Name == b.Name && a.DisplayName == b.DisplayName && slices.Equal(a.Roles, b.Roles)
			}) {
			t.Fatalf("row %q, want %q and %+v", row, wantRoles, wantOrganizations)
		}
	}
}

func TestEveryCell(t *testing.T) {
	t.Parallel()
	users := 200_000
	if testing.Short() {
		users = 5_000
	}
	tenant := large(users, 60, 40)
	r := runInBubbleOf(t, auth0test.New(tenant, auth0test.Options{PageMax: 100}), "--organizations")
	r.expect(t, 0)
	expectCells(t, tenant, r)
}

// runInBubbleOf is a run in a bubble of its own.
func runInBubbleOf(t *testing.T, tenant http.Handler, args ...string) (r result) {
	synctest.Test(t, func(t *testing.T) { r = runInBubble(t.Context(), tenant, args...) })
	return r
}

// More organizations and members than paging by number reaches.
func TestBeyondAThousand(t *testing.T) {
	t.Parallel()
	tenant := large(3000, 3, 1100)
	for _, u := range tenant.Users[:1500] {
		tenant.Organizations[7].Members = append(tenant.Organizations[7].Members[:0:0], tenant.Organizations[7].Members...)
		if !slices.ContainsFunc(tenant.Organizations[7].Members, func(m auth0test.OrgMember) bool { return m.UserID == u.ID }) {
			tenant.Organizations[7].Members = append(tenant.Organizations[7].Members, auth0test.OrgMember{UserID: u.ID})
		}
	}
	for _, pageMax := range []int{50, 100} {
		r := runInBubbleOf(t, auth0test.New(tenant, auth0test.Options{PageMax: pageMax}), "--organizations")
		r.expect(t, 0)
		expectCells(t, tenant, r)
	}
	full := small()
	full.Roles = nil
	for i := range 1000 {
		full.Roles = append(full.Roles, auth0test.Role{ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprint("Role ", i), Members: []string{full.Users[0].ID}})
	}
	for _, pageMax := range []int{50, 100} {
		r := runInBubbleOf(t, auth0test.New(full, auth0test.Options{PageMax: pageMax}))
		r.expect(t, 0)
		if n := strings.Count(r.csv(t), "\"\"Role "); n != 1000 {
			t.Errorf("%d roles", n)
		}
	}
	full.Roles = append(full.Roles, auth0test.Role{ID: "rol_x", Name: "One more"})
	runInBubbleOf(t, auth0test.New(full, auth0test.Options{})).expect(t, 1, "the tenant says it has 1001 roles, and only 1000 can be read\n")
}

// faulty fails a share of all calls, each in some way that passes.
func faulty(seed uint64) func(*http.Request) httpapitest.Fault {
	r := rand.New(rand.NewPCG(seed, 15))
	faults := []httpapitest.Fault{{Status: 500}, {Status: 502, Body: "<html>"}, {Status: 503}, {Status: 504}, {Cut: true}, {Lose: true}}
	var mu sync.Mutex
	return func(*http.Request) httpapitest.Fault {
		mu.Lock()
		defer mu.Unlock()
		if r.IntN(100) < 15 {
			return faults[r.IntN(len(faults))]
		}
		return httpapitest.Fault{}
	}
}

// Whatever goes wrong on the way, the same bytes come out.
func TestFaultsChangeNothing(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(3000)
	args := []string{"--organizations"}
	want := runInBubbleOf(t, auth0test.New(tenant, auth0test.Options{}), args...)
	want.expect(t, 0)
	seeds := uint64(12)
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		for _, ranges := range []bool{false, true} {
			got := runInBubbleOf(t, auth0test.New(tenant, auth0test.Options{
				Faults: faulty(seed), ExpireLinks: 2, CutDownload: 2, ServeRange: ranges, Polls: 5,
			}), args...)
			got.expect(t, 0)
			if got.code == 0 && !bytes.Equal(want.out[8:], got.out[8:]) { // bytes 4 to 7 are the time
				t.Errorf("seed %d: another export", seed)
			}
		}
	}
}

// A cut costs the rest of the file where the host gives out parts of it.
func TestCutDownloadsGoOn(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Sample(2000)
	want := runInBubbleOf(t, auth0test.New(tenant, auth0test.Options{}))
	for _, ranges := range []bool{false, true} {
		s := auth0test.New(tenant, auth0test.Options{CutDownload: 1, ServeRange: ranges})
		got := runInBubbleOf(t, s)
		got.expect(t, 0)
		if diff := cmp.Diff(want.csv(t), got.csv(t)); diff != "" {
			t.Error("another export")
		}
		parts := 0
		for _, call := range s.Calls() {
			if strings.HasPrefix(call.Path, "/exports/") {
				if call.Status == http.StatusPartialContent {
					parts++
				}
			}
		}
		if (parts == 1) != ranges {
			t.Errorf("ranges %v: the rest of the file was asked for %d times", ranges, parts)
		}
	}
}

// A file that has become another one is not continued.
func TestFileThatChanges(t *testing.T) {
	t.Parallel()
	n := 0
	r := runInBubbleOf(t, storage(auth0test.New(small(), auth0test.Options{}), func(w http.ResponseWriter, _ *http.Request) {
		n++
		_, _ = fmt.Fprintf(w, "user_id\nauth0|%d\n", n)
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
	}))
	r.expect(t, 1, "it is not the file that it was before\n", "a0export: hint: ")
}
