package permitload

import (
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/tool"
)

// --summary writes the numbers of the closing line for machines.
func TestSummaryFile(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	bob := permittest.User{Key: "auth0|bob", Email: "bob@acme.example", FirstName: "Bob"}
	srv.Seed(permittest.State{Users: []permittest.User{bob, {Key: "zoe"}}})
	file := filepath.Join(t.TempDir(), "summary.json")
	input := annLine + bobLine + bobLine +
		lines(`{"type":"user"}`, `{"type":"user","key":"cai","role_assignments":[{"role":"x"}]}`)
	wantExit(t, run(t, srv, input, "--create-missing", "yes", "--summary", file), tool.Rejected)
	var got map[string]any
	decodeJSON(t, []byte(readFile(t, file)), &got)
	for _, name := range []string{"started", "elapsed_seconds", "version"} {
		delete(got, name)
	}
	none := map[string]any{
		"in": 0.0, "loaded": 0.0, "added": 0.0, "planned": 0.0, "unchanged": 0.0, "repeated": 0.0, "not_loaded": 0.0,
	}
	want := map[string]any{
		"tool": "permitload", "exit_code": 3.0, "error": "some records were rejected",
		"project": permittest.ProjectID, "environment": permittest.EnvironmentID, "dry_run": false,
		"project_name": "Default Project", "environment_name": "Development",
		"found_out":   map[string]any{"roles_of_users": "honoured"},
		"extra_users": 1.0, "users_deleted": 0.0,
		"permissions_granted": 0.0, "permissions_revoked": 0.0, "roles_with_unasked_permissions": 0.0,
		"assignments_made": 1.0, "assignments_put_back": 0.0, "assignments_removed": 0.0,
		"users": map[string]any{
			"in": 5.0, "loaded": 2.0, "added": 2.0, "planned": 0.0, "unchanged": 1.0, "repeated": 1.0, "not_loaded": 1.0,
		},
		"roles": none, "tenants": none, "resources": none,
		"created_unlisted": map[string]any{"role": 1.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// summary is the part of --summary that tests look at.
type summary struct {
	DryRun                bool `json:"dry_run"`
	Users, Roles, Tenants ledger.Tally
}

func summaryOf(t *testing.T, got result) summary {
	t.Helper()
	text, err := got.report.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var sum summary
	decodeJSON(t, text, &sum)
	return sum
}

// The counts of the summary add up even if nothing was written.
func TestSummaryAddsUpWhereNothingIsWritten(t *testing.T) {
	t.Parallel()
	_, input := bareUsers(10)
	askWithoutTerminal := func(c *loadSettings) { c.createMissing = "ask" }
	for name, option := range map[string]func(*loadSettings){"dry run": dryRun, "refused": askWithoutTerminal} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			got := load(t.Context(), srv, lines(`{"type":"role","key":"r"}`)+input, option)
			sum := summaryOf(t, got)
			users, roles := sum.Users.NotLoaded, sum.Roles.NotLoaded
			if name == "dry run" {
				users, roles = sum.Users.Planned, sum.Roles.Planned
			}
			if users != 10 || roles != 1 {
				t.Errorf("%s: %+v", name, sum)
			}
		})
	}
}

// The summary of a dry run counts what would be loaded as planned.
func TestSummaryOfADryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := usersWithRoles(12)
		have.Tenants = fourTenants()[:3]
		srv.Seed(have)
		want := have
		want.Users[1].FirstName, want.Tenants[1].Name = "Anne", "Acme Inc"
		got := load(t.Context(), srv, linesFor(want)+lines(`{"type":"role","key":"Admin"}`), dryRun)
		wantReport(t, got, tool.Done)
		sum := summaryOf(t, got)
		tallies := []ledger.Tally{
			{In: 12, Unchanged: 11, Planned: 1}, {In: 4, Unchanged: 3, Repeated: 1}, {In: 2, Unchanged: 1, Planned: 1},
		}
		if diff := cmp.Diff(tallies, []ledger.Tally{sum.Users, sum.Roles, sum.Tenants}); diff != "" || !sum.DryRun {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A dry run says what would be done, and finds the errors that a load would find.
func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "auth0|bob", FirstName: "Bob"}, {Key: "zoe"}}})
	got := run(t, srv, needsRoleAndTenant+lines(`{"type":"user","key":"no good"}`), "--dry-run")
	wantExit(t, got, tool.Rejected,
		namedTarget,
		"roles: 1 to create (Admin)", "tenants: 1 to create (org_1)", "users: 1 to add, 0 to change, 1 unchanged",
		"role assignments: 2 to add, 0 there already", "warning: 1 line cannot be loaded",
		"1 user in Permit but not in the input: left as is", "nothing was written (--dry-run)")
	wantNothingWritten(t, srv, got, "")
	wantExit(t, run(t, srv, needsRoleAndTenant, "--dry-run"), tool.Done)
}
