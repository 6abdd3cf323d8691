package permitload

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/tool"
)

// The summary has the same numbers for machines.
func TestSummaryFile(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "auth0|bob", Email: "bob@acme.example", FirstName: "Bob"}, {Key: "zoe"}}})
	path := filepath.Join(t.TempDir(), "summary.json")
	got := run(t, srv, annLine+bobLine+bobLine+`{"type":"user"}`+"\n"+`{"type":"user","key":"cai","role_assignments":[{"role":"x"}]}`, "--create-missing", "yes", "--summary", path)
	wantExit(t, got, tool.Rejected)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var summary map[string]any
	if err := json.Unmarshal(text, &summary); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"started", "elapsed_seconds", "version"} {
		delete(summary, name)
	}
	none := map[string]any{"in": 0.0, "loaded": 0.0, "unchanged": 0.0, "repeated": 0.0, "not_loaded": 0.0}
	want := map[string]any{
		"tool": "permitload", "exit_code": 3.0, "error": "some records were rejected",
		"project": permittest.ProjectID, "environment": permittest.EnvironmentID, "extra_users": 1.0, "assignments_removed": 0.0, "dry_run": false, "users_deleted": 0.0, "assignments_put_back": 0.0, "assignments_made": 1.0,
		"users": map[string]any{"in": 5.0, "loaded": 2.0, "unchanged": 1.0, "repeated": 1.0, "not_loaded": 1.0},
		"roles": none, "tenants": none,
	}
	if diff := cmp.Diff(want, summary); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The summary's counts add up, also where nothing was written.
func TestSummaryAddsUpWhereNothingIsWritten(t *testing.T) {
	t.Parallel()
	_, input := bareUsers(10)
	for name, set := range map[string]func(*loadSettings){"dry run": func(c *loadSettings) { c.dryRun = true }, "refused": func(c *loadSettings) { c.createMissing = "ask" }} {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(permittest.Options{})
			got := load(t.Context(), srv, `{"type":"role","key":"r"}`+"\n"+input, set)
			data, err := got.report.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			var sum struct{ Users, Roles ledger.Tally }
			decodeJSON(t, data, &sum)
			if sum.Users.NotLoaded != 10 || sum.Roles.NotLoaded != 1 {
				t.Errorf("%s: %s", name, data)
			}
		})
	}
}

// A dry run's summary says what is as it should be.
func TestSummaryOfADryRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := usersWithRoles(12)
		have.Tenants = append(have.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme"}, permittest.Tenant{Key: "org_2", Name: "Big"})
		srv.Seed(have)
		input := have
		input.Users[1].FirstName, input.Tenants[1].Name = "Anne", "Acme Inc"
		got := load(t.Context(), srv, linesFor(input)+`{"type":"role","key":"Admin"}`+"\n", func(c *loadSettings) { c.dryRun = true })
		wantCode(t, got, tool.Done)
		data, err := got.report.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var sum struct {
			DryRun                bool `json:"dry_run"`
			Users, Roles, Tenants ledger.Tally
		}
		decodeJSON(t, data, &sum)
		want := []ledger.Tally{{In: 12, Unchanged: 11, NotLoaded: 1}, {In: 4, Unchanged: 3, Repeated: 1}, {In: 2, Unchanged: 1, NotLoaded: 1}}
		if diff := cmp.Diff(want, []ledger.Tally{sum.Users, sum.Roles, sum.Tenants}); diff != "" || !sum.DryRun {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// A dry run says what would be done, and finds what a load would find.
func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "auth0|bob", FirstName: "Bob"}, {Key: "zoe"}}})
	got := run(t, srv, needsRoleAndTenant+`{"type":"user","key":"no good"}`+"\n", "--dry-run")
	wantExit(t, got, tool.Rejected,
		"project "+permittest.ProjectID+", environment "+permittest.EnvironmentID,
		"+ 1 role: Admin", "+ 1 tenant: org_1", "+ 1 user  ~ 0  = 1",
		"+ 2 role assignments  = 0", "warning: 1 line cannot be loaded", "1 user in Permit but not in the input, left alone",
		"nothing was written (--dry-run)")
	wantNothingWritten(t, srv, got, "")
	wantExit(t, run(t, srv, needsRoleAndTenant, "--dry-run"), tool.Done)
}
