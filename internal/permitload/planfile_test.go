package permitload

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// mixedLoad returns an environment, and lines that create, change, rename, give and
// take away.
func mixedLoad() (srv *permittest.Server, input string) {
	srv = permittest.New(permittest.Options{})
	have := threeUsers("ann admin default", "ann viewer org", "bob admin default")
	have.Users[0].FirstName, have.Users[0].LastName = "Ann", "Doe"
	have.Users[0].Attributes = map[string]any{"gone": "x", "plan": "free", "unnamed": true}
	srv.SeedAt(time.Now().Add(-time.Hour), have)
	return srv, roleLines + defaultTenantLine + lines(
		`{"type":"role","key":"auditor","name":"Auditor","description":"Reads","attributes":{"auth0_role_id":"rol_1"}}`,
		`{"type":"tenant","key":"acme","name":"Acme"}`, `{"type":"tenant","key":"org","name":"Org Ltd"}`,
		`{"type":"user","key":"new","email":"new@acme.example","role_assignments":[{"role":"auditor","tenant":"acme"}]}`,
		`{"type":"user","key":"ann","first_name":"Anne","last_name":null,"attributes":{"gone":null,"plan":"pro","seats":3},`+
			`"role_assignments":[{"role":"viewer","tenant":"org"},{"role":"viewer"}]}`,
		`{"type":"user","key":"bob","email":"B@acme.example","role_assignments":[{"role":"admin"}]}`) +
		endLineAt(time.Now())
}

