package permitload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// namedUsers returns n users with the same last name, and lines that rename the first of
// them.
func namedUsers(n, renamed int) (have permittest.State, input string) {
	have.Roles = threeRoles()
	var b strings.Builder
	for i := range n {
		u := permittest.User{Key: fmt.Sprintf("auth0|%03d", i), Email: fmt.Sprintf("u%d@acme.example", i), LastName: "Lee"}
		have.Users = append(have.Users, u)
		last := "Lee"
		if i < renamed {
			last = "Li"
		}
		fmt.Fprintf(&b, `{"type":"user","key":%q,"email":%q,"last_name":%q}`+"\n", u.Key, u.Email, last)
	}
	return have, b.String() + endLine
}

// answering returns a terminal on which somebody types an answer. Questions are written
// to asked.
func answering(answer string, asked *bytes.Buffer) Terminal {
	return func() (io.ReadWriteCloser, error) {
		return &typist{in: strings.NewReader(answer), out: asked}, nil
	}
}

type typist struct {
	in  io.Reader
	out io.Writer
}

func (t *typist) Read(p []byte) (int, error)  { return t.in.Read(p) }
func (t *typist) Write(p []byte) (int, error) { return t.out.Write(p) }
func (t *typist) Close() error                { return nil }

// runAnswering runs the command with a terminal on which somebody types an answer, and
// also returns the question.
func runAnswering(
	t *testing.T, srv *permittest.Server, answer, input string, args ...string,
) (got result, question string) {
	t.Helper()
	address, stop := srv.Start()
	defer stop()
	var stdout, stderr strings.Builder
	var asked bytes.Buffer
	args = append([]string{
		"permitload", "--api-url", address, "--token-file", writeFile(t, "key", permittest.DefaultKey),
	}, args...)
	code := Run(t.Context(), args, strings.NewReader(input), &stdout, &stderr, answering(answer, &asked))
	return result{code: code, stdout: stdout.String(), stderr: stderr.String()}, asked.String()
}

// A dry run shows the first ten users that change, field by field, and nobody else.
func TestPreviewShowsTheFirstChanges(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have, input := namedUsers(30, 13)
	have.Users[0].FirstName = "Ann"
	have.Users[0].Attributes = map[string]any{"plan": "free", "seat": 1, "note": "old"}
	srv.Seed(have)
	first := `{"type":"user","key":"auth0|000","email":"U0@acme.example","first_name":null,"last_name":"Lee",` +
		`"attributes":{"plan":"` + strings.Repeat("é", 60) + `","seat":1,"note":null,"new":[1]}}` + "\n"
	_, rest, _ := strings.Cut(input, "\n")
	got := run(t, srv, first+rest, "--dry-run")
	wantExit(t, got, tool.Done, "users: 0 to add, 13 to change, 17 unchanged",
		"user auth0|000:\n"+
			"permitload:   attributes.new: none -> [1]\n"+
			`permitload:   attributes.note: "old" -> none`+"\n"+
			`permitload:   attributes.plan: "free" -> "`+strings.Repeat("é", 36)+"...\n"+
			`permitload:   first_name: "Ann" -> none`+"\n"+
			"permitload: user auth0|001:\n"+
			`permitload:   last_name: "Lee" -> "Li"`+"\n",
		"and 3 more: --plan FILE writes all of them",
		"nothing was written (--dry-run); leave --dry-run out to do it in environment Development (dev)")
	if n := strings.Count(got.stderr, "permitload: user "); n != 10 {
		t.Errorf("%d users are shown", n)
	}
	if n := countWrites(srv); n > 0 {
		t.Errorf("%d writes", n)
	}
	if got := run(t, srv, first+rest); strings.Contains(got.stderr, "auth0|001") {
		t.Errorf("a load shows users:\n%s", got.stderr)
	}
}

