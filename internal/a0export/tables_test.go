package a0export

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

func TestTables(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Tenant{
		Roles: []auth0test.Role{
			{ID: "rol_1", Name: "Admin, the", Description: "Says \"yes\""}, {ID: "rol_2", Name: "'t", Type: "organization"},
		},
		Organizations: []auth0test.Organization{{ID: "org_1", Name: "acme", DisplayName: "Acme\nInc"}, {ID: "org_2", Name: "initech"}},
		Connections:   []auth0test.Connection{{ID: "con_1", Name: "Username-Password-Authentication", Strategy: "auth0"}},
	}
	s := auth0test.New(tenant, auth0test.Options{})
	for command, want := range map[string]string{
		"roles":         "role_id,name,description\nrol_1,\"Admin, the\",\"Says \"\"yes\"\"\"\nrol_2,'t,\n",
		"organizations": "organization_id,name,display_name\norg_1,acme,\"Acme\nInc\"\norg_2,initech,\n",
		"connections":   "connection_id,name,strategy\ncon_1,Username-Password-Authentication,auth0\n",
	} {
		address, stop := s.Start()
		r := runOnly(t.Context(), "--domain", address, "-v", command, "--token-file", tokenFile(t))
		stop()
		r.expect(t, 0, " "+command[:len(command)-1])
		if diff := cmp.Diff(want, r.csv(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", command, diff)
		}
	}
	without := auth0test.New(tenant, auth0test.Options{Scopes: []string{"read:roles"}})
	address, stop := without.Start()
	defer stop()
	for command, scope := range map[string]string{"organizations": "read:organizations", "connections": "read:connections"} {
		r := runOnly(t.Context(), command, "--domain", address, "--token-file", tokenFile(t))
		r.expect(t, 1, "403", "a0export: hint: grant the application", scope)
		if len(r.out) > 0 && whole(r.out) {
			t.Errorf("%s: whole output", command)
		}
	}
}

func TestFlagsOfUsersOnly(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{})
	address, stop := s.Start()
	defer stop()
	for _, tt := range []struct{ args, want string }{
		{"roles --organizations", "--organizations is for a0export users, and this is a0export roles"},
		{"--field x connections", "--field is for a0export users, and this is a0export connections"},
		{"--job job_1", `--job: "job_1" is no job id`},
		{"--connection acme", `--connection: "acme" is no connection id`},
		{"--limit 0", "--limit must be 1 or more"},
		{"--source file", `--source: "file" is not one of auto, job, search`},
		{"--max-rps 0", "--max-rps must be between 0.001 and 1000"},
		{"--job job_0123456789abcdef --limit 3", "--limit cannot change a job that has been started"},
		{"--job job_0123456789abcdef --source search", "--source search takes up no job"},
		{"--field roles", "a column cannot be called roles here"},
		{"--field app_metadata.orgs=organizations", "a column cannot be called organizations here"},
		{"--field x=role_id", "a column cannot be called role_id here"},
		{"--field email", "there is a column email already"},
		{"--field x=provider", "there is a column provider already"},
		{"--field a --field b=a", "there is a column a already"},
		{"--field =x", "names no column"},
		{"--field x=", "names no column"},
		{"--field " + strings.Repeat("x", 101), "Auth0 takes 100 characters at most"},
		{"--field x --field y" + manyFields(24), "that makes 31 columns, and Auth0 exports 30 at most"},
	} {
		args := append(strings.Fields(tt.args), "--domain", address, "--token-file", tokenFile(t))
		runOnly(t.Context(), args...).expect(t, 2, tt.want, "a0export: hint: ")
	}
	if calls := s.Calls(); len(calls) > 0 {
		t.Errorf("called %s", calls[0].Path)
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" --field f" + strings.Repeat("0", i+1))
	}
	return b.String()
}

// Thirty columns are taken, and come out under their names.
func TestFields(t *testing.T) {
	t.Parallel()
	tenant := small()
	tenant.Users[0].UserMetadata = map[string]any{"a": map[string]any{"b": "deep, \"er\""}}
	tenant.Users[0].LoginsCount = 7
	args := append(strings.Fields(manyFields(22)), "--field", "user_metadata.a.b=x,y", "--field", "logins_count", "--field", "user_metadata.a.b")
	for _, source := range []string{"job", "search"} {
		r := run(t, auth0test.New(tenant, auth0test.Options{}), append(args, "--no-roles", "--source", source)...)
		r.expect(t, 0)
		rows := parse(t, r.csv(t))
		if n := len(rows[0]); n != 30 {
			t.Errorf("%d columns", n)
		}
		if diff := cmp.Diff([]string{"x,y", "logins_count", "user_metadata.a.b"}, rows[0][27:]); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"'deep, \"er\"", "7", "'deep, \"er\""}, rows[1][27:]); diff != "" {
			t.Errorf("cells (-want +got):\n%s", diff)
		}
	}
}
