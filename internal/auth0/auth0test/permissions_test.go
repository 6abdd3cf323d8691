package auth0test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

const billing = "https://billing.acme.example"

// tenantWithPermissions returns a tenant whose users hold permissions directly, by a
// role and by the role of a group.
func tenantWithPermissions() auth0test.Tenant {
	tenant := newTenant(3)
	tenant.APIs = []auth0test.API{
		{
			ID: "api1", Name: "Billing", Identifier: billing, RBAC: true, SigningSecret: "sesame",
			Scopes: []auth0test.Scope{{Value: "read:invoices", Description: "Read"}, {Value: "pay:invoices"}},
		},
		{ID: "api2", Name: "Auth0 Management API", Identifier: "https://acme.eu.auth0.com/api/v2/", IsSystem: true},
	}
	tenant.Roles[0].Permissions = []auth0test.Permission{{API: billing, Name: "read:invoices"}}
	tenant.Roles[0].Members = []string{"auth0|00000"}
	tenant.Roles = append(tenant.Roles, auth0test.Role{
		ID: "rol_G", Name: "By group", Permissions: []auth0test.Permission{{API: billing, Name: "pay:invoices"}},
	})
	tenant.Users[0].Permissions = []auth0test.Permission{{API: billing, Name: "read:invoices"}}
	tenant.Groups = []auth0test.Group{
		{
			ID: "grp_1", Name: "Payers", ConnectionID: conID, Roles: []string{"rol_G"},
			Members: []auth0test.GroupMember{{ID: "auth0|00001"}, {ID: "grp_2", IsGroup: true}},
		},
		{ID: "grp_2", Name: "Inner", Members: []auth0test.GroupMember{{ID: "auth0|00002"}}},
	}
	return tenant
}

func TestPermissionLists(t *testing.T) {
	t.Parallel()
	s := auth0test.New(tenantWithPermissions(), auth0test.Options{})
	const (
		read = `{"permission_name":"read:invoices","description":"Read","resource_server_name":"Billing",` +
			`"resource_server_identifier":"` + billing + `"`
		pay = `{"permission_name":"pay:invoices","description":"","resource_server_name":"Billing",` +
			`"resource_server_identifier":"` + billing + `"`
		someFields = "fields=id,identifier,is_system&include_fields=true"
	)
	effective := func(user string) string {
		return "users/auth0%7C" + user + "/effective-permissions?resource_server_identifier=" + url.QueryEscape(billing)
	}
	for target, want := range map[string]string{
		"roles/" + roleID + "/permissions": `[` + read + `}]`,
		"roles/" + roleID + "/permissions?include_totals=true&per_page=1": `{"limit":1,"permissions":[` + read +
			`}],"start":0,"total":1}`,
		"roles/rol_G/permissions": `[` + pay + `}]`,
		"resource-servers?" + someFields: `[{"id":"api1","identifier":"` + billing + `","is_system":false},` +
			`{"id":"api2","identifier":"https://acme.eu.auth0.com/api/v2/","is_system":true}]`,
		"resource-servers?per_page=1&page=1&include_totals=true&fields=id&include_fields=true": `{"limit":1,` +
			`"resource_servers":[{"id":"api2"}],"start":1,"total":2}`,
		"resource-servers?fields=id&include_fields=true&identifiers=" + url.QueryEscape(billing): `[{"id":"api1"}]`,
		"resource-servers/" + url.PathEscape(billing) + "?fields=id,signing_secret": `{"id":"api1",` +
			`"signing_secret":"sesame"}`,
		effective("00000"):                   `{"permissions":[` + read + `,"sources":["direct","roles"]}]}`,
		effective("00001"):                   `{"permissions":[` + pay + `,"sources":["roles"]}]}`,
		effective("00002"):                   `{"permissions":[]}`,
		"groups?take=5&name=Inner&fields=id": `{"groups":[{"id":"grp_2"}]}`,
		"groups?per_page=1&fields=id":        `[{"id":"grp_1"}]`,
		"roles/" + roleID + "/groups":        `{"groups":[]}`,
	} {
		if a := get(s, target); a.Status != http.StatusOK || a.Body != want {
			t.Errorf("GET %s = %d\n%s, want\n%s", target, a.Status, a.Body, want)
		}
	}
	members := get(s, "groups/grp_1/members").Body
	for _, want := range []string{
		`{"id":"auth0|00001","member_type":"user","type":"connection","connection_id":"` + conID + `",`,
		`{"id":"grp_2","member_type":"group",`, `"next":"`,
	} {
		if !strings.Contains(members, want) {
			t.Errorf("the members lack %s: %s", want, members)
		}
	}
	// A caller that does not filter the fields gets the secret.
	if a := get(s, "resource-servers"); !strings.Contains(a.Body, `"signing_secret":"sesame"`) {
		t.Errorf("no secret in %s", a.Body)
	}
	if a := get(s, "roles/rol_G/groups"); !strings.Contains(a.Body, `"id":"grp_1"`) || strings.Contains(a.Body, "grp_2") {
		t.Errorf("groups of a role: %s", a.Body)
	}
}

