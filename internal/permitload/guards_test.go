package permitload

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// inTarget is how each question names the target.
const inTarget = " in environment Development (dev), project Default Project (default)"

// --change-limit asks before more than that many percent of the existing users change.
// The share of a few users means nothing.
func TestChangeLimitAsks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		users, changed int
		args           []string
		question       string
	}{
		{"30 percent of them", 60, 18, nil, ""},
		{"more than that", 60, 19, nil, "change 19 of 60 existing users"},
		{"all of a few users", 49, 49, nil, ""},
		{"all of some more", 50, 50, nil, "change 50 of 50 existing users"},
		{"many", 1000, 999, nil, "change 999 of 1,000 existing users"},
		{"another limit", 60, 19, []string{"--change-limit", "31.7"}, ""},
		{"more than another limit", 60, 19, []string{"--change-limit", "31.6"}, "change 19 of 60 existing users"},
		{"never", 60, 60, []string{"--change-limit", "100"}, ""},
		{"always", 60, 1, []string{"--change-limit", "0"}, "change 1 of 60 existing users"},
		{"always, but for a few", 49, 1, []string{"--change-limit", "0"}, ""},
		{"always, but for nothing", 60, 0, []string{"--change-limit", "0"}, ""},
		{"answered before", 60, 60, []string{"--yes"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv, input := renamedUsers(tt.users, tt.changed)
			got, questions := runAsked(t, srv, "y", input, tt.args...)
			wantExit(t, got, tool.Done)
			var want []string
			if tt.question != "" {
				want = []string{"permitload: " + tt.question + inTarget + "? first_name " +
					strings.Split(tt.question, " ")[1] + "; no undo file: --undo FILE keeps one"}
			}
			if diff := cmp.Diff(want, questions); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
			if named := strings.Count(firstNames(srv), "Ann"); named != tt.changed {
				t.Errorf("%d users are changed, want %d", named, tt.changed)
			}
		})
	}
}

func firstNames(srv *permittest.Server) string {
	var names []string
	for _, u := range srv.State().Users {
		names = append(names, u.FirstName)
	}
	return strings.Join(names, " ")
}

// Users who are new count for nothing: nothing of theirs is lost.
func TestChangeLimitIsAShareOfExistingUsers(t *testing.T) {
	t.Parallel()
	srv, input := renamedUsers(60, 20)
	var b strings.Builder
	for _, u := range usersWithRoles(500).Users {
		b.WriteString(jsonLine("user", map[string]any{"key": u.Key}))
	}
	got := run(t, srv, b.String()+input)
	wantExit(t, got, tool.Stopped, "to change 20 of 60 existing users")
	wantNothingWritten(t, srv, got, "--yes")
}

// The question names the fields, the most frequent first, and the undo file.
func TestChangeLimitNamesTheFields(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have, _ := bareUsers(60)
	srv.Seed(have)
	var input strings.Builder
	for i, u := range have.Users {
		fields := map[string]any{"key": u.Key, "last_name": "Doe"}
		if i < 40 {
			fields["attributes"] = map[string]any{"plan": "pro"}
		}
		if i < 5 {
			fields["email"], fields["first_name"] = nil, "Ann"
		}
		input.WriteString(jsonLine("user", fields))
	}
	undo := filepath.Join(t.TempDir(), "undo.jsonl")
	got, questions := runAsked(t, srv, "n", input.String()+endLine, "--undo", undo)
	wantExit(t, got, tool.Stopped)
	want := []string{"permitload: change 60 of 60 existing users" + inTarget + "? " +
		"last_name 60, attributes.plan 40, email 5, first_name 5; undo file: " + undo}
	if diff := cmp.Diff(want, questions); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
}

