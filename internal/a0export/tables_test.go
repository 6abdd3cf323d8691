package a0export

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

func TestTables(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Tenant{
		Roles: []auth0test.Role{
			{ID: "rol_1", Name: "Admin, the", Description: "Says \"yes\""},
			{ID: "rol_2", Name: "'t", Type: "tenant"},
			{ID: "rol_3", Name: "Own", Type: "organization", Owner: "org_1"},
		},
		Organizations: []auth0test.Organization{
			{ID: "org_1", Name: "acme", DisplayName: "Acme\nInc"},
			{ID: "org_2", Name: "initech"},
		},
		Connections: []auth0test.Connection{
			{ID: "con_1", Name: "Username-Password-Authentication", Strategy: "auth0"},
		},
	}
	s := auth0test.New(tenant, auth0test.Options{})
	for command, want := range map[string]string{
		"roles":         "role_id,name,description\nrol_1,\"Admin, the\",\"Says \"\"yes\"\"\"\nrol_2,'t,\n",
		"organizations": "organization_id,name,display_name\norg_1,acme,\"Acme\nInc\"\norg_2,initech,\n",
		"connections":   "connection_id,name,strategy\ncon_1,Username-Password-Authentication,auth0\n",
	} {
		address, stop := s.Start()
		r := runCommand(t.Context(), "--domain", address, "-v", command, "--token-file", tokenFile(t))
		stop()
		r.expect(t, 0, " "+command[:len(command)-1])
		if diff := cmp.Diff(want, r.csv(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", command, diff)
		}
	}
	without := auth0test.New(tenant, auth0test.Options{Scopes: []string{"read:roles"}})
	address, stop := without.Start()
	defer stop()
	for command, scope := range map[string]string{
		"organizations": "read:organizations", "connections": "read:connections",
	} {
		r := runCommand(t.Context(), command, "--domain", address, "--token-file", tokenFile(t))
		r.expect(t, 1, "403", "a0export: hint: grant the application", scope)
		if len(r.out) > 0 && isWhole(r.out) {
			t.Errorf("%s: whole output", command)
		}
	}
}
