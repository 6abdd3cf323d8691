package a0export

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

// The export is Auth0's file, byte for byte, with one more column.
func TestExport(t *testing.T) {
	t.Parallel()
	const (
		header = "user_id,email,given_name,family_name,provider"
		ann    = `"'auth0|ann","'ann@acme.example","'Ann ""Nan""","''t Hooft","'Username-Password-Authentication"`
		bob    = `"'samlp|acme|bob@acme.example","'bob@acme.example","'Bob,` + "\n" + `Jr.",,"'acme"`
		sms    = `"'sms|5f7c8ec7",,,,"'sms"`
	)
	withoutRoles := strings.Join([]string{header, ann, bob, sms, ""}, "\n")
	withRoles := header + ",roles\n" +
		ann + `,"[""Admin"",""Viewer""]"` + "\n" + bob + `,"[""Viewer""]"` + "\n" + sms + ",[]\n"
	plain := `user_id,email,given_name,family_name,provider,roles
auth0|ann,ann@acme.example,"Ann ""Nan""",'t Hooft,Username-Password-Authentication,"[""Admin"",""Viewer""]"
samlp|acme|bob@acme.example,bob@acme.example,"Bob,
Jr.",,acme,"[""Viewer""]"
sms|5f7c8ec7,,,,sms,[]
`
	crlf := "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(plain, "\n", "\r\n"), "Bob,\r\n", "Bob,\n")
	const summary = "a0export: 3 users, 2 of them with roles, 3 roles in "
	tests := []struct {
		name    string
		options auth0test.Options
		args    []string
		want    string
		summary string
	}{
		{"roles", auth0test.Options{}, nil, withRoles, summary},
		{"pages of 50", auth0test.Options{PageMax: 50}, nil, withRoles, summary},
		{"an older tenant", auth0test.Options{NoRoleType: true}, nil, withRoles, "a0export: 3 users, "},
		{"no roles", auth0test.Options{}, []string{"--no-roles"}, withoutRoles, "a0export: 3 users in "},
		{"ids that are not escaped", auth0test.Options{Plain: true}, nil, plain, "2 of them with roles"},
		{"CRLF and BOM", auth0test.Options{Plain: true, CRLF: true, BOM: true}, nil, crlf, "2 of them with roles"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, auth0test.New(small(), tt.options), tt.args...)
			r.expect(t, 0, tt.summary, "a0export: export job job_")
			if diff := cmp.Diff(tt.want, r.csv(t)); diff != "" {
				t.Errorf("CSV (-want +got):\n%s", diff)
			}
		})
	}
}

// With --no-roles no call reads roles, so their scope is not needed.
func TestNoRolesAsksForNone(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Scopes: []string{"read:users"}})
	run(t, s, "--no-roles").expect(t, 0)
	for _, call := range s.Calls() {
		if strings.Contains(call.Path, "roles") {
			t.Errorf("called %s", call.Path)
		}
	}
}

func TestHoldersWhoAreNotInTheExport(t *testing.T) {
	t.Parallel()
	tenant := small()
	tenant.Roles[0].Members = append(tenant.Roles[0].Members, "auth0|new", "auth0|newer")
	tenant.Roles[1].Members = append(tenant.Roles[1].Members, "auth0|newer")
	run(t, auth0test.New(tenant, auth0test.Options{})).expect(t, 0,
		"a0export: warning: 2 users with roles not in the export", "3 users, 2 of them with roles")
	r := run(t, auth0test.New(small(), auth0test.Options{}))
	if r.expect(t, 0); strings.Contains(r.errs, "not in the export") {
		t.Errorf("a warning without a reason: %s", r.errs)
	}
}

