package permitload

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// clerkReads is invoicesState before Admin may write invoices and read users.
func clerkReads() permittest.State {
	st := invoicesState()
	st.Roles[0].Permissions = []string{"invoices:read"}
	return st
}

// Permissions that were given are taken back by removing the role lines of the undo file.
// Changes of users are undone by loading it, which gives no permissions.
func TestUndoOfGrants(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(clerkReads())
	undo := filepath.Join(t.TempDir(), "undo.jsonl")
	input := strings.Replace(invoices, `"key":"auth0|bob"`, `"key":"auth0|bob","first_name":"Bob"`, 1)
	got := run(t, srv, input, "--grant", "yes", "--undo", undo)
	wantExit(t, got, tool.Done, "2 permissions given to roles",
		"hint: permitload "+undo+" restores what this run changed",
		`hint: jq -c 'select(.type == "role")' `+undo+
			" | permitload remove --remove-limit 100 takes back the permissions that it gave")

	wantExit(t, runFile(t, srv, undo), tool.Done, "users: 1 changed")
	want := invoicesState()
	wantState(t, srv, want)

	var roles []string
	for line := range strings.Lines(readFile(t, undo)) {
		if strings.HasPrefix(line, `{"type":"role"`) {
			roles = append(roles, line)
		}
	}
	got = run(t, srv, strings.Join(roles, ""), "remove", "--yes", "--remove-limit", "100", "--undo", undo)
	wantExit(t, got, tool.Done, "permissions: 2 to take from 1 role (Admin (invoices:write, users:read))",
		"hint: permitload "+undo+" restores what this run changed or took away",
		"roles: 1 changed; 2 permissions taken from roles")
	wantState(t, srv, clerkReads())

	// That removal can be undone by a load.
	wantExit(t, runFile(t, srv, undo, "--grant", "yes"), tool.Done, "2 permissions given to roles")
	wantState(t, srv, want)
}

// runFile runs a load of a file.
func runFile(t *testing.T, srv *permittest.Server, file string, args ...string) result {
	t.Helper()
	return runFrom(t.Context(), t, srv, forbiddenStdin{t}, append(slices.Clone(args), file)...)
}

// Removing permissions takes a yes, and the question says how often the roles are held.
func TestRemovalOfPermissionsIsAsked(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(invoicesState())
	input := lines(`{"type":"role","key":"Admin","permissions":["users:read"]}`)
	got := run(t, srv, input, "remove", "--remove-limit", "100")
	wantNothingWritten(t, srv, got, "--yes answers yes")
	wantExit(t, got, tool.Stopped,
		"to take 1 permission from 1 role in environment Development (dev) needs a yes, and there is no terminal to ask on")
	got = run(t, srv, input, "remove", "--remove-limit", "100", "--dry-run")
	wantExit(t, got, tool.Done, "permissions: 1 to take from 1 role (Admin (users:read))",
		"the real run asks whether to take 1 permission from 1 role (no undo file: --undo FILE keeps one)")
	wantState(t, srv, invoicesState())
}

// The plan lists each resource, action and permission that the load adds.
func TestPlanOfPermissions(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have := clerkReads()
	have.Resources = have.Resources[:1]
	have.Resources[0].Actions = have.Resources[0].Actions[:1]
	srv.Seed(have)
	file := filepath.Join(t.TempDir(), "plan.jsonl")
	got := run(t, srv, invoices, "--dry-run", "--plan", file)
	wantExit(t, got, tool.Done, "resources: 1 to create (users (1 action))", "actions: 1 to create (invoices (1 action))",
		"permissions: 2 to give to 1 existing role (Admin (invoices:write, users:read))",
		"the real run asks whether to create 1 resource (users) and 1 action (of invoices); --create-missing yes or no",
		"the real run asks whether to give 2 permissions to 1 existing role; --grant yes or no answers")
	want := []string{
		`{"op":"create","type":"resource","key":"users","after":{"actions":{"read":{"name":"read"}},"name":"users"}}`,
		`{"op":"update","type":"resource","key":"invoices","after":{"actions":{"write":{"name":"write"}}}}`,
		`{"op":"grant","type":"role","key":"Admin","after":{"permissions":["invoices:write","users:read"]}}`,
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(readFile(t, file)), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// If flags leave all of it out, the plan is empty.
	got = run(t, srv, invoices, "--dry-run", "--create-missing", "no", "--grant", "no", "--plan", file)
	wantExit(t, got, tool.Done, "resources: 1 missing, and not created (users (1 action))")
	if text := readFile(t, file); text != "" {
		t.Errorf("the plan has %s", text)
	}

	// The plan of a removal says what is taken.
	line := lines(`{"type":"role","key":"Admin","permissions":["invoices:read"]}`)
	wantExit(t, run(t, srv, line, "remove", "--dry-run", "--plan", file), tool.Done)
	revoke := `{"op":"revoke","type":"role","key":"Admin","before":{"permissions":["invoices:read"]}}` + "\n"
	if diff := cmp.Diff(revoke, readFile(t, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantState(t, srv, have)
}

// Beside users, --extra has the permissions of roles beyond their lines. A removal takes
// both.
func TestExtraPermissions(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have := invoicesState()
	have.Users = append(have.Users, permittest.User{Key: "zoe"})
	have.Roles[1].Permissions = []string{"invoices:read", "invoices:write", "users:read"}
	srv.Seed(have)
	file := filepath.Join(t.TempDir(), "extra.jsonl")
	got := run(t, srv, invoices, "--extra", file)
	wantExit(t, got, tool.Done, "2 permissions of roles in Permit but not in the input: left as is")
	wantState(t, srv, have)
	text := readFile(t, file)
	first, _, _ := strings.Cut(text, "\n")
	if first != `{"type":"role","key":"Clerk","permissions":["invoices:write","users:read"]}` {
		t.Errorf("--extra has %s", text)
	}
	if !strings.Contains(text, `"users":1,"roles":1`) {
		t.Errorf("its end line does not count: %s", text)
	}
	got = runFrom(t.Context(), t, srv, forbiddenStdin{t}, "remove", "--yes", "--remove-limit", "100", file)
	wantExit(t, got, tool.Done, "users: 1 deleted", "2 permissions taken from roles")
	wantState(t, srv, invoicesState())
}

// With --create-missing no, an existing role still gets the permissions that exist, and
// lines that need a missing resource come out.
func TestPermissionsWithoutCreation(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have := clerkReads()
	have.Resources = have.Resources[:1]
	srv.Seed(have)
	got := run(t, srv, invoices, "--create-missing", "no", "--grant", "yes")
	wantExit(t, got, tool.Rejected)
	wantRejected(t, got, "users missing_resource", "Admin NOT_FOUND")
	have.Roles[0].Permissions = []string{"invoices:read", "invoices:write"}
	wantState(t, srv, have)
}

// The undo file is on the disk before a role gets a permission.
func TestUndoOfGrantsIsWrittenFirst(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(clerkReads())
	undo := filepath.Join(t.TempDir(), "undo.jsonl")
	kept := ""
	handler := beforeEachCall(srv, func(_ *http.Request, call string) {
		if call == "POST S/roles/Admin/permissions" {
			text, err := os.ReadFile(undo)
			if err != nil {
				t.Error(err)
			}
			kept = string(text)
		}
	})
	got := load(t.Context(), handler, invoices, withUndo(undo), func(c *loadSettings) { c.grant = "yes" })
	wantReport(t, got, tool.Done)
	if want := `{"type":"role","key":"Admin","permissions":["invoices:write","users:read"]}` + "\n"; kept != want {
		t.Errorf("kept %q, want %q", kept, want)
	}
}