// The plan has one operation a line, with what was and what will be.
func TestPlanFile(t *testing.T) {
	t.Parallel()
	clocks := newOldEnvironment(t, permittest.State{
		Roles:   []permittest.Role{{Key: "Admin", Name: "Admin"}},
		Tenants: []permittest.Tenant{{Key: "org_1", Name: "Acme"}},
		Users: []permittest.User{
			{Key: "ann", FirstName: "Ann", Attributes: map[string]any{"plan": "free"}}, {Key: "bob"}, {Key: "zoe"},
		},
		Assignments: roleAssignments("ann Admin default", "zoe Admin default"),
	})
	input := lines(`{"type":"role","key":"Admin"}`, `{"type":"role","key":"Clerk","name":"Clerk"}`,
		`{"type":"tenant","key":"org_1","name":"Acme Inc"}`, `{"type":"tenant","key":"org_2","name":"Globex"}`,
		`{"type":"tenant","key":"default"}`,
		`{"type":"user","key":"ann","first_name":"Anna","attributes":{"plan":null},"role_assignments":[]}`,
		`{"type":"user","key":"bob","role_assignments":[{"role":"Clerk","tenant":"org_2"}]}`,
		`{"type":"user","key":"cyd","email":"cyd@acme.example"}`) + endLineAt(time.Now().Add(-time.Hour))
	want := lines(`{"op":"create","type":"role","key":"Clerk","after":{"name":"Clerk"}}`,
		`{"op":"create","type":"tenant","key":"org_2","after":{"name":"Globex"}}`,
		`{"op":"rename","type":"tenant","key":"org_1","before":{"name":"Acme"},"after":{"name":"Acme Inc"}}`,
		`{"op":"update","type":"user","key":"ann","before":{"attributes":{"plan":"free"},"first_name":"Ann"},`+
			`"after":{"attributes":{"plan":null},"first_name":"Anna"}}`,
		`{"op":"assign","type":"role_assignment","key":"bob","after":{"role":"Clerk","tenant":"org_2"}}`,
		`{"op":"create","type":"user","key":"cyd","after":{"email":"cyd@acme.example"}}`,
		`{"op":"unassign","type":"role_assignment","key":"ann","before":{"role":"Admin","tenant":"default"}}`)
	file := filepath.Join(t.TempDir(), "plan.jsonl")
	args := []string{"--roles", "replace", "--remove-limit", "100", "--create-missing", "yes", "--plan", file}
	got := run(t, clocks, input, append(args, "--dry-run")...)
	wantExit(t, got, tool.Done, "the plan is in "+file+": 7 operations")
	if diff := cmp.Diff(want, readFile(t, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}

	// A load writes it, too, before it asks.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	got = run(t, clocks, input, args...)
	wantNothingWritten(t, clocks, got, "--yes answers yes")
	if diff := cmp.Diff(want, readFile(t, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// It leaves out what is not created, and what needs that.
	wantExit(t, run(t, clocks, input, "--create-missing", "no", "--dry-run", "--plan", file), tool.Done)
	if text := readFile(t, file); strings.Contains(text, "Clerk") || strings.Count(text, "\n") != 3 {
		t.Errorf("the plan is\n%s", text)
	}

	// The plan of a removal says who goes, and with which roles.
	zoe := lines(`{"type":"user","key":"zoe"}`, `{"type":"user","key":"nobody"}`)
	wantExit(t, run(t, clocks, zoe, "remove", "--dry-run", "--plan", file), tool.Done, "--remove-limit is 5")
	want = lines(`{"op":"unassign","type":"role_assignment","key":"zoe","before":{"role":"Admin","tenant":"default"}}`,
		`{"op":"delete","type":"user","key":"zoe"}`)
	if diff := cmp.Diff(want, readFile(t, file)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// It never overwrites the input.
	in := writeFile(t, "in.jsonl", input)
	got = run(t, clocks, "", "--dry-run", "--plan", in, in)
	if got.code == tool.Done || readFile(t, in) != input {
		t.Errorf("exit code %d, and the input is\n%s", got.code, readFile(t, in))
	}
}

// newOldEnvironment returns a Permit that has been as it is for two hours.
func newOldEnvironment(t *testing.T, st permittest.State) *permittest.Server {
	t.Helper()
	clock := httpapitest.NewClockAt(time.Now().Add(-2*time.Hour), 1)
	srv := permittest.New(permittest.Options{Clock: clock})
	srv.Seed(st)
	clock.Advance(2 * time.Hour)
	return srv
}

// Changing more than --change-limit of the users takes a yes.
func TestChangeLimit(t *testing.T) {
	t.Parallel()
	const question = "permitload: change 20 of 60 existing users in environment Development (dev)? " +
		"last_name 20; no undo file: --undo FILE keeps one [y/N] "
	for _, tt := range []struct {
		name           string
		users, changed int
		answer         string
		args           []string
		asked          string
		code           int
		says           []string
	}{
		{"a third, and no", 60, 20, "n\n", nil, question, tool.Stopped, []string{
			"permitload: cancelled; nothing was written\n",
			"hint: --dry-run --plan FILE writes each change, and --change-limit PERCENT (now 30) says when to ask",
		}},
		{"no answer at all", 60, 20, "", nil, question, tool.Stopped, nil},
		{"a third, and yes", 60, 20, "y\n", nil, question, tool.Done, []string{"users: 20 changed, 40 unchanged"}},
		{"18 of 60 are 30%", 60, 18, "n\n", nil, "", tool.Done, nil},
		{"few users", 49, 49, "n\n", nil, "", tool.Done, nil},
		{"--yes", 60, 60, "n\n", []string{"--yes"}, "", tool.Done, nil},
		{"100", 60, 60, "n\n", []string{"--change-limit", "100"}, "", tool.Done, nil},
		{"0", 60, 1, "n\n", []string{"--change-limit", "0"}, "change 1 of 60 existing users in", tool.Stopped, nil},
		{"0, and nothing changes", 60, 0, "n\n", []string{"--change-limit", "0"}, "", tool.Done, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			have, input := namedUsers(tt.users, tt.changed)
			srv.Seed(have)
			got, asked := runAnswering(t, srv, tt.answer, input, tt.args...)
			wantExit(t, got, tt.code, tt.says...)
			if !strings.HasPrefix(strings.TrimPrefix(asked, "permitload: "), strings.TrimPrefix(tt.asked, "permitload: ")) ||
				(asked == "") != (tt.asked == "") {
				t.Errorf("asked %q, want %q", asked, tt.asked)
			}
			if tt.code == tool.Stopped && (countWrites(srv) > 0 || got.stdout != "") {
				t.Errorf("%d writes, stdout %q", countWrites(srv), got.stdout)
			}
			if tt.answer == "n\n" && strings.Contains(got.stderr, "error:") {
				t.Errorf("a no is no error:\n%s", got.stderr)
			}
		})
	}

	// If nobody can be asked, it is refused.
	srv := permittest.New(permittest.Options{})
	have, input := namedUsers(60, 20)
	srv.Seed(have)
	got := run(t, srv, input)
	wantNothingWritten(t, srv, got, "--yes answers yes; --dry-run shows what would be done")
	wantExit(t, got, tool.Stopped, "error: to change 20 of 60 existing users in environment Development (dev) needs a yes")
	for _, bad := range []string{"-1", "101", "NaN"} {
		wantExit(t, run(t, srv, input, "--change-limit="+bad), tool.BadUsage, "--change-limit: not a number from 0 to 100")
	}
}

// A question about taking away has numbers by role, and says whether there is an undo
// file.
func TestQuestionsAboutTakingAway(t *testing.T) {
	t.Parallel()
	st := permittest.State{Roles: threeRoles()}
	for key := range strings.FieldsSeq("ann bob cyd") {
		st.Users = append(st.Users, permittest.User{Key: key})
		st.Assignments = append(st.Assignments, roleAssignments(key+" Admin default")...)
	}
	st.Assignments = append(st.Assignments, roleAssignments("ann Editor default")...)
	undo := filepath.Join(t.TempDir(), "undo.jsonl")
	srv := newOldEnvironment(t, st)
	texts := []string{
		`{"type":"role","key":"Admin"}`, `{"type":"role","key":"Editor"}`, `{"type":"tenant","key":"default"}`,
	}
	for _, u := range st.Users {
		texts = append(texts, `{"type":"user","key":"`+u.Key+`","role_assignments":[]}`)
	}
	nobody := lines(texts...) + endLineAt(time.Now().Add(-time.Hour))
	got, asked := runAnswering(t, srv, "n\n", nobody, "--roles", "replace", "--remove-limit", "100", "--undo", undo)
	wantExit(t, got, tool.Stopped, "role assignments: 4 to take away from 3 users (Admin 3, Editor 1)",
		"permitload: cancelled; nothing was written", "hint: without --roles replace nothing is taken away")
	const removal = "take 4 role assignments from 3 users in environment Development (dev)? Admin 3, Editor 1; undo file: "
	if !strings.Contains(asked, removal+undo) {
		t.Errorf("asked %q", asked)
	}
	got, asked = runAnswering(t, srv, "n\n", nobody, "remove", "--remove-limit", "100")
	wantExit(t, got, tool.Stopped, "users: 3 to delete, with 4 role assignments; 0 not in Permit")
	const deletion = "delete 3 users with 4 role assignments in environment Development (dev)? " +
		"Admin 3, Editor 1; no undo file: --undo FILE keeps one"
	if !strings.Contains(asked, deletion) {
		t.Errorf("asked %q", asked)
	}
	if n := countWrites(srv); n > 0 {
		t.Errorf("%d writes", n)
	}
}

// A dry run says what the real run would refuse or ask.
func TestDryRunSaysWhatWouldStopTheLoad(t *testing.T) {
	t.Parallel()
	const missing = `{"type":"user","key":"x","role_assignments":[{"role":"admin"}]}` + "\n"
	old := endLineAt(time.Now().Add(-30 * 24 * time.Hour))
	for _, tt := range []struct {
		name, input string
		args        []string
		says        []string
	}{
		{"a missing role", missing + endLine, nil, []string{
			"the real run asks whether to create 1 role (admin); --create-missing yes or no answers",
		}},
		{"a missing role that resembles one", missing + endLine, []string{"--create-missing", "yes"}, []string{
			"warning: the real run stops: 1 missing role may be in Permit under another key",
			"hint: give a0tojsonl the --role-map lines above",
		}},
		{
			"old input", `{"type":"user","key":"ann","role_assignments":[{"role":"Editor"}]}` + "\n" + old,
			[]string{"--roles", "replace"},
			[]string{"warning: the real run stops: --roles replace: the input was exported on ", "hint: export again"},
		},
		{
			"more than the limit", lines(`{"type":"role","key":"Admin"}`, `{"type":"tenant","key":"default"}`,
				`{"type":"user","key":"ann","role_assignments":[]}`) + endLineAt(time.Now().Add(-time.Hour)),
			[]string{"--roles", "replace"},
			[]string{"the real run stops: to take 1 role assignment from 1 user is 100.0% of the 1 in scope," +
				" and --remove-limit is 5"},
		},
		{
			"less than the limit", lines(`{"type":"role","key":"Admin"}`, `{"type":"tenant","key":"default"}`,
				`{"type":"user","key":"ann","role_assignments":[]}`) + endLineAt(time.Now().Add(-time.Hour)),
			[]string{"--roles", "replace", "--remove-limit", "100"},
			[]string{"the real run asks whether to take 1 role assignment from 1 user (no undo file: --undo FILE keeps one)"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := newOldEnvironment(t, permittest.State{
				Roles: threeRoles(), Users: []permittest.User{{Key: "ann"}}, Assignments: roleAssignments("ann Admin default"),
			})
			got := run(t, srv, tt.input, append(slices.Clone(tt.args), "--dry-run")...)
			wantExit(t, got, tool.Done, append(tt.says, "nothing was written (--dry-run)")...)
			if n := countWrites(srv); n > 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// What --roles replace leaves is reported by reason and number, with what helps.
func TestKept(t *testing.T) {
	t.Parallel()
	srv := newOldEnvironment(t, permittest.State{
		Roles: threeRoles(), Tenants: fourTenants(), Users: []permittest.User{{Key: "ann"}, {Key: "bob"}},
		Assignments: roleAssignments("ann Admin default", "ann Editor default", "ann Admin org_1", "bob Admin org_1"),
	})
	given := permittest.State{Assignments: roleAssignments("bob Admin default")}
	srv.Seed(given) // just now
	input := lines(`{"type":"role","key":"Admin"}`, `{"type":"tenant","key":"default"}`,
		`{"type":"user","key":"ann","role_assignments":[{"role":"Admin"}]}`,
		`{"type":"user","key":"bob","role_assignments":[]}`) + endLineAt(time.Now())
	got := run(t, srv, input, "--roles", "replace")
	wantExit(t, got, tool.Done,
		"warning: 1 role assignment that the input lacks stays in Permit: the input has no line for the role\n"+
			"permitload: hint: a0export all | a0tojsonl writes a line for every role, also for one that nobody holds",
		"warning: 2 role assignments that the input lacks stay in Permit: the input has no line for the tenant\n"+
			"permitload: hint: a0export all | a0tojsonl writes a line for every organization",
		"warning: 1 role assignment that the input lacks stays in Permit: only what is ten minutes older than the export"+
			" is taken away; the next run decides")
	const notLookedAt = "role assignments that the input lacks, fields that lines do not name"
	got = run(t, srv, input, "--verify")
	wantExit(t, got, tool.Done, "verify did not look at: "+notLookedAt)
	if strings.Contains(got.stderr, "stays in Permit") {
		t.Errorf("without --roles replace:\n%s", got.stderr)
	}
	got = run(t, srv, input, "--roles", "replace", "--verify")
	wantExit(t, got, tool.Done, "verify did not look at: 4 "+notLookedAt)
}

// In a JSON log the counts of the plan and of the closing line are numbers.
func TestCountsAreFieldsOfTheLog(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	have, input := namedUsers(30, 2)
	srv.Seed(have)
	got := run(t, srv, input, "--log-format", "json")
	wantExit(t, got, tool.Done)
	fields := map[string]any{}
	for line := range strings.Lines(got.stderr) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		maps.Copy(fields, record)
	}
	users, _ := fields["users"].(map[string]any)
	for name, pair := range map[string][2]any{
		"to change": {fields["users_to_change"], 2.0}, "unchanged": {fields["users_unchanged"], 28.0},
		"changed": {users["changed"], 2.0}, "in": {users["in"], 30.0},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: %v, want %v\n%s", name, pair[0], pair[1], got.stderr)
		}
	}
}
