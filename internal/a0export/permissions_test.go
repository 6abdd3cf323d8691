package a0export

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

const (
	billing    = "https://billing.acme.example"
	management = "https://acme.eu.auth0.com/api/v2/"
	secret     = "sesame-signing-secret"
)

// withPermissions returns small with APIs, one of them Auth0's and two without
// RBAC, and roles with permissions.
func withPermissions() auth0test.Tenant {
	tenant := small()
	tenant.APIs = []auth0test.API{
		{ID: "api0", Name: "Auth0 Management API", Identifier: management, IsSystem: true},
		{ID: "api9", Name: "Odd one of Auth0's", Identifier: "urn:auth0-odd", IsSystem: true},
		{
			ID: "api1", Name: "Billing, \"the\" API", Identifier: billing, RBAC: true, SigningSecret: secret,
			Scopes: []auth0test.Scope{{Value: "read:invoices", Description: "Says \"<all>\""}, {Value: "a b"}},
		},
		{ID: "api2", Name: "Legacy", Identifier: "urn:legacy", SigningSecret: secret},
		{ID: "api3", Name: "Legacy", Identifier: "urn:legacy2", Scopes: []auth0test.Scope{{Value: "x"}}},
	}
	tenant.Roles[0].Permissions = []auth0test.Permission{
		{API: "urn:legacy2", Name: "x"},
		{API: billing, Name: "read:invoices"},
		{API: management, Name: "read:users"},
		{API: billing, Name: "a b"},
		{API: "urn:auth0-odd", Name: "y"},
	}
	tenant.Roles[1].Permissions = []auth0test.Permission{{API: management, Name: "read:users"}}
	return tenant
}

const (
	permittedAPIs = `resource_server_id,identifier,name,rbac,permissions
api1,https://billing.acme.example,"Billing, ""the"" API",true,` +
		`"[{""value"":""read:invoices"",""description"":""Says \""<all>\""""},{""value"":""a b"",""description"":""""}]"
api2,urn:legacy,Legacy,false,[]
api3,urn:legacy2,Legacy,false,"[{""value"":""x"",""description"":""""}]"
`
	rbacWarning = "a0export: warning: RBAC is off for 2 APIs: any user can get their permissions in Auth0, " +
		"but only through roles in Permit: Legacy (urn:legacy), Legacy (urn:legacy2)\n"
	directLine = "a0export: permissions given to users directly are not exported: Auth0 lists them only user by user\n"
)

// permission returns a permission as it appears in the cell of a role.
func permission(api, name string) string {
	return fmt.Sprintf(`{""resource_server_identifier"":""%s"",""permission_name"":""%s""}`, api, name)
}