// --plan writes all that is to be done, an operation a line, whether it is done or not.
// Of a user who changes, it has the fields that do.
func TestPlanFileOfALoad(t *testing.T) {
	t.Parallel()
	want := lines(
		`{"op":"create","type":"role","key":"auditor",`+
			`"after":{"attributes":{"auth0_role_id":"rol_1"},"description":"Reads","name":"Auditor"}}`,
		`{"op":"create","type":"tenant","key":"acme","after":{"name":"Acme"}}`,
		`{"op":"rename","type":"tenant","key":"org","before":{"name":"Org"},"after":{"name":"Org Ltd"}}`,
		`{"op":"create","type":"user","key":"new","after":{"email":"new@acme.example"}}`,
		`{"op":"assign","type":"role_assignment","key":"new","after":{"role":"auditor","tenant":"acme"}}`,
		`{"op":"update","type":"user","key":"ann",`+
			`"before":{"attributes":{"gone":"x","plan":"free","seats":null},"first_name":"Ann","last_name":"Doe"},`+
			`"after":{"attributes":{"gone":null,"plan":"pro","seats":3},"first_name":"Anne","last_name":null}}`,
		`{"op":"assign","type":"role_assignment","key":"ann","after":{"role":"viewer","tenant":"default"}}`,
		`{"op":"unassign","type":"role_assignment","key":"ann","before":{"role":"admin","tenant":"default"}}`)
	for _, mode := range []string{"--dry-run", "--yes"} {
		srv, input := mixedLoad()
		file := filepath.Join(t.TempDir(), "plan.jsonl")
		got := run(t, srv, input, "--plan", file, mode,
			"--create-missing", "yes", "--roles", "replace", "--remove-limit", "100")
		wantExit(t, got, tool.Done, "the plan is in "+file+": 8 operations")
		if diff := cmp.Diff(want, readFile(t, file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", mode, diff)
		}
		wantOnlyForItsOwner(t, file)
		if hasWritten := countWrites(srv) > 0; hasWritten == (mode == "--dry-run") {
			t.Errorf("%s: has written: %v", mode, hasWritten)
		}
	}
}

// A plan has names and emails in it, so it is no one else's to read.
func wantOnlyForItsOwner(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode != 0o600 {
		t.Errorf("mode %v", mode)
	}
}

// --plan of remove has whom it deletes, as Permit has them, and what they hold.
func TestPlanFileOfARemoval(t *testing.T) {
	t.Parallel()
	want := lines(
		`{"op":"unassign","type":"role_assignment","key":"ann","before":{"role":"admin","tenant":"default"}}`,
		`{"op":"unassign","type":"role_assignment","key":"ann","before":{"role":"viewer","tenant":"org"}}`,
		`{"op":"delete","type":"user","key":"ann","before":{"attributes":{"plan":"pro"},"email":"a@acme.example"}}`,
		`{"op":"delete","type":"user","key":"bob","before":{"email":"b@acme.example"}}`)
	for _, mode := range []string{"--dry-run", "--yes"} {
		srv := permittest.New(permittest.Options{})
		have := threeUsers("ann admin default", "ann viewer org")
		have.Users[0].Attributes = map[string]any{"plan": "pro"}
		srv.Seed(have)
		file := filepath.Join(t.TempDir(), "plan.jsonl")
		// Bob's line says just what Permit has, and nobody has heard of zoe.
		input := annWithoutRoles +
			lines(`{"type":"user","key":"bob","email":"b@acme.example"}`, `{"type":"user","key":"zoe"}`)
		got := run(t, srv, input+endLine, "remove", "--plan", file, mode, "--remove-limit", "100")
		wantExit(t, got, tool.Done, "the plan is in "+file+": 4 operations")
		if diff := cmp.Diff(want, readFile(t, file)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", mode, diff)
		}
		wantOnlyForItsOwner(t, file)
		if left := len(srv.State().Users); left != 3 && mode == "--dry-run" || left != 1 && mode == "--yes" {
			t.Errorf("%s: %d users are left", mode, left)
		}
	}
}

// A plan has only what a load would do: not what needs a role that stays missing, and
// nothing for a line that is broken.
func TestPlanFileLeavesOutWhatIsNotDone(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	file := filepath.Join(t.TempDir(), "plan.jsonl")
	input := lines(`{"type":"user","key":"no good"}`, `{"type":"user","key":"eve","first_name":"Eve"}`,
		`{"type":"user","key":"eve","first_name":"Eva"}`) + needsRoleAndTenant
	got := run(t, srv, input, "--dry-run", "--create-missing", "no", "--plan", file)
	wantExit(t, got, tool.Rejected)
	want := lines(`{"op":"create","type":"user","key":"auth0|ann"}`, `{"op":"create","type":"user","key":"auth0|bob"}`)
	if diff := cmp.Diff(want, readFile(t, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A plan of nothing is an empty file. An earlier plan is replaced: it is not true any more.
func TestPlanFileOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"load", "remove"} {
		file := writeFile(t, "plan.jsonl", "an earlier plan\n")
		got := run(t, permittest.New(permittest.Options{}), endLine, command, "--plan", file)
		wantExit(t, got, tool.Done, "the plan is in "+file+": 0 operations")
		if text := readFile(t, file); text != "" {
			t.Errorf("%s: %q", command, text)
		}
	}
}

// The plan is there also where the load is then refused: it is what helps to decide.
func TestPlanFileOfALoadThatIsRefused(t *testing.T) {
	t.Parallel()
	srv, input := renamedUsers(60, 60)
	file := filepath.Join(t.TempDir(), "plan.jsonl")
	got := run(t, srv, input, "--plan", file)
	wantExit(t, got, tool.Stopped)
	wantNothingWritten(t, srv, got, "--yes")
	n := 0
	for line := range strings.Lines(readFile(t, file)) {
		var op planned
		if err := json.Unmarshal([]byte(line), &op); err != nil || op.Op != "update" {
			t.Fatalf("%s: %v", line, err)
		}
		n++
	}
	if n != 60 {
		t.Errorf("%d operations", n)
	}
}

// A plan neither replaces an input, nor is it mixed with what was not loaded.
func TestPlanFileIsAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	records := writeFile(t, "records.jsonl", bobLine+endLine)
	other := filepath.Join(filepath.Dir(records), "other.jsonl")
	const same, another = "name the same file", "write to another file"
	for _, tt := range []struct {
		name       string
		args       []string
		says, hint string
	}{
		{"stdout", []string{"--plan", "-", records}, "--plan: stdout is for what was not loaded", "--plan plan.jsonl"},
		{"stdout of remove", []string{"remove", "--plan", "-", records}, "--plan: stdout is for", "--plan plan.jsonl"},
		{"the input", []string{"--plan", records, records}, same, another},
		{"the input of remove", []string{"remove", "--plan", records, records}, same, another},
		{"another output", []string{"--plan", other, "--extra", other, records}, same, another},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := run(t, srv, "", tt.args...)
			wantExit(t, got, tool.BadUsage, tt.says)
			wantNothingWritten(t, srv, got, tt.hint)
			if len(srv.Calls()) > 0 || readFile(t, records) != bobLine+endLine {
				t.Errorf("%d calls, the input is now %q", len(srv.Calls()), readFile(t, records))
			}
		})
	}
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, "", "--plan", filepath.Join(other, "plan.jsonl"), records)
	wantExit(t, got, tool.BadUsage, "--plan: ")
	wantNothingWritten(t, srv, got, "name a file in a directory that exists")
	if len(srv.Calls()) > 0 {
		t.Errorf("%d calls before the mistake was told", len(srv.Calls()))
	}
}
