package permitload

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/tool"
)

// A dry run shows each field that changes, old and new, and no other. What the line
// does not name is as it was.
func TestDryRunShowsFieldsThatChange(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{
		{Key: "same", FirstName: "Sam"},
		{
			Key: "ann", Email: "a@acme.example", FirstName: "Ann",
			Attributes: map[string]any{"gone": "x", "plan": "free", "seats": 3, "unnamed": true},
		},
	}})
	input := lines(
		`{"type":"user","key":"same","first_name":"Sam"}`,
		`{"type":"user","key":"new","first_name":"New"}`,
		`{"type":"user","key":"ann","email":"ann@acme.example","first_name":null,"last_name":"Doe",`+
			`"attributes":{"added":true,"gone":null,"plan":"pro","seats":3.0}}`)
	got := run(t, srv, input+endLine, "--dry-run")
	wantExit(t, got, tool.Done, "users: 1 to add, 1 to change, 1 unchanged")
	want := lines(
		"user ann:",
		`  attributes.added: none -> true`,
		`  attributes.gone: "x" -> none`,
		`  attributes.plan: "free" -> "pro"`,
		`  email: "a@acme.example" -> "ann@acme.example"`,
		`  first_name: "Ann" -> none`,
		`  last_name: none -> "Doe"`)
	if diff := cmp.Diff(want, previewOf(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantNothingWritten(t, srv, got, "")
}

// previewOf returns what a dry run shows of users that change.
func previewOf(got result) string {
	var b strings.Builder
	for line := range strings.Lines(got.stderr) {
		line = strings.TrimPrefix(line, "permitload: ")
		if strings.HasPrefix(line, "user ") || strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "and ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// A long value is shortened: its beginning tells enough.
func TestDryRunShortensLongValues(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "ann", FirstName: strings.Repeat("é", 39)}}})
	input := jsonLine("user", map[string]any{"key": "ann", "first_name": strings.Repeat("ü", 1000), "last_name": "Doe"})
	got := run(t, srv, input+endLine, "--dry-run")
	wantExit(t, got, tool.Done)
	want := lines(
		"user ann:",
		`  first_name: "`+strings.Repeat("é", 36)+`... -> "`+strings.Repeat("ü", 36)+`...`,
		`  last_name: none -> "Doe"`)
	if diff := cmp.Diff(want, previewOf(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A dry run shows the first ten users, and says where all of them are to be had. A
// load shows none: it is too late to look.
func TestDryRunShowsTenUsers(t *testing.T) {
	t.Parallel()
	const more = ": --plan FILE writes all of them\n"
	for n, says := range map[int]string{10: "", 11: "and 1 more" + more, 1210: "and 1,200 more" + more} {
		srv, input := renamedUsers(n, n)
		got := run(t, srv, input, "--dry-run")
		wantExit(t, got, tool.Done)
		preview := previewOf(got)
		if users := strings.Count(preview, "user u"); users != 10 {
			t.Errorf("%d users are shown", users)
		}
		_, last, _ := strings.Cut(preview, "user u000009:\n  first_name: none -> \"Ann\"\n")
		if last != says {
			t.Errorf("%d users change: after the tenth comes %q, want %q", n, last, says)
		}
		wantNothingWritten(t, srv, got, "")
		got = run(t, srv, input, "--yes")
		wantExit(t, got, tool.Done)
		if preview := previewOf(got); preview != "" {
			t.Errorf("a load shows: %s", preview)
		}
	}
}

// renamedUsers returns an environment of n users, and lines that give the first few of
// them another name.
func renamedUsers(n, few int) (srv *permittest.Server, input string) {
	srv = permittest.New(permittest.Options{})
	have, input := bareUsers(n)
	srv.SeedAt(time.Now().Add(-time.Hour), have)
	return srv, strings.Replace(input, `"email":`, `"first_name":"Ann","email":`, few)
}

// The summary of a dry run accounts for every line, by its type: those that a load
// would load are planned, and those that it would put on stdout are not loaded.
func TestSummaryOfAMixedDryRun(t *testing.T) {
	t.Parallel()
	input := needsRoleAndTenant + lines(
		`{"type":"role","key":"viewer"}`, `{"type":"role","key":"viewer"}`, `{"type":"tenant","key":"org_2","name":"Two"}`,
		`{"type":"user","key":"changes","first_name":"New"}`, `{"type":"user","key":"same"}`, `{"type":"user","key":"same"}`,
		`{"type":"user","key":"no good"}`)
	type tally = ledger.Tally
	for create, want := range map[string]summary{
		"yes": {
			DryRun: true,
			Users:  tally{In: 6, Planned: 3, Unchanged: 1, Repeated: 1, NotLoaded: 1},
			Roles:  tally{In: 3, Planned: 1, Unchanged: 1, Repeated: 1}, Tenants: tally{In: 2, Planned: 2},
		},
		"no": {
			DryRun: true,
			Users:  tally{In: 6, Planned: 2, Unchanged: 1, Repeated: 1, NotLoaded: 2},
			Roles:  tally{In: 3, Unchanged: 1, Repeated: 1, NotLoaded: 1}, Tenants: tally{In: 2, Planned: 1, NotLoaded: 1},
		},
	} {
		srv := permittest.New(permittest.Options{})
		srv.Seed(permittest.State{
			Roles: []permittest.Role{{Key: "viewer"}}, Tenants: []permittest.Tenant{{Key: "org_2", Name: "Zwei"}},
			Users: []permittest.User{{Key: "changes", FirstName: "Old"}, {Key: "same"}},
		})
		file := filepath.Join(t.TempDir(), "summary.json")
		got := run(t, srv, input, "--dry-run", "--create-missing", create, "--summary", file)
		wantExit(t, got, tool.Rejected)
		var sum summary
		decodeJSON(t, []byte(readFile(t, file)), &sum)
		if diff := cmp.Diff(want, sum); diff != "" {
			t.Errorf("--create-missing %s (-want +got):\n%s", create, diff)
		}
		for _, each := range []tally{sum.Users, sum.Roles, sum.Tenants} {
			if each.In != each.Loaded+each.Planned+each.Unchanged+each.Repeated+each.NotLoaded {
				t.Errorf("--create-missing %s: %+v does not add up", create, each)
			}
		}
	}
}

// The summary of remove --dry-run has who would go as planned.
func TestSummaryOfARemovalThatIsPlanned(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(threeUsers("ann admin default"))
	file := filepath.Join(t.TempDir(), "summary.json")
	got := run(t, srv, annWithoutRoles+bobWithoutRoles+bobWithoutRoles+lines(`{"type":"user","key":"zoe"}`)+endLine,
		"remove", "--dry-run", "--summary", file)
	wantExit(t, got, tool.Done)
	var sum summary
	decodeJSON(t, []byte(readFile(t, file)), &sum)
	want := ledger.Tally{In: 4, Planned: 2, Unchanged: 1, Repeated: 1}
	if diff := cmp.Diff(want, sum.Users); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// For machines the counts of the plan and of the closing line are numbers, not words.
func TestCountsAreFieldsOfTheLog(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have := threeUsers("ann admin default", "bob admin default")
	have.Users = append(have.Users, permittest.User{Key: "zoe"})
	srv.SeedAt(time.Now().Add(-time.Hour), have)
	input := roleLines + defaultTenantLine + lines(
		`{"type":"role","key":"Auditor"}`, `{"type":"tenant","key":"acme"}`, `{"type":"tenant","key":"org","name":"Org Ltd"}`,
		`{"type":"user","key":"new","role_assignments":[{"role":"viewer"}]}`,
		`{"type":"user","key":"ann","first_name":"Ann","role_assignments":[]}`,
		`{"type":"user","key":"bob","role_assignments":[{"role":"admin"}]}`,
		`{"type":"user","key":"cid"}`, `{"type":"user","key":"cid"}`)
	got := run(t, srv, input+endLineAt(time.Now()), "--log-format", "json",
		"--create-missing", "yes", "--roles", "replace", "--yes", "--remove-limit", "100")
	wantExit(t, got, tool.Done)
	fields := fieldsOfLog(t, got)
	for name, want := range map[string]float64{
		"roles_to_create": 1, "tenants_to_create": 1, "tenants_to_rename": 1,
		"users_to_add": 1, "users_to_change": 1, "users_unchanged": 2, "users_not_in_the_input": 1,
		"role_assignments_to_add": 1, "role_assignments_there": 1,
		"role_assignments_to_take_away": 1, "users_who_lose_some": 1,
		"assignments_made": 1, "assignments_removed": 1, "users_deleted": 0,
		"users.in": 5, "users.added": 1, "users.changed": 1, "users.unchanged": 2, "users.repeated": 1, "users.not_loaded": 0,
		"roles.in": 3, "roles.added": 1, "roles.unchanged": 2, "tenants.in": 3, "tenants.added": 1, "tenants.changed": 1,
	} {
		if fields[name] != want {
			t.Errorf("%s is %v, want %v", name, fields[name], want)
		}
	}

	got = run(t, srv, annWithoutRoles+lines(`{"type":"user","key":"nobody"}`)+endLine, "remove",
		"--log-format", "json", "--yes", "--remove-limit", "100")
	wantExit(t, got, tool.Done)
	fields = fieldsOfLog(t, got)
	for name, want := range map[string]any{
		"users_to_delete": 1.0, "users_not_in_permit": 1.0, "users_deleted": 1.0,
		"users.in": 2.0, "users.deleted": 1.0, "users.added": nil, "users.changed": nil,
	} {
		if fields[name] != want {
			t.Errorf("remove: %s is %v, want %v", name, fields[name], want)
		}
	}
}

// fieldsOfLog returns the fields of all lines of a log in JSON, those of groups as
// group.field.
func fieldsOfLog(t *testing.T, got result) map[string]any {
	t.Helper()
	all := map[string]any{}
	for line := range strings.Lines(got.stderr) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		for name, value := range fields {
			group, _ := value.(map[string]any)
			for inner, value := range group {
				all[fmt.Sprint(name, ".", inner)] = value
			}
			all[name] = value
		}
	}
	return all
}
