package record_test

import (
	"testing"

	"a0permit/internal/record"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		key        string
		user, slug bool
	}{
		{"auth0|5f7c8ec7", true, false},
		{"samlp|acme|jane+x@corp.example", true, false},
		{"billing-viewer_2", true, true},
		{"Billing Viewer", false, false},
		{"a:b", false, false},
		{"a/b", false, false},
		{"josé", false, false},
		{"a\n", false, false},
		{"", false, false},
	}
	for _, tt := range tests {
		if got := record.UserKey(tt.key) == nil; got != tt.user {
			t.Errorf("UserKey(%q) ok = %v, want %v", tt.key, got, tt.user)
		}
		if got := record.RoleKey(tt.key) == nil; got != tt.slug {
			t.Errorf("RoleKey(%q) ok = %v, want %v", tt.key, got, tt.slug)
		}
		if got := record.TenantKey(tt.key) == nil; got != tt.slug {
			t.Errorf("TenantKey(%q) ok = %v, want %v", tt.key, got, tt.slug)
		}
	}
}

func TestValidEmail(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"jane@acme.com":            true,
		"Jane.O'Neil+x@acme.co.uk": true,
		"josé@acme.com":            true,
		"jane@münchen.example":     true,
		"jane":                     false,
		"jane@":                    false,
		"@acme.com":                false,
		"jane@localhost":           false,
		"jane@@acme.com":           false,
		"jane doe@acme.com":        false,
		"Jane <jane@acme.com>":     false,
		" jane@acme.com":           false,
		"jane@acme.com\n":          false,
		`"jane doe"@acme.com`:      false,
		"jane..doe@acme.com":       false,
		"jane@[127.0.0.1]":         false,
		"'jane@acme.com, x@y.com'": false,
	}
	for email, want := range tests {
		if got := record.ValidEmail(email); got != want {
			t.Errorf("ValidEmail(%q) = %v, want %v", email, got, want)
		}
	}
}

func TestUserValidate(t *testing.T) {
	t.Parallel()
	withRole := func(key, email, role, tenant string) record.User {
		assignments := []record.RoleAssignment{{Role: role, Tenant: tenant}}
		return record.User{Key: key, Email: email, RoleAssignments: assignments}
	}
	tests := []struct {
		name string
		user record.User
		want string
	}{
		{"good", withRole("auth0|1", "a@b.co", "Admin", "org_1"), ""},
		{"no key", record.User{}, "the key is missing"},
		{"email", record.User{Key: "a", Email: "x"}, "email: not an email address that Permit accepts"},
		{
			"role", withRole("a", "", "a b", ""),
			"role_assignments[0]: role key: Permit allows only letters, digits, - and _",
		},
		{
			"tenant", withRole("a", "", "a", "a b"),
			"role_assignments[0]: tenant key: Permit allows only letters, digits, - and _",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := tt.user.Validate(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Validate = %q, want %q", got, tt.want)
			}
		})
	}
}
