package auth0test_test

import (
	"net/url"
	"testing"
	"time"

	"a0permit/internal/auth0/auth0test"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	tenant := newTenant(1500) // one user per minute from 1 January 2020 on
	tenant.Users[3].CreatedAt = tenant.Users[3].CreatedAt.Add(500*time.Millisecond + time.Microsecond)
	tenant.Users[7].Connection = "other"
	tenant.Users[9].CreatedAt = time.Time{}
	tenant.Users[11].UserMetadata = map[string]any{"plan": "gold"}
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
		{"everybody", `*`, "50 0 50 1500"},
		{"either", `email:"u5@example.com" OR user_id:"auth0|00006" OR name:nobody`, "2 0 50 2"},
		{"AND before OR", `identities.connection:other AND name:x OR email:u5@example.com`, "1 0 50 1"},
		{"wildcard", `email:u149*@example.com`, "11 0 50 11"},
		{"a dot is a dot", `email:u5@example.c.m`, "0 0 50 0"},
		{"who has a field", `_exists_:username`, "0 0 50 0"},
		{"who has metadata", `_exists_:user_metadata.plan`, "1 0 50 1"},
		{"metadata", `user_metadata.plan:"gold"`, "1 0 50 1"},
		{"a boolean", `email_verified:false AND name:"User 3"`, "1 0 50 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target := "users?include_totals=true"
			if tt.q != "" {
				target += "&q=" + url.QueryEscape(tt.q)
			}
			if got := pageShape(t, get(s, target).Body); got != tt.want {
				t.Errorf("q %s = %s, want %s", tt.q, got, tt.want)
			}
		})
	}
	more := []struct{ target, want string }{
		{"users?per_page=0&include_totals=true", `{"length":0,"limit":0,"start":0,"total":1500,"users":[]}`},
		{
			"users?fields=user_id&per_page=2&page=499&include_totals=true",
			`{"length":2,"limit":2,"start":998,"total":1500,"users":[{"user_id":"auth0|00998"},{"user_id":"auth0|00999"}]}`,
		},
		{"users?fields=user_id&sort=created_at:-1&per_page=1", `[{"user_id":"auth0|01499"}]`},
		{"users?fields=user_id&sort=email:1&per_page=2&page=1", `[{"user_id":"auth0|01001"},{"user_id":"auth0|01002"}]`},
		{"users?fields=user_id&connection=other&per_page=1", `[{"user_id":"auth0|00000"}]`}, // ignored by search engine 3
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
