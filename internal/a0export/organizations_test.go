package a0export

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// customers is small with organizations, one of whose roles is its own.
func customers() auth0test.Tenant {
	tenant := small()
	tenant.Roles = append(tenant.Roles, auth0test.Role{ID: "rol_DDDDDDDDDDDDDDDD", Name: "Guest", Type: "organization", Members: []string{"auth0|ann"}})
	tenant.Organizations = []auth0test.Organization{
		{ID: "org_B", Name: "acme", DisplayName: "Acme & \"Co\"", Members: []auth0test.OrgMember{
			{UserID: "auth0|ann", Roles: []string{"rol_DDDDDDDDDDDDDDDD", "rol_AAAAAAAAAAAAAAAA"}}, {UserID: "sms|5f7c8ec7"},
		}},
		{ID: "org_A", Name: "globex", Members: []auth0test.OrgMember{{UserID: "auth0|ann", Roles: []string{"rol_BBBBBBBBBBBBBBBB"}}, {UserID: "auth0|gone"}}},
	}
	return tenant
}

func TestOrganizations(t *testing.T) {
	t.Parallel()
	r := run(t, auth0test.New(customers(), auth0test.Options{}), "--organizations")
	r.expect(t, 0, "a0export: warning: 1 user with organizations not in the export", "3 users, 2 of them with roles, 3 roles; 2 in 2 organizations")
	var got [][]string
	for _, row := range parse(t, r.csv(t)) {
		got = append(got, row[5:])
	}
	want := [][]string{
		{"roles", "organizations"},
		{`["Admin","Viewer"]`, `[{"id":"org_B","name":"acme","display_name":"Acme & \"Co\"","roles":["Admin","Guest"]},{"id":"org_A","name":"globex","display_name":"","roles":["Viewer"]}]`},
		{`["Viewer"]`, "[]"},
		{"[]", `[{"id":"org_B","name":"acme","display_name":"Acme & \"Co\"","roles":[]}]`},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(r.errs, "stay behind") {
		t.Errorf("a warning of nothing: %s", r.errs)
	}
	only := run(t, auth0test.New(customers(), auth0test.Options{}), "--organizations", "--no-roles")
	only.expect(t, 0)
	if row := parse(t, only.csv(t))[0]; row[len(row)-1] != "organizations" || len(row) != 6 {
		t.Errorf("header %q", row)
	}
}

func TestOrganizationsThatStayBehind(t *testing.T) {
	t.Parallel()
	const warning = "a0export: warning: the tenant has organizations: the roles that members hold in them stay behind\na0export: hint: a0export --organizations takes them along\n"
	run(t, auth0test.New(customers(), auth0test.Options{})).expect(t, 0, warning)
	without := auth0test.Options{Scopes: []string{"read:users", "read:roles", "read:role_members"}}
	run(t, auth0test.New(customers(), without)).expect(t, 0, "a0export: warning: cannot see whether there are organizations", "read:organizations")
	for _, args := range [][]string{nil, {"--no-roles"}} {
		tenant := customers()
		if args == nil {
			tenant.Organizations = nil
		}
		r := run(t, auth0test.New(tenant, auth0test.Options{}), args...)
		if r.expect(t, 0); strings.Contains(r.errs, "stay behind") {
			t.Errorf("%v: a warning of nothing: %s", args, r.errs)
		}
	}
}

// Each scope that is missing is named.
func TestScopesOfOrganizations(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"read:organizations", "read:organization_members", "read:organization_member_roles"} {
		var scopes []string
		for _, scope := range auth0test.SafeScopes() {
			if scope != missing {
				scopes = append(scopes, scope)
			}
		}
		r := run(t, auth0test.New(customers(), auth0test.Options{Scopes: scopes}), "--organizations")
		r.expect(t, 1, "403", "a0export: hint: grant the application", missing)
	}
}

// Where Auth0 leaves the roles of members out, they are not known to be none.
func TestMembersWithoutAWordOfRoles(t *testing.T) {
	t.Parallel()
	s := auth0test.New(customers(), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if strings.HasSuffix(r.URL.Path, "/members") {
			return httpapitest.Fault{Status: 200, Body: `{"members":[{"user_id":"auth0|ann"}]}`}
		}
		return httpapitest.Fault{}
	}})
	run(t, s, "--organizations").expect(t, 1, "a0export: error: Auth0 says nothing of the roles that members of organizations hold\n", "a0export: hint: grant the application the scope read:organization_member_roles")
}

// B/membership is the memory that stays; the goal is 24.
func BenchmarkMembershipsMemory(b *testing.B) {
	for _, users := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				m := newMemberships()
				n := 0
				for o := range 40 {
					number := m.organization(auth0.Organization{ID: fmt.Sprint("org_", o), Name: fmt.Sprint("o", o)})
					for u := o % 3; u < users; u += 20 {
						m.add(number, auth0.Member{UserID: fmt.Sprintf("auth0|%024x", u), Roles: []auth0.Role{{Name: fmt.Sprint("Role ", o%7)}}})
						n++
					}
				}
				m.seal()
				b.ReportMetric((heap()-before)/float64(n), "B/membership")
				if m.users() == 0 {
					b.Fatal("nobody")
				}
			}
		})
	}
}
