package permitload

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// Options of load.
func withUndo(file string) func(*loadSettings) { return func(c *loadSettings) { c.undo = file } }
func allowIncomplete(c *loadSettings)          { c.allowIncomplete = true }

// changedUsers returns an environment of n users, and lines that change the names, the
// email and an attribute of each, add an attribute and clear one. Each user holds a role
// by hand, and every third one has fewer fields.
func changedUsers(n int) (have permittest.State, input string) {
	have = permittest.State{Roles: threeRoles(), Tenants: fourTenants()}
	var b strings.Builder
	b.WriteString(`{"type":"tenant","key":"org_1","name":"Acme Inc"}` + "\n")
	for i := range n {
		u := permittest.User{
			Key: fmt.Sprintf("auth0|%06d", i), Email: fmt.Sprintf("u%d@acme.example", i), FirstName: "Ann", LastName: "Lee",
			Attributes: map[string]any{
				"plan": "free", "theme": "dark", "n": json.Number("12345678901234567890.10"),
				"deep": map[string]any{"a": []any{1.0, nil, "<x>"}, "b": map[string]any{}},
			},
		}
		if i%3 == 0 {
			u.LastName, u.Attributes = "", nil
		}
		if i%5 == 0 {
			u.Email = ""
		}
		have.Users = append(have.Users, u)
		have.Assignments = append(have.Assignments, roleAssignments(u.Key+" Admin org_2")...)
		fmt.Fprintf(&b, `{"type":"user","key":%q,"email":"new%d@acme.example","first_name":null,"last_name":"Roe",`+
			`"attributes":{"plan":"pro","theme":null,"new":{"since":2026},"deep":{"a":1}}}`+"\n", u.Key, i)
	}
	return have, b.String() + endLine
}

// nullAnswers maps what a load finds out to what Permit does with fields that are left
// out or null.
var nullAnswers = map[string]permittest.Options{
	"left out": {},
	"null":     {PutOmitted: permittest.Keep},
}

// Loading the undo file brings a thousand changed users back, and loading the undo file
// of that load brings back the changes.
func TestUndoOfAThousandChangedUsers(t *testing.T) {
	t.Parallel()
	for answer, o := range nullAnswers {
		for _, effect := range []permittest.Effect{permittest.Keep, permittest.Clear} {
			t.Run(fmt.Sprint(answer, effect), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					o.PutAssignments = effect
					o.Lag = time.Duration(effect) * time.Second
					srv := permittest.New(o)
					have, input := changedUsers(1000)
					srv.Seed(have)
					before := srv.State()
					dir := t.TempDir()
					undo, redo := filepath.Join(dir, "undo.jsonl"), filepath.Join(dir, "redo.jsonl")

					got := load(t.Context(), srv, input, withUndo(undo))
					wantReport(t, got, tool.Done, "users: 1,000 changed")
					wantSays(t, got, "hint: permitload "+undo+" restores what this run changed or took away")
					if path, _ := undoPath(t, got); path != "" || got.report.found.ClearedField != answer {
						t.Errorf("undo file %q in $TMPDIR; found out %+v", path, got.report.found)
					}
					after := srv.State()
					if u := after.Users[1]; u.FirstName != "" || u.LastName != "Roe" || u.Attributes["theme"] != nil ||
						u.Attributes["new"] == nil || after.Tenants[1].Name != "Acme Inc" {
						t.Fatalf("%+v, %+v", u, after.Tenants)
					}
					if n := strings.Count(readFile(t, undo), "role_assignments"); n > 0 {
						t.Errorf("%d lines name role assignments, of which none was taken", n)
					}
					checkLines(t, readFile(t, undo))

					got = load(t.Context(), srv, readFile(t, undo), withUndo(redo), requireEnd)
					wantReport(t, got, tool.Done, "users: 1,000 changed")
					wantState(t, srv, before)
					wantReport(t, load(t.Context(), srv, readFile(t, redo)), tool.Done)
					wantState(t, srv, after)
				})
			})
		}
	}
}

func requireEnd(c *loadSettings) { c.requireEnd = true }

func wantSays(t *testing.T, got result, says ...string) {
	t.Helper()
	for _, text := range says {
		if !strings.Contains(got.stderr, text) {
			t.Errorf("stderr lacks %q:\n%s", text, got.stderr)
		}
	}
}

