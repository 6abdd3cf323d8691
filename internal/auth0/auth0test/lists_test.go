package auth0test_test

import (
	"net/url"
	"testing"
	"time"

	"a0permit/internal/auth0/auth0test"
)

func TestLists(t *testing.T) {
	t.Parallel()
	tenant := crowd(2)
	tenant.Users[1].Email, tenant.Users[1].Picture = "", ""
	tenant.Roles[0].Members = append(tenant.Roles[0].Members, "auth0|stranger")
	tenant.Roles = append(tenant.Roles,
		auth0test.Role{ID: "rol_B", Name: "billing", Type: "tenant"},
		auth0test.Role{ID: "rol_C", Name: "Org admin", Type: "organization"})
	tenant.Organizations[0].Members[1].Roles = nil
	tenant.Organizations = append(tenant.Organizations, auth0test.Organization{ID: "org_B", Name: "aaa"})
	tenant.Connections = append(tenant.Connections, auth0test.Connection{ID: "con_B", Name: "google", Strategy: "google-oauth2"})
	s := auth0test.New(tenant, auth0test.Options{})
	const (
		admin   = `{"id":"rol_AAAAAAAAAAAAAAAA","name":"Admin","description":"All"}`
		billing = `{"id":"rol_B","name":"billing","description":"","type":"tenant"}`
		org     = `{"id":"rol_C","name":"Org admin","description":"","type":"organization"}`
		members = "organizations/" + orgID + "/members"
	)
	tests := []struct{ target, want string }{
		{"roles", `[` + admin + `,` + billing + `,` + org + `]`},
		{"roles?include_totals=true&per_page=1&page=1", `{"limit":1,"roles":[` + billing + `],"start":1,"total":3}`},
		{"roles?type=tenant", `[` + admin + `,` + billing + `]`},
		{"roles?type=organization", `[` + org + `]`},
		{"roles?name_filter=ADMIN", `[` + admin + `,` + org + `]`},
		{
			"roles/" + roleID + "/users?include_totals=true", `{"limit":50,"start":0,"total":3,"users":[` +
				`{"user_id":"auth0|00000","email":"u0@example.com","picture":"https://s.example.com/p.png","name":"User 0"},` +
				`{"user_id":"auth0|00001","name":"User 1"},{"user_id":"auth0|stranger"}]}`,
		},
		{"roles/rol_B/users?take=5", `{"users":[]}`},
		{"organizations?take=5", `{"organizations":[{"id":"org_AAAAAAAAAAAAAAAA","name":"acme","display_name":"Acme"},{"id":"org_B","name":"aaa"}]}`},
		{"organizations?sort=name:1&per_page=1", `[{"id":"org_B","name":"aaa"}]`},
		{"organizations?sort=created_at:-1&per_page=1", `[{"id":"org_B","name":"aaa"}]`},
		{members + "?per_page=1", `[{"email":"u0@example.com","name":"User 0","picture":"https://s.example.com/p.png","user_id":"auth0|00000"}]`},
		{members + "?fields=user_id,roles&include_fields=true", `[{"roles":[{"id":"rol_AAAAAAAAAAAAAAAA","name":"Admin"}],"user_id":"auth0|00000"},{"roles":[],"user_id":"auth0|00001"}]`},
		{members + "?fields=email,picture,name,roles&include_fields=false", `[{"user_id":"auth0|00000"},{"user_id":"auth0|00001"}]`},
		{"connections?fields=id,name,strategy", `[{"id":"con_AAAAAAAAAAAAAAAA","name":"db","strategy":"auth0"},{"id":"con_B","name":"google","strategy":"google-oauth2"}]`},
		{"connections?strategy=google-oauth2&fields=id", `[{"id":"con_B"}]`},
		{"connections?name=db&fields=id", `[{"id":"con_AAAAAAAAAAAAAAAA"}]`},
		{"connections?name=db", `[{"enabled_clients":[],"id":"con_AAAAAAAAAAAAAAAA","name":"db","options":{},"realms":["db"],"strategy":"auth0"}]`},
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

func TestSearch(t *testing.T) {
	t.Parallel()
	tenant := crowd(1500) // one a minute from the first of January on
	tenant.Users[3].CreatedAt = tenant.Users[3].CreatedAt.Add(500*time.Millisecond + time.Microsecond)
	tenant.Users[7].Connection = "other"
	tenant.Users[9].CreatedAt = time.Time{}
	s := auth0test.New(tenant, auth0test.Options{})
	tests := []struct{ name, q, want string }{
		{"all, though no page reaches them", "", "50 0 50 1500"},
		{"open range", "created_at:[* TO *]", "50 0 50 1499"},
		{"inclusive", "created_at:[2020-01-01T00:00:00.000Z TO 2020-01-01T00:02:00.000Z]", "3 0 50 3"},
		{"exclusive", "created_at:{2020-01-01T00:00:00Z TO 2020-01-01T00:02:00Z}", "1 0 50 1"},
		{"half open", "created_at:[2020-01-01T00:00:00Z TO 2020-01-01T00:02:00Z}", "2 0 50 2"},
		{"milliseconds", "created_at:[2020-01-01T00:03:00.500Z TO 2020-01-01T00:03:00.500Z]", "1 0 50 1"},
		{"a day", "created_at:[2020-01-02 TO 2020-01-02]", "50 0 50 60"},
		{"up to a day", "created_at:[* TO 2020-01-02}", "50 0 50 1439"},
		{"after a day", "created_at:{2020-01-01 TO *]", "50 0 50 60"},
		{"connection", `identities.connection:"other"`, "1 0 50 1"},
		{"both", `identities.connection:"db" AND created_at:[2020-01-01T00:06:00Z TO 2020-01-01T00:08:00Z]`, "2 0 50 2"},
		{"email", `email:"u5@example.com"`, "1 0 50 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target := "users?include_totals=true"
			if tt.q != "" {
				target += "&q=" + url.QueryEscape(tt.q)
			}
			if got := shape(t, get(s, target).Body); got != tt.want {
				t.Errorf("q %s = %s, want %s", tt.q, got, tt.want)
			}
		})
	}
	more := []struct{ target, want string }{
		{"users?per_page=0&include_totals=true", `{"length":0,"limit":0,"start":0,"total":1500,"users":[]}`},
		{"users?fields=user_id&per_page=2&page=499&include_totals=true", `{"length":2,"limit":2,"start":998,"total":1500,"users":[{"user_id":"auth0|00998"},{"user_id":"auth0|00999"}]}`},
		{"users?fields=user_id&sort=created_at:-1&per_page=1", `[{"user_id":"auth0|01499"}]`},
		{"users?fields=user_id&sort=email:1&per_page=2&page=1", `[{"user_id":"auth0|01001"},{"user_id":"auth0|01002"}]`},
		{"users?fields=user_id&connection=other&per_page=1", `[{"user_id":"auth0|00000"}]`}, // ignored by the third engine
		{"users?per_page=1", `[{"created_at":"2020-01-01T00:00:00.000Z","email":"u0@example.com","email_verified":false,` +
			`"identities":[{"connection":"db","isSocial":false,"provider":"auth0","user_id":"00000"}],` +
			`"name":"User 0","picture":"https://s.example.com/p.png","user_id":"auth0|00000"}]`},
	}
	for _, tt := range more {
		if a := get(s, tt.target); a.Body != tt.want {
			t.Errorf("GET %s = %s, want %s", tt.target, a.Body, tt.want)
		}
	}
}
