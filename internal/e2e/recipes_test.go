package e2e_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"a0permit/internal/auth0/auth0test"
)

// What happens in a tenant in the recipes' scripts alone.
func init() {
	events["bob-gets-a-name"] = func(t *auth0test.Tenant) { t.Users[1].GivenName = "Robert" }
	// His old account is back, with the roles it had.
	events["bob-is-restored"] = func(t *auth0test.Tenant) {
		t.Users[1].ID = "auth0|2"
		for i := range t.Roles {
			for j, member := range t.Roles[i].Members {
				if member == "auth0|9" {
					t.Roles[i].Members[j] = "auth0|2"
				}
			}
		}
	}
	events["globex-comes"] = func(t *auth0test.Tenant) {
		t.Users = append(t.Users, user("auth0|4", "gus@globex.example", "Gus", "Globe", password))
		t.Organizations = append(t.Organizations, auth0test.Organization{
			ID: "org_0000000000000002", Name: "globex", DisplayName: "Globex",
			Members: []auth0test.OrgMember{{UserID: "auth0|4", Roles: []string{t.Roles[2].ID}}, {UserID: "auth0|2", Roles: []string{t.Roles[0].ID}}},
		})
	}
}

// The shell recipes of examples/ do what their first comment says. They are on
// PATH, and $EXAMPLES is their folder.
func TestRecipes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the recipes are for a POSIX shell")
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(examples, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		// What has been looked at is part of what a cached result depends on.
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Ext(file) == ".sh" && info.Mode()&0o100 == 0 {
			t.Errorf("%s cannot be executed", file)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:  filepath.Join("testdata", "recipes"),
		Cmds: commands,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", examples)
			env.Setenv("PATH", examples+string(os.PathListSeparator)+env.Getenv("PATH"))
			return setup(env)
		},
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
