package e2e_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/permit/permittest"
)

// tenants are the tenants that auth0 can be started with.
var tenants = map[string]func() auth0test.Tenant{
	"awkward": awkward,
	"few":     few,
	"company": company,
	"twins":   twins,
	"strange": strange,
	"hostile": hostile,
	"grouped": grouped,
	"small":   func() auth0test.Tenant { return auth0test.Sample(40) },
	"sample":  func() auth0test.Tenant { return auth0test.Sample(2500) },
}

// events are what change can do to a tenant.
var events = map[string]func(*auth0test.Tenant){
	// Bob's account is deleted, and he signs up anew.
	"bob-signs-up-again": giveBobID("auth0|9"),
	// His old account is back, with the roles that the new one has.
	"bob-is-restored": giveBobID("auth0|2"),
	"ann-and-bob-swap-emails": func(t *auth0test.Tenant) {
		t.Users[0].Email, t.Users[1].Email = t.Users[1].Email, t.Users[0].Email
	},
	"bob-loses-admin": func(t *auth0test.Tenant) { t.Roles[0].Members = []string{"auth0|1"} },
	"tenant-wide-roles-end": func(t *auth0test.Tenant) {
		for i := range t.Roles {
			t.Roles[i].Members = nil
		}
	},
	"admin-is-renamed": func(t *auth0test.Tenant) { t.Roles[0].Name = "Administrator" },
	"acme-is-renamed":  func(t *auth0test.Tenant) { t.Organizations[0].DisplayName = "Acme International" },
	"billing-viewers-lose-reports": func(t *auth0test.Tenant) {
		for i := range t.Roles {
			if r := &t.Roles[i]; r.Name == "Billing Viewer" {
				r.Permissions = r.Permissions[:1]
			}
		}
	},
	"all-are-doe": func(t *auth0test.Tenant) {
		for i := range t.Users {
			t.Users[i].FamilyName = "Doe"
		}
	},
	"bob-gets-a-name": func(t *auth0test.Tenant) { t.Users[1].GivenName = "Robert" },
	"globex-comes": func(t *auth0test.Tenant) {
		t.Users = append(t.Users, user("auth0|4", "gus@globex.example", "Gus", "Globe", password))
		t.Organizations = append(t.Organizations, auth0test.Organization{
			ID: "org_0000000000000002", Name: "globex", DisplayName: "Globex",
			Members: []auth0test.OrgMember{
				{UserID: "auth0|4", Roles: []string{t.Roles[2].ID}},
				{UserID: "auth0|2", Roles: []string{t.Roles[0].ID}},
			},
		})
	},
}

// giveBobID gives Bob another id, also in the roles.
func giveBobID(id string) func(*auth0test.Tenant) {
	return func(t *auth0test.Tenant) {
		bob := &t.Users[1]
		for i := range t.Roles {
			for j, member := range t.Roles[i].Members {
				if member == bob.ID {
					t.Roles[i].Members[j] = id
				}
			}
		}
		bob.ID = id
	}
}

// seeds are the environments that permit can be started with.
var seeds = map[string]permittest.State{
	// One role of three, one user as in the tenant few, one that differs and has more,
	// and one that the tenant lacks.
	"half": {
		Roles: []permittest.Role{{Key: "Admin", Name: "Admin", Permissions: []string{"document:read"}}},
		Users: []permittest.User{
			{
				Key: "auth0|1", Email: "ann@acme.example", FirstName: "Ann", LastName: "O'Neil",
				Attributes: map[string]any{"provider": password},
			},
			{
				Key: "auth0|2", Email: "BOB@acme.example", FirstName: "Robert",
				Attributes: map[string]any{"seat": 12345678901234567, "provider": password},
			},
			{Key: "local|7", Email: "zoe@acme.example"},
		},
		Assignments: []permittest.Assignment{{User: "auth0|1", Role: "Admin", Tenant: "default"}},
	},
	"zoe": {Users: []permittest.User{{Key: "local|7", Email: "ann@acme.example"}}},
}

const password = "Username-Password-Authentication"

var connections = []auth0test.Connection{
	{ID: "con_0000000000000001", Name: password, Strategy: "auth0"},
	{ID: "con_0000000000000002", Name: "google-oauth2", Strategy: "google-oauth2"},
}