// randomTenant returns a tenant of this size, with random roles and memberships.
func randomTenant(users, roles, organizations int) auth0test.Tenant {
	r := rand.New(rand.NewPCG(5, 8))
	tenant := auth0test.Tenant{Connections: []auth0test.Connection{
		{ID: "con_0000000000000001", Name: "c", Strategy: "auth0"},
	}}
	for i := range roles {
		tenant.Roles = append(tenant.Roles, auth0test.Role{
			ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprintf("Role %d, \"the\" best", i),
		})
	}
	for i := range organizations {
		tenant.Organizations = append(tenant.Organizations, auth0test.Organization{
			ID: fmt.Sprintf("org_%016d", i), Name: fmt.Sprint("o", i), DisplayName: fmt.Sprintf("O & <%d>", i),
		})
	}
	for i := range users {
		u := auth0test.User{
			ID: fmt.Sprintf("auth0|%024x", i), Email: fmt.Sprintf("u%d@acme.example", i), Connection: "c",
			CreatedAt: today.AddDate(-1, 0, 0),
		}
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

func (m membershipCell) isEqual(other membershipCell) bool {
	return m.ID == other.ID && m.Name == other.Name && m.DisplayName == other.DisplayName &&
		slices.Equal(m.Roles, other.Roles)
}

// expectCells checks every cell of an export with --organizations against its tenant.
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
	rows := parseCSV(t, r.csv(t))
	if len(rows) != len(tenant.Users)+1 {
		t.Fatalf("%d rows of %d users", len(rows), len(tenant.Users))
	}
	header := []string{"user_id", "email", "given_name", "family_name", "provider", "roles", "organizations"}
	if !slices.Equal(rows[0], header) {
		t.Fatalf("header %q", rows[0])
	}
	for i, u := range tenant.Users {
		row := rows[i+1]
		slices.Sort(roles[u.ID])
		var gotRoles []string
		var gotOrganizations []membershipCell
		if json.Unmarshal([]byte(row[5]), &gotRoles) != nil || json.Unmarshal([]byte(row[6]), &gotOrganizations) != nil {
			t.Fatalf("row %q", row)
		}
		if !slices.Equal(row[:5], []string{"'" + u.ID, "'" + u.Email, "", "", "'" + u.Connection}) ||
			!slices.Equal(gotRoles, roles[u.ID]) ||
			!slices.EqualFunc(gotOrganizations, organizations[u.ID], membershipCell.isEqual) {
			t.Fatalf("row %q, want %q and %+v", row, roles[u.ID], organizations[u.ID])
		}
	}
}

func TestEveryCell(t *testing.T) {
	t.Parallel()
	users := 5_000
	if *full {
		users = 200_000
	}
	tenant := randomTenant(users, 60, 40)
	r := runInBubble(t, auth0test.New(tenant, auth0test.Options{PageMax: 100}), "--organizations")
	r.expect(t, 0)
	expectCells(t, tenant, r)
}

// There are more organizations and members than offset pagination can reach.
func TestBeyondAThousand(t *testing.T) {
	t.Parallel()
	tenant := randomTenant(3000, 3, 1100)
	org := &tenant.Organizations[7]
	for _, u := range tenant.Users[:1500] {
		if !slices.ContainsFunc(org.Members, func(m auth0test.OrgMember) bool { return m.UserID == u.ID }) {
			org.Members = append(org.Members, auth0test.OrgMember{UserID: u.ID})
		}
	}
	for _, pageMax := range []int{50, 100} {
		r := runInBubble(t, auth0test.New(tenant, auth0test.Options{PageMax: pageMax}), "--organizations")
		r.expect(t, 0)
		expectCells(t, tenant, r)
	}
	thousand := small()
	thousand.Roles = nil
	for i := range 1000 {
		thousand.Roles = append(thousand.Roles, auth0test.Role{
			ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprint("Role ", i), Members: []string{thousand.Users[0].ID},
		})
	}
	for _, pageMax := range []int{50, 100} {
		r := runInBubble(t, auth0test.New(thousand, auth0test.Options{PageMax: pageMax}))
		r.expect(t, 0)
		if n := strings.Count(r.csv(t), "\"\"Role "); n != 1000 {
			t.Errorf("%d roles", n)
		}
	}
	thousand.Roles = append(thousand.Roles, auth0test.Role{ID: "rol_x", Name: "One more"})
	runInBubble(t, auth0test.New(thousand, auth0test.Options{})).expect(t, 1,
		"Auth0 says there are 1001 roles, but only 1000 can be read\n")
}