func TestPermissionRefusals(t *testing.T) {
	t.Parallel()
	eleven := strings.TrimSuffix(strings.Repeat("identifiers=x&", 11), "&")
	for _, tt := range []struct {
		target  string
		options auth0test.Options
		status  int
		want    string
	}{
		{"resource-servers?from=x", auth0test.Options{}, 400, "Additional properties not allowed: from"},
		{"resource-servers?per_page=101", auth0test.Options{}, 400, "greater than maximum 100"},
		{"resource-servers?page=10&per_page=100", auth0test.Options{}, 400, "invalid_paging"},
		{"resource-servers?" + eleven, auth0test.Options{}, 400, "identifiers"},
		{"resource-servers", withScopes("read:roles"), 403, "expected any of: read:resource_servers"},
		{"resource-servers/none", auth0test.Options{}, 404, "inexistent_resource_server"},
		{"roles/" + roleID + "/permissions", withScopes("read:users"), 403, "expected any of: read:roles"},
		{"roles/" + roleID + "/permissions?take=5", auth0test.Options{}, 400, "Additional properties not allowed: take"},
		{"roles/rol_X/permissions", auth0test.Options{}, 404, "inexistent_role"},
		{"roles?type=tenant", auth0test.Options{NoRoleType: true}, 400, "not allowed: type"},
		{"roles?type=organization", auth0test.Options{}, 400, "Missing required property: owner_id"},
		{
			"users/auth0%7C00000/effective-permissions",
			auth0test.Options{},
			400, "Missing required property: resource_server_identifier",
		},
		{
			"users/auth0%7C00000/effective-permissions?resource_server_identifier=x", withScopes("read:users"),
			403, "expected any of: read:user_effective_permissions",
		},
		{
			"users/auth0%7C00000/effective-permissions?resource_server_identifier=x&page=0",
			auth0test.Options{},
			400, "not allowed: page",
		},
		{
			"users/auth0%7C00000/effective-permissions?resource_server_identifier=x",
			auth0test.Options{},
			404, "inexistent_resource_server",
		},
		{"groups", withScopes("read:roles"), 403, "expected any of: read:groups"},
		{"groups", auth0test.Options{NoGroups: true}, 404, "feature_not_enabled"},
		{"roles/" + roleID + "/groups", withScopes("read:roles"), 403, "expected any of: read:group_roles"},
		{"roles/" + roleID + "/groups", auth0test.Options{NoGroups: true}, 404, "feature_not_enabled"},
		{"roles/" + roleID + "/groups?page=0", auth0test.Options{}, 400, "not allowed: page"},
		{"groups/grp_1/members", withScopes("read:groups"), 403, "expected any of: read:group_members"},
		{"groups/grp_9/members", auth0test.Options{}, 404, "inexistent_group"},
	} {
		a := get(auth0test.New(tenantWithPermissions(), tt.options), tt.target)
		if a.Status != tt.status || !strings.Contains(a.Body, tt.want) {
			t.Errorf("GET %s = %d %s, want %d and %q", tt.target, a.Status, a.Body, tt.status, tt.want)
		}
	}
}

// A thousand permissions of a role take ten pages, or twenty if pages are small. No
// page beyond them can be read.
func TestManyPermissionsOfARole(t *testing.T) {
	t.Parallel()
	tenant := tenantWithPermissions()
	for i := range 1000 {
		p := auth0test.Permission{API: billing, Name: fmt.Sprintf("do:%d", i)}
		tenant.Roles[1].Permissions = append(tenant.Roles[1].Permissions, p)
	}
	s := auth0test.New(tenant, auth0test.Options{PageMax: 50})
	a := get(s, "roles/rol_G/permissions?include_totals=true&per_page=100&page=19").object(t)
	if rows, _ := a["permissions"].([]any); len(rows) != 50 || a["total"] != 1001. || a["limit"] != 50. {
		t.Errorf("the last page has %d of %v by %v", len(rows), a["total"], a["limit"])
	}
	if a := get(s, "roles/rol_G/permissions?per_page=100&page=20"); a.Status != http.StatusBadRequest {
		t.Errorf("page 20: %d", a.Status)
	}
}