// checkLines wants lines that are valid by the JSON Schema.
func checkLines(t *testing.T, text string) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(record.Schema)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("line.json", doc); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("line.json")
	for line := range strings.Lines(text) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
	}
}

// A line of the undo file names only what changed.
func TestUndoLinesNameWhatChanged(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{PutAssignments: permittest.Clear})
	have := threeUsers("ann admin default", "ann byhand default", "bob admin org", "cid viewer default")
	have.Users[0].FirstName = "Ann"
	have.Users[0].Attributes = map[string]any{"plan": "free", "theme": "dark"}
	srv.SeedAt(time.Now().Add(-time.Hour), have)
	file := filepath.Join(t.TempDir(), "undo.jsonl")
	input := roleLines + lines(
		`{"type":"tenant","key":"default"}`, `{"type":"tenant","key":"org","name":"Acme"}`,
		`{"type":"user","key":"ann","email":"ann@acme.example","first_name":null,"attributes":{"plan":"pro","x":1},`+
			`"role_assignments":[{"role":"viewer"}]}`,
		`{"type":"user","key":"bob","role_assignments":[]}`,
		`{"type":"user","key":"new","role_assignments":[{"role":"viewer"}]}`,
	) + endLineAt(time.Now())
	got := run(t, srv, input, "--roles", "replace", "--yes", "--remove-limit", "100", "--undo", file)
	wantExit(t, got, tool.Done, "permitload "+file+" restores what this run changed or took away")
	want := []string{
		`{"type":"tenant","key":"org","name":"Org"}`,
		`{"type":"user","key":"ann","email":"a@acme.example","first_name":"Ann","attributes":{"plan":"free","x":null},` +
			`"role_assignments":[{"role":"admin","tenant":"default"}]}`,
		`{"type":"user","key":"bob","role_assignments":[{"role":"admin","tenant":"org"}]}`,
	}
	var lines []string
	for line := range strings.Lines(readFile(t, file)) {
		lines = append(lines, strings.TrimSpace(line))
	}
	if diff := cmp.Diff(want, lines[:len(lines)-1]); diff != "" {
		t.Errorf("undo file (-want +got):\n%s", diff)
	}
	const end = `{"type":"end","complete":true,"users":2,"roles":0,"tenants":1,`
	if last := lines[len(lines)-1]; !strings.HasPrefix(last, end) {
		t.Errorf("end line %s", last)
	}
}

// The undo file of a run that replaces attributes restores all of them, whether it is
// loaded by such a run or not.
func TestUndoOfReplacedAttributes(t *testing.T) {
	t.Parallel()
	for _, again := range []string{"merge", "replace"} {
		srv := permittest.New(permittest.Options{})
		have := permittest.User{Key: "ann", Attributes: map[string]any{"a": 1.0, "b": 2.0, "c": 3.0}}
		srv.Seed(permittest.State{Users: []permittest.User{have}})
		before := srv.State()
		file := filepath.Join(t.TempDir(), "undo.jsonl")
		input := lines(`{"type":"user","key":"ann","attributes":{"a":9,"b":2,"new":1}}`) + endLine
		wantExit(t, run(t, srv, input, "--attributes", "replace", "--undo", file), tool.Done, "users: 1 changed")
		wantExit(t, run(t, srv, readFile(t, file), "--attributes", again), tool.Done, "users: 1 changed")
		wantState(t, srv, before)
	}
}

// If Permit keeps a field whatever a write says, the line that clears it is not loaded
// and says so. The others are loaded.
func TestFieldsThatPermitKeeps(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]permittest.Options{
		"null is refused": {PutOmitted: permittest.Keep, RefuseNull: true},
		"null is nothing": {PutOmitted: permittest.Keep, OmitNull: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := permittest.New(o)
				srv.Seed(usersWithEmails("ann=a bob=b cid=c"))
				file := filepath.Join(t.TempDir(), "undo.jsonl")
				got := load(t.Context(), srv, lines(
					`{"type":"user","key":"ann","email":null,"first_name":"Ann"}`,
					`{"type":"user","key":"bob","email":null}`,
					`{"type":"user","key":"cid","first_name":"Cid"}`,
				)+endLine, withUndo(file))
				wantReport(t, got, tool.Rejected, "users: 1 changed, 2 left over")
				wantRejected(t, got, "ann not_cleared", "bob not_cleared")
				if got.report.found.ClearedField != "neither" || !strings.Contains(got.stdout, `"email":null`) {
					t.Errorf("found out %+v, stdout %s", got.report.found, got.stdout)
				}
				want := usersWithEmails("ann=a bob=b cid=c")
				want.Users[2].FirstName = "Cid"
				wantState(t, srv, want)
			})
		})
	}
}