func TestAPIsTable(t *testing.T) {
	t.Parallel()
	for _, pageMax := range []int{1, 100} {
		s := auth0test.New(withPermissions(), auth0test.Options{PageMax: pageMax, Scopes: []string{"read:resource_servers"}})
		r := runInBubble(t, s, "apis", "-vv")
		r.expect(t, 0, rbacWarning)
		if diff := cmp.Diff(permittedAPIs, r.csv(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if strings.Contains(r.errs, secret) {
			t.Errorf("the secret is printed:\n%s", r.errs)
		}
	}
	run(t, auth0test.New(small(), auth0test.Options{Scopes: without("read:resource_servers")})).expect(t, 0)
	address, stop := auth0test.New(withPermissions(), auth0test.Options{Scopes: without("read:resource_servers")}).Start()
	defer stop()
	runCommand(t.Context(), "apis", "--domain", address, "--token-file", tokenFile(t)).expect(t, 1,
		"GET /api/v2/resource-servers: 403", "hint: grant the application the scope read:resource_servers (")
}

// Permissions are sorted. Those on Auth0's own APIs are left out, as far as the export
// can tell.
func TestPermissionsOfRoles(t *testing.T) {
	t.Parallel()
	own := permission(billing, "a b") + "," + permission(billing, "read:invoices") + "," + permission("urn:legacy2", "x")
	s := auth0test.New(withPermissions(), auth0test.Options{Scopes: []string{"read:roles"}})
	r := runInBubble(t, s, "roles", "--permissions")
	r.expect(t, 0, directLine, "a0export: warning: 2 role permissions on Auth0's own APIs left out")
	want := "role_id,name,description,permissions\n" +
		`rol_BBBBBBBBBBBBBBBB,Viewer,,"[` + permission(billing, "a b") + "," + permission(billing, "read:invoices") + "," +
		permission("urn:auth0-odd", "y") + "," + permission("urn:legacy2", "x") + "]\"\n" +
		"rol_AAAAAAAAAAAAAAAA,Admin,,[]\nrol_CCCCCCCCCCCCCCCC,Nobody's,,[]\n"
	if diff := cmp.Diff(want, r.csv(t)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	all := run(t, auth0test.New(withPermissions(), auth0test.Options{}), "all", "-vv")
	all.expect(t, 0, directLine, rbacWarning, "a0export: warning: 3 role permissions on Auth0's own APIs left out",
		"3 users, 2 of them with roles, 3 roles with 3 permissions in ")
	if got := all.csv(t); !strings.Contains(got, `Viewer,,"[`+own+"]\"\n") || !strings.Contains(got, permittedAPIs) {
		t.Errorf("all:\n%s", got)
	}
	if strings.Contains(all.errs, secret) || strings.Contains(all.csv(t), secret) {
		t.Error("the secret is printed")
	}
}

// The table of roles reads only roles, and permissions only with --permissions.
func TestCallsOfTables(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{"roles": 1, "roles --permissions": 4, "apis": 1} {
		s := auth0test.New(withPermissions(), auth0test.Options{})
		runInBubble(t, s, strings.Fields(args)...).expect(t, 0)
		if n := len(s.Calls()); n != want {
			t.Errorf("%s: %d calls, want %d", args, n, want)
		}
	}
	r := runInBubble(t, auth0test.New(small(), auth0test.Options{}), "roles")
	if r.expect(t, 0); strings.Contains(r.errs, "permission") {
		t.Errorf("stderr mentions permissions: %s", r.errs)
	}
}

// More than a thousand roles are no problem if most belong to organizations.
func TestManyRolesOfOrganizations(t *testing.T) {
	t.Parallel()
	tenant := customers()
	for i := range 1200 {
		tenant.Roles = append(tenant.Roles, auth0test.Role{
			ID: fmt.Sprintf("rol_org%d", i), Name: "Admin", Type: "organization", Owner: "org_B",
		})
	}
	s := auth0test.New(tenant, auth0test.Options{})
	r := run(t, s, "all")
	r.expect(t, 0, "3 roles; 2 in 2 organizations")
	if got := r.csv(t); strings.Contains(got, "rol_org") || strings.Count(got, "\nrol_") != 3 {
		t.Errorf("roles of organizations in the table of roles:\n%.500s", got)
	}
}

// A role of an organization is exported with its id: another organization, or the
// tenant, may have a role of the same name.
func TestRolesOfOrganizationsInMemberships(t *testing.T) {
	t.Parallel()
	tenant := customers()
	tenant.Roles = append(tenant.Roles,
		auth0test.Role{ID: "rol_EEEEEEEEEEEEEEEE", Name: "Admin", Type: "organization", Owner: "org_B"},
		auth0test.Role{ID: "rol_FFFFFFFFFFFFFFFF", Name: "Admin", Type: "organization", Owner: "org_A"})
	tenant.Organizations[0].Members[0].Roles = append(tenant.Organizations[0].Members[0].Roles, "rol_EEEEEEEEEEEEEEEE")
	tenant.Organizations[1].Members[0].Roles = append(tenant.Organizations[1].Members[0].Roles, "rol_FFFFFFFFFFFFFFFF")
	want := `[{"id":"org_B","name":"acme","display_name":"Acme & \"Co\"","roles":["Admin",` +
		`{"id":"rol_EEEEEEEEEEEEEEEE","name":"Admin"},{"id":"rol_DDDDDDDDDDDDDDDD","name":"Guest"}]},` +
		`{"id":"org_A","name":"globex","display_name":"","roles":[{"id":"rol_FFFFFFFFFFFFFFFF","name":"Admin"},"Viewer"]}]`
	for _, args := range [][]string{{"--organizations"}, {"all"}, {"--organizations", "--no-roles"}} {
		r := runInBubble(t, auth0test.New(tenant, auth0test.Options{}), args...)
		r.expect(t, 0)
		var got string
		for _, row := range parseCSV(t, r.csv(t)) {
			if row[0] == "'auth0|ann" {
				got = row[len(row)-1]
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", args, diff)
		}
	}
}
