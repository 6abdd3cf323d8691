package auth0test_test

import (
	"testing"

	"a0permit/internal/auth0/auth0test"
)

func TestLists(t *testing.T) {
	t.Parallel()
	tenant := newTenant(2)
	tenant.Users[1].Email, tenant.Users[1].Picture = "", ""
	tenant.Roles[0].Members = append(tenant.Roles[0].Members, "auth0|stranger")
	tenant.Roles = append(tenant.Roles,
		auth0test.Role{ID: "rol_B", Name: "billing", Type: "tenant"},
		auth0test.Role{ID: "rol_C", Name: "Org admin", Type: "organization", Owner: orgID})
	tenant.Organizations[0].Members[1].Roles = nil
	tenant.Organizations = append(tenant.Organizations, auth0test.Organization{ID: "org_B", Name: "aaa"})
	tenant.Connections = append(tenant.Connections,
		auth0test.Connection{ID: "con_B", Name: "google", Strategy: "google-oauth2"})
	s := auth0test.New(tenant, auth0test.Options{})
	const (
		admin   = `{"id":"rol_AAAAAAAAAAAAAAAA","name":"Admin","description":"All"}`
		billing = `{"id":"rol_B","name":"billing","description":"","type":"tenant"}`
		org     = `{"id":"rol_C","name":"Org admin","description":"","type":"organization","owner_id":"` + orgID + `"}`
		members = "organizations/" + orgID + "/members"
	)
	tests := []struct{ target, want string }{
		{"roles", `[` + admin + `,` + billing + `,` + org + `]`},
		{"roles?include_totals=true&per_page=1&page=1", `{"limit":1,"roles":[` + billing + `],"start":1,"total":3}`},
		{"roles?type=tenant", `[` + admin + `,` + billing + `]`},
		{"roles?type=organization&owner_id=" + orgID, `[` + org + `]`},
		{"roles?name_filter=ADMIN", `[` + admin + `,` + org + `]`},
		{
			"roles/" + roleID + "/users?include_totals=true", `{"limit":50,"start":0,"total":3,"users":[` +
				`{"user_id":"auth0|00000","email":"u0@example.com","picture":"https://s.example.com/p.png","name":"User 0"},` +
				`{"user_id":"auth0|00001","name":"User 1"},{"user_id":"auth0|stranger"}]}`,
		},
		{"roles/rol_B/users?take=5", `{"users":[]}`},
		{
			"organizations?take=5",
			`{"organizations":[{"id":"org_AAAAAAAAAAAAAAAA","name":"acme","display_name":"Acme"},{"id":"org_B","name":"aaa"}]}`,
		},
		{"organizations?sort=name:1&per_page=1", `[{"id":"org_B","name":"aaa"}]`},
		{"organizations?sort=created_at:-1&per_page=1", `[{"id":"org_B","name":"aaa"}]`},
		{
			members + "?per_page=1",
			`[{"email":"u0@example.com","name":"User 0","picture":"https://s.example.com/p.png","user_id":"auth0|00000"}]`,
		},
		{
			members + "?fields=user_id,roles&include_fields=true",
			`[{"roles":[{"id":"rol_AAAAAAAAAAAAAAAA","name":"Admin"}],"user_id":"auth0|00000"},` +
				`{"roles":[],"user_id":"auth0|00001"}]`,
		},
		{
			members + "?fields=email,picture,name,roles&include_fields=false",
			`[{"user_id":"auth0|00000"},{"user_id":"auth0|00001"}]`,
		},
		{
			"connections?fields=id,name,strategy",
			`[{"id":"con_AAAAAAAAAAAAAAAA","name":"db","strategy":"auth0"},` +
				`{"id":"con_B","name":"google","strategy":"google-oauth2"}]`,
		},
		{"connections?strategy=google-oauth2&fields=id", `[{"id":"con_B"}]`},
		{
			"connections?strategy=google-oauth2&strategy=auth0&fields=id",
			`[{"id":"con_AAAAAAAAAAAAAAAA"},{"id":"con_B"}]`,
		},
		{"connections/con_B?fields=id,strategy", `{"id":"con_B","strategy":"google-oauth2"}`},
		{"roles/rol_B", billing},
		{"organizations/org_B", `{"id":"org_B","name":"aaa"}`},
		{members + "/auth0%7C00000/roles", `[` + admin + `]`},
		{members + "/auth0%7C00001/roles?include_totals=true", `{"limit":50,"roles":[],"start":0,"total":0}`},
		{"users/auth0%7C00001?fields=user_id,name", `{"name":"User 1","user_id":"auth0|00001"}`},
		{
			"users/auth0%7C00000/roles?page=0&per_page=25&include_totals=true",
			`{"limit":25,"roles":[` + admin + `],"start":0,"total":1}`,
		},
		{"users/auth0%7C00000/organizations", `[{"id":"org_AAAAAAAAAAAAAAAA","name":"acme","display_name":"Acme"}]`},
		{"users-by-email?email=u0@example.com&fields=user_id", `[{"user_id":"auth0|00000"}]`},
		{"users-by-email?email=U0@example.com", `[]`},
		{"connections?name=db&fields=id", `[{"id":"con_AAAAAAAAAAAAAAAA"}]`},
		{
			"connections?name=db",
			`[{"enabled_clients":[],"id":"con_AAAAAAAAAAAAAAAA","name":"db","options":{},"realms":["db"],"strategy":"auth0"}]`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			t.Parallel()
			if a := get(s, tt.target); a.Status != 200 || a.Body != tt.want {
				t.Errorf("GET %s = %d\n%s, want\n%s", tt.target, a.Status, a.Body, tt.want)
			}
		})
	}
}