// How to clear a field is found out once, with a few calls.
func TestClearingIsFoundOutOnce(t *testing.T) {
	t.Parallel()
	for answer, o := range nullAnswers {
		synctest.Test(t, func(t *testing.T) {
			srv := permittest.New(o)
			have, _ := bareUsers(7000)
			srv.Seed(have)
			var input strings.Builder
			for _, u := range have.Users {
				fmt.Fprintf(&input, `{"type":"user","key":%q,"email":null}`+"\n", u.Key)
			}
			wantReport(t, load(t.Context(), srv, input.String()+endLine), tool.Done, "7,000 changed")
			for i := range have.Users {
				have.Users[i].Email = ""
			}
			wantState(t, srv, have)
			if bulk, single := countCalls(srv, "PUT F/bulk"), countCalls(srv, "PUT F/users"); bulk != 3 || single > 2 {
				t.Errorf("%s: %d bulk calls, %d single ones", answer, bulk, single)
			}
			wantNoWrites(t, srv, func() {
				wantReport(t, load(t.Context(), srv, input.String()+endLine, thenVerify), tool.Done)
			})
		})
	}
}

// An email that one line takes away is free for another.
func TestEmailThatIsTakenAwayIsFree(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{DuplicateEmail: 409})
		srv.Seed(usersWithEmails("ann=a bob=b"))
		before := srv.State()
		file := filepath.Join(t.TempDir(), "undo.jsonl")
		got := load(t.Context(), srv, lines(
			`{"type":"user","key":"ann","email":"b@acme.example"}`, `{"type":"user","key":"bob","email":null}`,
		)+endLine, withUndo(file))
		wantReport(t, got, tool.Done, "2 changed")
		wantState(t, srv, usersWithEmails("ann=b bob="))
		wantReport(t, load(t.Context(), srv, readFile(t, file)), tool.Done)
		wantState(t, srv, before)
	})
}

// null is refused in a field that cannot be cleared, and has no effect on a new user.
func TestNullThatTakesNothingAway(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{RefuseNull: true})
	got := run(t, srv, lines(
		`{"type":"role","key":"r","name":null}`,
		`{"type":"tenant","key":"t","name":null}`,
		`{"type":"tenant","key":"u","attributes":null}`,
		`{"type":"user","key":"a","role_assignments":null}`,
		`{"type":"user","key":null}`,
		`{"type":"user","key":"b","email":null,"first_name":null,"last_name":null,"attributes":{"x":null,"y":1}}`,
		`{"type":"user","key":"c","attributes":null}`,
		`{"type":"user","key":"d","last_name":null}`,
		`{"type":"user","key":"d"}`,
	)+endLine)
	wantExit(t, got, tool.Rejected, "line 1: name: null is for users only: leave it out",
		"line 2: name: null is for users only: leave it out",
		"role_assignments must not be null: leave it out, or write [] for none")
	wantRejected(t, got, "r invalid_record", "t invalid_record", "u invalid_record", "a invalid_record",
		"<nil> invalid_record", "d differing_lines", "d differing_lines")
	want := []permittest.User{{Key: "b", Attributes: map[string]any{"y": 1.0}}, {Key: "c"}}
	if diff := cmp.Diff(want, srv.State().Users, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A killed run leaves a file that undoes everything it has done.
func TestUndoFileOfAKilledRun(t *testing.T) {
	t.Parallel()
	for _, effect := range []permittest.Effect{permittest.Keep, permittest.Clear} {
		synctest.Test(t, func(t *testing.T) {
			o := permittest.Options{PutAssignments: effect, Caps: permittest.Caps{Users: 100, Assignments: 100}, Oversize: 413}
			srv := permittest.New(o)
			have, _ := changedUsers(250)
			srv.Seed(have)
			before := srv.State()
			time.Sleep(time.Hour)
			_, input := changedUsers(250)
			input = lines(`{"type":"role","key":"Admin"}`, `{"type":"tenant","key":"org_2"}`) +
				strings.ReplaceAll(strings.TrimSuffix(input, endLine), `"last_name"`, `"role_assignments":[],"last_name"`) +
				endLineAt(time.Now())
			file := filepath.Join(t.TempDir(), "undo.jsonl")
			type moment struct {
				undo  string
				state permittest.State
			}
			var moments []moment
			kills := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				srv.ServeHTTP(w, r)
				if text, err := os.ReadFile(file); err == nil && r.Method != http.MethodGet {
					moments = append(moments, moment{string(text), srv.State()})
				}
			})
			got := load(t.Context(), kills, input, withUndo(file), replaceRoles)
			wantReport(t, got, tool.Done, "250 role assignments taken away")
			if len(moments) < 5 || len(srv.State().Assignments) > 0 {
				t.Fatalf("%d moments, %d role assignments are left", len(moments), len(srv.State().Assignments))
			}
			for _, m := range append(moments, moment{readFile(t, file), srv.State()}) {
				fresh := permittest.New(permittest.Options{})
				fresh.Seed(m.state)
				wantReport(t, load(t.Context(), fresh, m.undo), tool.Done)
				wantState(t, fresh, before)
			}
		})
	}
}

