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

func TestOrganizations(t *testing.T) {
	t.Parallel()
	r := run(t, auth0test.New(customers(), auth0test.Options{}), "--organizations")
	r.expect(t, 0, "a0export: warning: 1 user with organizations not in the export",
		"3 users, 2 of them with roles, 3 roles; 2 in 2 organizations")
	var got [][]string
	for _, row := range parseCSV(t, r.csv(t)) {
		got = append(got, row[5:])
	}
	const (
		acme   = `{"id":"org_B","name":"acme","display_name":"Acme & \"Co\"","roles":`
		globex = `{"id":"org_A","name":"globex","display_name":"","roles":["Viewer"]}`
	)
	want := [][]string{
		{"roles", "organizations"},
		{`["Admin","Viewer"]`, "[" + acme + `["Admin",{"id":"rol_DDDDDDDDDDDDDDDD","name":"Guest"}]},` + globex + "]"},
		{`["Viewer"]`, "[]"},
		{"[]", "[" + acme + "[]}]"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(r.errs, "not exported") {
		t.Errorf("a warning without a reason: %s", r.errs)
	}
	withoutRoles := run(t, auth0test.New(customers(), auth0test.Options{}), "--organizations", "--no-roles")
	withoutRoles.expect(t, 0)
	if row := parseCSV(t, withoutRoles.csv(t))[0]; row[len(row)-1] != "organizations" || len(row) != 6 {
		t.Errorf("header %q", row)
	}
}

func TestOrganizationsThatStayBehind(t *testing.T) {
	t.Parallel()
	const warning = "a0export: warning: the tenant has organizations, and the roles held in them are not exported\n" +
		"a0export: hint: a0export --organizations exports them too\n"
	run(t, auth0test.New(customers(), auth0test.Options{})).expect(t, 0, warning)
	noScope := auth0test.Options{Scopes: []string{"read:users", "read:roles", "read:role_members"}}
	run(t, auth0test.New(customers(), noScope)).expect(t, 0,
		"a0export: warning: cannot see whether the tenant has organizations", "read:organizations")
	for _, args := range [][]string{nil, {"--no-roles"}} {
		tenant := customers()
		if args == nil {
			tenant.Organizations = nil
		}
		r := run(t, auth0test.New(tenant, auth0test.Options{}), args...)
		if r.expect(t, 0); strings.Contains(r.errs, "not exported") {
			t.Errorf("%v: a warning without a reason: %s", args, r.errs)
		}
	}
}

// A role of an organization is not exported as a tenant role.
func TestOrganizationRolesStayBehind(t *testing.T) {
	t.Parallel()
	tenant := small()
	tenant.Roles[0].Type, tenant.Roles[1].Type = "organization", "tenant"
	r := run(t, auth0test.New(tenant, auth0test.Options{}))
	r.expect(t, 0, "3 users, 1 of them with roles, 2 roles")
	if got := r.csv(t); strings.Contains(got, "Viewer") || !strings.Contains(got, `,"[""Admin""]"`) {
		t.Errorf("CSV %s", got)
	}
}

// The error names each missing scope.
func TestScopesOfOrganizations(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{
		"read:organizations", "read:organization_members", "read:organization_member_roles",
	} {
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

// If Auth0 does not send the roles of members, they are unknown, not empty.
func TestMembersWithoutRoles(t *testing.T) {
	t.Parallel()
	s := auth0test.New(customers(), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if strings.HasSuffix(r.URL.Path, "/members") {
			return httpapitest.Fault{Status: 200, Body: `{"members":[{"user_id":"auth0|ann"}]}`}
		}
		return httpapitest.Fault{}
	}})
	run(t, s, "--organizations").expect(t, 1,
		"a0export: error: Auth0 did not send the roles of organization members\n",
		"a0export: hint: grant the application the scope read:organization_member_roles")
}

// B/membership is the retained memory per membership. The goal is 24.
func BenchmarkMembershipsMemory(b *testing.B) {
	for _, users := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("users=%d", users), func(b *testing.B) {
			for b.Loop() {
				before := heapBytes()
				m := newMemberships(nil)
				n := 0
				for o := range 40 {
					number := m.organization(auth0.Organization{ID: fmt.Sprint("org_", o), Name: fmt.Sprint("o", o)})
					roles := []auth0.Role{{Name: fmt.Sprint("Role ", o%7)}}
					for u := o % 3; u < users; u += 20 {
						m.add(number, auth0.Member{UserID: fmt.Sprintf("auth0|%024x", u), Roles: roles})
						n++
					}
				}
				m.seal()
				b.ReportMetric((heapBytes()-before)/float64(n), "B/membership")
				if m.users() == 0 {
					b.Fatal("nobody")
				}
			}
		})
	}
}