func user(id, email, given, family, connection string) auth0test.User {
	return auth0test.User{
		ID: id, Email: email, GivenName: given, FamilyName: family, Connection: connection,
		CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

func role(n int, name string, members ...string) auth0test.Role {
	return auth0test.Role{ID: fmt.Sprintf("rol_%016d", n), Name: name, Members: members}
}

// few returns a tenant that is small enough to read in a script.
func few() auth0test.Tenant {
	return auth0test.Tenant{
		Connections: connections,
		Users: []auth0test.User{
			user("auth0|1", "ann@acme.example", "Ann", "O'Neil", password),
			user("auth0|2", "bob@acme.example", "Bob", "'t Hooft", password),
			user("google-oauth2|3", "", "", "", "google-oauth2"),
		},
		Roles: []auth0test.Role{
			role(1, "Admin", "auth0|1", "auth0|2"),
			role(2, "Billing Viewer", "auth0|2"),
			role(3, "Unused"),
		},
	}
}

// company returns few with an organization.
func company() auth0test.Tenant {
	t := few()
	t.Organizations = []auth0test.Organization{{
		ID: "org_0000000000000001", Name: "acme", DisplayName: "Acme Inc",
		Members: []auth0test.OrgMember{
			{UserID: "auth0|1", Roles: []string{t.Roles[0].ID}},
			{UserID: "auth0|2", Roles: []string{t.Roles[1].ID}},
		},
	}}
	return t
}

// grouped returns few with a group that holds a role.
func grouped() auth0test.Tenant {
	t := few()
	t.Groups = []auth0test.Group{{
		ID: "grp_11111111111111", Name: "Staff", Roles: []string{t.Roles[0].ID},
		Members: []auth0test.GroupMember{{ID: t.Users[2].ID}},
	}}
	return t
}

// twins returns few with one email on two connections, as Auth0 allows.
func twins() auth0test.Tenant {
	t := few()
	t.Users[2].Email = "Ann@ACME.example"
	return t
}

// strange returns few with a user whose key Permit refuses.
func strange() auth0test.Tenant {
	t := few()
	t.Users = append(t.Users, user("samlp|acme|José Pérez", "jose@acme.example", "José", "Pérez", "google-oauth2"))
	return t
}

// hostile returns few with a role, an organization and a user whose names take over
// the terminal that shows them.
func hostile() auth0test.Tenant {
	t := company()
	const name = "\x1b]0;owned\a\x1b[2J\u009b31m\u202eevil\nroles: forged"
	t.Roles[0].Name = "Admin" + name
	t.Organizations[0].DisplayName = "Acme" + name
	t.Users[0].ID = "auth0|" + name
	t.Users[0].Email = "ann" + name + "@acme.example"
	return t
}

// awkward returns a tenant with every difficulty that Auth0 allows and Permit accepts.
func awkward() auth0test.Tenant {
	t := few()
	names := [][2]string{
		{"Gerard", "'t Hooft"},
		{"'", "''"},
		{`Jane "JD"`, `Doe, Jr.`},
		{"Two\nlines", "Three\n\nlines,\"quoted\""},
		{"王", "小明"},
		{"Zoë", "Ångström"},
		{"😀", "مريم"},
		{"=1+1", "@SUM(A1)"},
		{" padded ", "tab\there"},
		{"<b>&", "\\n"},
		{"null", "NULL"},
	}
	for i, name := range names {
		id, email := fmt.Sprintf("auth0|n%d", i), fmt.Sprintf("n%d@acme.example", i)
		t.Users = append(t.Users, user(id, email, name[0], name[1], password))
	}
	// More members than fit on a page, on another connection.
	var many []string
	for i := range 250 {
		id := fmt.Sprintf("google-oauth2|%021d", i)
		many = append(many, id)
		email, family := fmt.Sprintf("m%d+tag@gmail.example", i), fmt.Sprintf("Family%d", i)
		t.Users = append(t.Users, user(id, email, "Given", family, "google-oauth2"))
	}
	t.Roles = append(t.Roles, role(4, "Member", many...))
	// More roles than fit on a page, each with a member.
	for i := range 70 {
		t.Roles = append(t.Roles, role(100+i, fmt.Sprintf("Team %d", i), many[i], many[i+1], "auth0|n0"))
	}
	return t
}

// roleKeys are the keys that a0tojsonl must make from role names. They are written down,
// not computed, except for the teams.
var roleKeys = map[string]string{
	"Admin":                  "Admin",
	"Billing Viewer":         "billing-viewer",
	"Member":                 "Member",
	"Support / Tier 2":       "support-tier-2",
	"Editor":                 "Editor",
	"Read Only":              "read-only",
	"ops-on-call":            "ops-on-call",
	"Administrateur général": "administrateur-general",
	"Data Steward (EU)":      "data-steward-eu",
	"Auditor: external":      "auditor-external",
	"QA_Lead":                "QA_Lead",
}

func roleKey(name string) string {
	var n int
	if _, err := fmt.Sscanf(name, "Team %d", &n); err == nil {
		return fmt.Sprintf("team-%d", n)
	}
	return roleKeys[name]
}

// stateOf returns the state of Permit after the tenant is loaded. Roles without members
// are not in an export of users.
func stateOf(t auth0test.Tenant) permittest.State {
	s := permittest.State{Tenants: []permittest.Tenant{{Key: "default", Name: "Default Tenant"}}}
	for _, u := range t.Users {
		s.Users = append(s.Users, permittest.User{
			Key: u.ID, Email: u.Email, FirstName: u.GivenName, LastName: u.FamilyName,
			Attributes: map[string]any{"provider": u.Connection},
		})
	}
	for _, r := range t.Roles {
		if len(r.Members) == 0 {
			continue
		}
		key := roleKey(r.Name)
		s.Roles = append(s.Roles, permittest.Role{Key: key, Name: r.Name})
		for _, member := range r.Members {
			s.Assignments = append(s.Assignments, permittest.Assignment{User: member, Role: key, Tenant: "default"})
		}
	}
	slices.SortFunc(s.Users, func(a, b permittest.User) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(s.Roles, func(a, b permittest.Role) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(s.Assignments, func(a, b permittest.Assignment) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Tenant, b.Tenant))
	})
	return s
}