// A last line that is cut is reported, or left out if that is allowed.
func TestCutUndoFile(t *testing.T) {
	t.Parallel()
	whole := lines(`{"type":"user","key":"ann","first_name":"Ann"}`, `{"type":"user","key":"bob","first_name":null}`)
	first := strings.Index(whole, "\n") + 1
	for end := first + 1; end < len(whole)-1; end++ {
		srv := permittest.New(permittest.Options{})
		srv.Seed(permittest.State{Users: []permittest.User{{Key: "ann"}, {Key: "bob", FirstName: "Bob"}}})
		if end%10 == 0 {
			file := writeFile(t, "undo.jsonl", whole[:end])
			got := run(t, srv, "", file)
			wantExit(t, got, tool.Stopped, "undo.jsonl: line 2 is cut: the input broke off")
			wantNothingWritten(t, srv, got, "--allow-incomplete")
		}
		got := load(t.Context(), srv, whole[:end], allowIncomplete)
		wantReport(t, got, tool.Done, "users: 1 changed")
		wantSays(t, got, "line 2 is cut", "the input has no end line")
		if u := srv.State().Users; u[0].FirstName != "Ann" || u[1].FirstName != "Bob" {
			t.Errorf("cut at %d: %+v", end, u)
		}
	}
}

// The undo file of a run that changes nothing is valid, and an earlier one is kept.
func TestUndoFileOfARunThatChangesNothing(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(usersWithEmails("ann=a"))
	file := filepath.Join(t.TempDir(), "undo.jsonl")
	input := lines(`{"type":"user","key":"ann","first_name":"Ann"}`) + endLine
	wantExit(t, run(t, srv, input, "--undo", file), tool.Done)
	earlier := readFile(t, file)
	wantExit(t, run(t, srv, input, "--undo", file, "--dry-run"), tool.Done, "a dry run changes nothing")
	if readFile(t, file) != earlier {
		t.Error("a dry run has touched the undo file")
	}
	got := run(t, srv, input, "--undo", file)
	wantExit(t, got, tool.Done, "what was in "+file+" is now in "+file+".1")
	text := readFile(t, file)
	if strings.Count(text, "\n") != 1 || !strings.HasPrefix(text, `{"type":"end","complete":true`) ||
		readFile(t, file+".1") != earlier || strings.Contains(got.stderr, "restores what this run") {
		t.Errorf("%s\n%s", text, got.stderr)
	}
}

// An undo file that cannot be written is refused before anything is asked.
func TestUndoFileThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing", "undo.jsonl"), os.DevNull, "/dev/fd/0"} {
		srv := permittest.New(permittest.Options{})
		got := run(t, srv, annLine+endLine, "--undo", path)
		wantExit(t, got, tool.BadUsage, "--undo: ")
		if len(srv.Calls()) > 0 {
			t.Errorf("%s: %d calls", path, len(srv.Calls()))
		}
	}
}

// The undo file restores whatever was changed or taken away, whatever Permit does to
// fields that a write does not name.
func TestRandomUndo(t *testing.T) {
	t.Parallel()
	for seed := range sizeOf(*seeds, 60, 300) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { undoAtRandom(t, rand.New(rand.NewPCG(uint64(seed), 100))) })
		})
	}
}