// A question that is answered with no ends the run, and that is no error. Whichever it
// is, it names the environment and says whether there is an undo file, and a removal's
// says from which roles.
func TestAnsweredWithNo(t *testing.T) {
	t.Parallel()
	const place = inTarget + "? "
	const noUndo = "; no undo file: --undo FILE keeps one"
	undo := filepath.Join(t.TempDir(), "undo.jsonl")
	taken := roleLines + defaultTenantLine + annWithoutRoles + bobWithoutRoles + endLineAt(time.Now())
	for _, tt := range []struct {
		name, input    string
		args           []string
		question, hint string
	}{
		{
			"--roles replace", taken,
			[]string{"--roles", "replace", "--remove-limit", "100"},
			"take 3 role assignments from 2 users" + place + "admin 2, viewer 1" + noUndo,
			"without --roles replace nothing is taken away",
		},
		{
			"--roles replace with an undo file", taken,
			[]string{"--roles", "replace", "--remove-limit", "100", "--undo", undo},
			"take 3 role assignments from 2 users" + place + "admin 2, viewer 1; undo file: " + undo,
			"without --roles replace nothing is taken away",
		},
		{
			"remove", taken,
			[]string{"remove", "--remove-limit", "100"},
			"delete 2 users with 3 role assignments" + place + "admin 2, viewer 1" + noUndo,
			"--dry-run --plan FILE writes who would go",
		},
		{
			"remove somebody without roles", lines(`{"type":"user","key":"cid"}`) + endLine,
			[]string{"remove", "--remove-limit", "100"},
			"delete 1 user with 0 role assignments" + place + "no undo file: --undo FILE keeps one",
			"--dry-run --plan FILE writes who would go",
		},
		{
			"missing roles", needsRoleAndTenant, nil,
			"Permit lacks 1 role (Admin) and 1 tenant (org_1); create" + inTarget + "?",
			"--create-missing no loads the users, and puts those that name it on stdout",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			have := threeUsers("ann admin default", "ann viewer default", "bob admin default")
			if tt.name == "missing roles" {
				have = permittest.State{}
			}
			srv.SeedAt(time.Now().Add(-time.Hour), have)
			got, questions := runAsked(t, srv, "n", tt.input, tt.args...)
			wantCancelled(t, srv, got, tt.hint)
			if diff := cmp.Diff([]string{"permitload: " + tt.question}, questions); diff != "" {
				t.Errorf("questions (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("changes", func(t *testing.T) {
		t.Parallel()
		srv, input := renamedUsers(60, 60)
		got, _ := runAsked(t, srv, "n", input)
		wantCancelled(t, srv, got,
			"--dry-run --plan FILE writes each change, and --change-limit PERCENT (now 30) says when to ask")
	})
}

// wantCancelled wants a run that somebody has stopped, and that has written nothing.
func wantCancelled(t *testing.T, srv *permittest.Server, got result, hint string) {
	t.Helper()
	wantExit(t, got, tool.Stopped, "permitload: cancelled; nothing was written\n")
	wantNothingWritten(t, srv, got, "permitload: hint: "+hint+"\n")
	if strings.Contains(got.stderr, "error:") {
		t.Errorf("that is no error:\n%s", got.stderr)
	}
}

// Where there is no terminal nobody can say yes, so nothing is written.
func TestManyChangesNeedAYes(t *testing.T) {
	t.Parallel()
	srv, input := renamedUsers(60, 60)
	got := run(t, srv, input)
	wantExit(t, got, tool.Stopped, "permitload: error: to change 60 of 60 existing users in environment Development (dev)"+
		" needs a yes, and there is no terminal to ask on; nothing was written\n")
	wantNothingWritten(t, srv, got, "--yes answers yes; --dry-run shows what would be done")
	wantExit(t, run(t, srv, input, "--yes"), tool.Done, "users: 60 changed")
}

// What is no percentage is a mistake on the command line.
func TestChangeLimitIsAPercentage(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"-1", "100.1", "NaN", "Inf", "many", "30%", ""} {
		srv := permittest.New(permittest.Options{})
		got := runFrom(t.Context(), t, srv, forbiddenStdin{t}, "--change-limit="+limit)
		wantExit(t, got, tool.BadUsage, "--change-limit")
		wantNothingWritten(t, srv, got, "--change-limit 30")
		if len(srv.Calls()) > 0 {
			t.Errorf("%q: %d calls", limit, len(srv.Calls()))
		}
	}
}

// A dry run says what the load would ask, with what answers it.
func TestDryRunSaysWhatWouldBeAsked(t *testing.T) {
	t.Parallel()
	const says = "permitload: the real run asks whether to "
	const noUndo = " (no undo file: --undo FILE keeps one); --yes answers yes\n"
	undo := filepath.Join(t.TempDir(), "undo.jsonl")
	taken := roleLines + defaultTenantLine + annWithoutRoles + endLineAt(time.Now())
	replace := []string{"--roles", "replace", "--remove-limit", "100"}
	_, changes := renamedUsers(60, 60)
	for _, tt := range []struct {
		name, input string
		args        []string
		asks        string
	}{
		{
			"changes", changes, nil,
			says + "change 60 of 60 existing users (--change-limit is 30, in percent); --yes answers yes\n",
		},
		{"changes, answered", changes, []string{"--yes"}, ""},
		{"changes below the limit", changes, []string{"--change-limit", "100"}, ""},
		{"roles", taken, replace, says + "take 1 role assignment from 1 user" + noUndo},
		{
			"roles, with an undo file", taken, append(replace, "--undo", undo),
			"(undo file: " + undo + "); --yes answers yes\n",
		},
		{"roles, answered", taken, append(replace, "--yes"), ""},
		{"no roles", taken, nil, ""},
		{
			"remove", taken,
			[]string{"remove", "--remove-limit", "100"},
			says + "delete 1 user with 1 role assignment" + noUndo,
		},
		{"remove, answered", taken, []string{"remove", "--remove-limit", "100", "--yes"}, ""},
		{
			"missing roles", needsRoleAndTenant, nil,
			says + "create 1 role (Admin) and 1 tenant (org_1); --create-missing yes or no answers\n",
		},
		{"missing roles, for which --yes is no answer", needsRoleAndTenant, []string{"--yes"}, says + "create 1 role"},
		{"missing roles, answered", needsRoleAndTenant, []string{"--create-missing", "yes"}, ""},
		{"missing roles, answered with no", needsRoleAndTenant, []string{"--create-missing", "no"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			have, _ := bareUsers(60)
			have.Users = append(have.Users, permittest.User{Key: "ann"})
			if tt.input != needsRoleAndTenant {
				have.Roles = threeUsers().Roles
				have.Assignments = roleAssignments("ann admin default")
			}
			srv.SeedAt(time.Now().Add(-time.Hour), have)
			got, questions := runAsked(t, srv, "y", tt.input, append(tt.args, "--dry-run")...)
			wantExit(t, got, tool.Done, tt.asks, "nothing was written (--dry-run)")
			wantNothingWritten(t, srv, got, "")
			if hasSaid := strings.Contains(got.stderr, "the real run"); hasSaid != (tt.asks != "") || questions != nil {
				t.Errorf("want %q, asked %q:\n%s", tt.asks, questions, got.stderr)
			}
		})
	}
}

// A dry run says at what the load would stop, with the same words and the same hints.
func TestDryRunSaysWhereTheLoadStops(t *testing.T) {
	t.Parallel()
	now := time.Now()
	replace := []string{"--roles", "replace", "--yes"}
	loses := roleLines + defaultTenantLine + annWithoutRoles
	gets := roleLines + defaultTenantLine + lines(`{"type":"user","key":"bob","role_assignments":[{"role":"admin"}]}`)
	for _, tt := range []struct {
		name, input string
		args        []string
		says, hint  string
	}{
		{
			"more than --remove-limit", loses + endLineAt(now), replace,
			"to take 1 role assignment from 1 user is 100.0% of the 1 in scope, and --remove-limit is 5",
			"is the input whole? If it is: --remove-limit 100",
		},
		{
			"more users than --remove-limit", loses + endLineAt(now),
			[]string{"remove", "--yes"},
			"to delete 1 user with 1 role assignment is 33.3% of the 3 in scope, and --remove-limit is 5",
			"is the input whole? If it is: --remove-limit 34",
		},
		{
			"a role that Permit may have", lines(`{"type":"role","key":"ADMIN","name":"ADMIN"}`) + endLine,
			[]string{"--create-missing", "yes"},
			"1 missing role may be in Permit under another key",
			"give a0tojsonl the --role-map lines above",
		},
		{
			"input that is too old", gets + endLineAt(now.Add(-6*24*time.Hour)), replace,
			"--roles replace: the input was exported on " + now.Add(-6*24*time.Hour).UTC().Format(time.DateOnly) +
				"; the 1 role assignment it would add may have been taken away since",
			"export again, or add them without --roles replace",
		},
		{
			"input from the future", gets + endLineAt(now.Add(time.Hour)), replace,
			"which is in the future: Permit's clock says", "a0tojsonl --as-of TIME says when the export was made",
		},
		{
			"input of no time", gets + endLine, replace,
			"the input does not say when it was exported", "a0tojsonl --as-of TIME says it",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			srv.SeedAt(now.Add(-time.Hour), threeUsers("ann admin default"))
			preview := run(t, srv, tt.input, append(tt.args, "--dry-run")...)
			wantSays(t, preview, tt.says, "permitload: hint: "+tt.hint+"\n", "nothing was written")
			if preview.code == tool.Done && !strings.Contains(preview.stderr, "permitload: warning: the real run stops: ") {
				t.Errorf("it goes to its end without a warning:\n%s", preview.stderr)
			}
			got := run(t, srv, tt.input, tt.args...)
			wantExit(t, got, tool.Stopped, tt.says, "permitload: hint: "+tt.hint+"\n", "nothing was written")
			wantNothingWritten(t, srv, got, tt.hint)
		})
	}
}
