package e2e_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The shell recipes of examples/ do what their first comment says. They are on PATH, and
// $EXAMPLES is their folder.
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
		// A cached test result depends on the files that were looked at.
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