func undoAtRandom(t *testing.T, r *rand.Rand) {
	t.Helper()
	o := drawOptions(r)
	o.StrictEmails = false
	if o.RefuseNull && o.PutOmitted == permittest.Keep { // then nothing can clear a field
		o.RefuseNull = false
	}
	o.OmitNull = o.PutOmitted == permittest.Clear && r.IntN(2) == 0
	faults := &randomFaults{r: r, on: r.IntN(2) == 0}
	o.Faults = faults.draw
	srv := permittest.New(o)
	have := permittest.State{Roles: threeRoles(), Tenants: fourTenants()}
	var asked strings.Builder
	asked.WriteString(lines(`{"type":"tenant","key":"default"}`, `{"type":"tenant","key":"org_1","name":"New"}`,
		`{"type":"role","key":"Admin"}`))
	n := 5 + r.IntN(200)
	for i := range n {
		u := permittest.User{Key: fmt.Sprintf("u%04d", i), FirstName: oneOf(r, "", "Ann"), LastName: oneOf(r, "", "Lee")}
		if r.IntN(3) > 0 {
			u.Email = fmt.Sprintf("u%d@acme.example", i)
		}
		u.Attributes = drawAttributes(r)
		have.Users = append(have.Users, u)
		for _, role := range []string{"Admin", "Editor"} {
			if r.IntN(2) == 0 {
				have.Assignments = append(have.Assignments, roleAssignments(u.Key+" "+role+" "+oneOf(r, "default", "org_1"))...)
			}
		}
		if r.IntN(4) > 0 {
			asked.WriteString(drawChange(r, u.Key, n))
		}
	}
	srv.Seed(have)
	before := srv.State()
	time.Sleep(time.Hour)
	dir := t.TempDir()
	undo, redo := filepath.Join(dir, "undo.jsonl"), filepath.Join(dir, "redo.jsonl")
	prune := func(c *loadSettings) { c.replaceRoles = r.IntN(2) == 0 }
	attributes := func(c *loadSettings) { c.rules.ReplaceAttributes = r.IntN(2) == 0 }

	load(t.Context(), srv, asked.String()+endLineAt(time.Now()), withUndo(undo), prune, attributes)
	faults.on = false
	time.Sleep(15 * time.Minute)
	after := srv.State()
	checkLines(t, readFile(t, undo))
	wantReport(t, load(t.Context(), srv, readFile(t, undo), withUndo(redo), requireEnd), tool.Done)
	wantState(t, srv, before)

	// The second undo does not take away what the first one gave back, so only users are
	// compared.
	time.Sleep(15 * time.Minute)
	wantReport(t, load(t.Context(), srv, readFile(t, redo)), tool.Done)
	if diff := cmp.Diff(after.Users, srv.State().Users); diff != "" {
		t.Errorf("undo of the undo (-want +got):\n%.3000s", diff)
	}
}

func drawAttributes(r *rand.Rand) map[string]any {
	var attributes map[string]any
	for _, name := range []string{"a", "b", "c"} {
		if r.IntN(2) == 0 {
			if attributes == nil {
				attributes = map[string]any{}
			}
			attributes[name] = oneOf[any](r, "x", 1.5, true, []any{"y"}, map[string]any{"z": 1.0})
		}
	}
	return attributes
}

// drawChange draws a line that changes one of n users.
func drawChange(r *rand.Rand, key string, n int) string {
	fields := map[string]any{"key": key}
	for _, name := range []string{"first_name", "last_name"} {
		if value := oneOf[any](r, "", "Bob", "Lee", nil); value != "" {
			fields[name] = value
		}
	}
	switch r.IntN(6) {
	case 0:
		fields["email"] = nil
	case 1:
		fields["email"] = "new" + key + "@acme.example"
	case 2: // somebody else's email, which may stay theirs
		fields["email"] = fmt.Sprintf("u%d@acme.example", r.IntN(n))
	}
	switch attributes := drawAttributes(r); {
	case r.IntN(5) == 0:
		fields["attributes"] = nil
	case attributes != nil:
		for _, name := range []string{"a", "d"} {
			if r.IntN(3) == 0 {
				attributes[name] = nil
			}
		}
		fields["attributes"] = attributes
	}
	if r.IntN(2) == 0 {
		fields["role_assignments"] = []string{}
	}
	return jsonLine("user", fields)
}
