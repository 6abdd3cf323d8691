package permitload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// result is what a run left behind, but for Permit's state.
type result struct {
	code           int
	stdout, stderr string
	err            error // not of run, nor is the report
	report         *report
}

// run runs the command as its main does, over a real connection to srv.
func run(t *testing.T, srv *permittest.Server, input string, args ...string) result {
	t.Helper()
	return runFrom(t.Context(), t, srv, strings.NewReader(input), args...)
}

// runFrom is run with a context and a stdin of the caller's.
func runFrom(
	ctx context.Context, t *testing.T, srv *permittest.Server, stdin io.Reader, args ...string,
) result {
	t.Helper()
	var stdout strings.Builder
	got := runInto(ctx, t, srv, stdin, &stdout, args...)
	got.stdout = stdout.String()
	return got
}

// runInto is run with a stdout of the caller's, too, which the result lacks.
func runInto(
	ctx context.Context, t *testing.T, srv *permittest.Server, stdin io.Reader, stdout io.Writer, args ...string,
) result {
	t.Helper()
	return runOn(ctx, t, srv, nil, stdin, stdout, args...)
}

// runOn is runInto with a terminal to ask on.
func runOn(
	ctx context.Context, t *testing.T, srv *permittest.Server, terminal Terminal,
	stdin io.Reader, stdout io.Writer, args ...string,
) result {
	t.Helper()
	address, stop := srv.Start()
	defer stop()
	keyFile := writeFile(t, "key", permittest.DefaultKey)
	args = append([]string{"permitload", "--api-url", address, "--token-file", keyFile}, args...)
	var stderr strings.Builder
	code := Run(ctx, args, stdin, stdout, &stderr, terminal)
	return result{code: code, stderr: stderr.String()}
}

// runAsked is run where somebody sits at a terminal and answers every question the
// same. It returns the questions, too.
func runAsked(
	t *testing.T, srv *permittest.Server, answer, input string, args ...string,
) (got result, questions []string) {
	t.Helper()
	var screen bytes.Buffer
	terminal := func() (io.ReadWriteCloser, error) {
		return struct {
			io.Reader
			io.Writer
			io.Closer
		}{strings.NewReader(answer + "\n"), &screen, io.NopCloser(nil)}, nil
	}
	var stdout strings.Builder
	got = runOn(t.Context(), t, srv, terminal, strings.NewReader(input), &stdout, args...)
	got.stdout = stdout.String()
	const prompt = " [y/N] "
	for question := range strings.SplitAfterSeq(screen.String(), prompt) {
		if question != "" {
			questions = append(questions, strings.TrimSuffix(question, prompt))
		}
	}
	return got, questions
}

// load loads input into srv without a connection, so that it can run in a
// synctest bubble. It does what the command does once its flags are read.
func load(ctx context.Context, srv http.Handler, input string, options ...func(*loadSettings)) result {
	cfg := loadSettings{settings: defaultSettings(), createMissing: "yes", rules: reconcile.Rules{Tenant: "default"}}
	for _, set := range options {
		set(&cfg)
	}
	return runSession(srv, input, cfg.settings, func(t *tool.Tool, client *permit.Client) (*session, error) {
		l := &loader{session: newSession(cfg.settings, cfg.rules, t, client), loadSettings: cfg}
		return l.session, l.run(ctx)
	})
}

// Options of load.
func replaceRoles(c *loadSettings) { c.replaceRoles = true }
func thenVerify(c *loadSettings)   { c.verifies = true }
func dryRun(c *loadSettings)       { c.dryRun = true }

// removeUsers deletes the users of input from srv, as permitload remove does. It
// makes no connection either.
func removeUsers(ctx context.Context, srv http.Handler, input string, options ...func(*settings)) result {
	cfg := defaultSettings()
	for _, set := range options {
		set(&cfg)
	}
	return runSession(srv, input, cfg, func(t *tool.Tool, client *permit.Client) (*session, error) {
		r := &remover{newSession(cfg, reconcile.Rules{Delete: true}, t, client)}
		return r.session, r.run(ctx)
	})
}

func defaultSettings() settings {
	return settings{files: []string{"-"}, classes: permit.Classes(), removal: removalRules{limit: 100, yes: true}}
}

func runSession(
	srv http.Handler, input string, cfg settings, do func(*tool.Tool, *permit.Client) (*session, error),
) result {
	var stdout, stderr bytes.Buffer
	t := tool.New("permitload", strings.NewReader(input), &stdout, &stderr)
	t.Log = slog.New(slog.DiscardHandler)
	const maxWait = 2 * time.Hour
	pacer := httpapi.NewWindows(cfg.classes, nil)
	pacer.MaxPause = maxWait
	s, err := do(t, permit.New(httpapi.Config{
		Base: &url.URL{Scheme: "https", Host: "api.permit.io"}, Token: permittest.DefaultKey,
		Pacer: pacer, Transport: httpapitest.Transport{Handler: srv},
		MaxWait: maxWait, Log: t.Log,
	}))
	err = withHint(err)
	defer s.input.Close()
	return result{tool.Code(err), stdout.String(), stderr.String(), err, s.report}
}

// writeFile writes a file of its own for a test, and returns its path.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func decodeJSON(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// forbiddenStdin is a stdin that must not be read.
type forbiddenStdin struct{ t *testing.T }

func (f forbiddenStdin) Read([]byte) (int, error) {
	f.t.Error("stdin was read")
	return 0, errors.New("not to be read")
}

// What a run must have done.

// wantExit checks the exit code of a run and what it says on stderr.
func wantExit(t *testing.T, got result, code int, says ...string) {
	t.Helper()
	if got.code != code {
		t.Errorf("exit code %d, want %d\n%s", got.code, code, got.stderr)
	}
	for _, text := range says {
		if !strings.Contains(got.stderr, text) {
			t.Errorf("stderr lacks %q:\n%s", text, got.stderr)
		}
	}
}

// wantReport checks the exit code of load or removeUsers and what its report says.
func wantReport(t *testing.T, got result, code int, says ...string) {
	t.Helper()
	if got.code != code {
		t.Errorf("exit code %d, want %d: %v\n%s", got.code, code, got.err, got.stderr)
	}
	for _, text := range says {
		if !strings.Contains(got.report.String(), text) {
			t.Errorf("report %q lacks %q", got.report, text)
		}
	}
}

// wantNothingWritten wants no write, nothing on stdout, and this hint or, if it
// is empty, none.
func wantNothingWritten(t *testing.T, srv *permittest.Server, got result, hint string) {
	t.Helper()
	if n := countWrites(srv); n != 0 || got.stdout != "" {
		t.Errorf("%d writes, stdout %q", n, got.stdout)
	}
	if (hint != "") != strings.Contains(got.stderr, "permitload: hint: ") || !strings.Contains(got.stderr, hint) {
		t.Errorf("want the hint %q:\n%s", hint, got.stderr)
	}
}

// wantLoaded loads the input and wants all of it to be in Permit. A second load must
// write nothing.
func wantLoaded(t *testing.T, srv *permittest.Server, input string, want permittest.State) {
	t.Helper()
	got := load(t.Context(), srv, input)
	wantReport(t, got, tool.Done)
	if got.stdout != "" {
		t.Errorf("stdout: %.500s", got.stdout)
	}
	wantState(t, srv, want)
	wantIdleReload(t, srv, input)
}

// wantIdleReload loads the input again and wants no write. It pauses first, so that the
// rate limits are free and late writes visible.
func wantIdleReload(t *testing.T, srv *permittest.Server, input string, options ...func(*loadSettings)) {
	t.Helper()
	time.Sleep(15 * time.Minute)
	wantNoWrites(t, srv, func() { wantReport(t, load(t.Context(), srv, input, options...), tool.Done) })
}

// wantNoWrites wants do, a second run, to write nothing. It may try again what Permit
// refuses.
func wantNoWrites(t *testing.T, srv *permittest.Server, do func()) {
	t.Helper()
	before := len(srv.Calls())
	do()
	for _, call := range srv.Calls()[before:] {
		if call.Method != http.MethodGet && (call.Status < 400 || call.Status > 499) {
			t.Errorf("%s %s the second time: %d", call.Method, call.Path, call.Status)
		}
	}
}

func wantState(t *testing.T, srv *permittest.Server, want permittest.State) {
	t.Helper()
	got := srv.State()
	if reflect.DeepEqual(want, got) { // cmp is slow
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Permit differs from what was asked for (-want +got):\n%.5000s", diff)
	}
}

func wantAssignments(t *testing.T, srv *permittest.Server, want []permittest.Assignment) {
	t.Helper()
	if diff := cmp.Diff(want, srv.State().Assignments); diff != "" {
		t.Errorf("assignments (-want +got):\n%s", diff)
	}
}

// wantRejected wants exactly these lines on stdout, each as "key code".
func wantRejected(t *testing.T, got result, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, rejectedCodes(t, got.stdout)); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
}

// rejectedLine is a line that was not loaded.
type rejectedLine struct {
	Key   any
	Error record.Fault
}

// rejectedLines returns the lines on stdout.
func rejectedLines(t *testing.T, stdout string) []rejectedLine {
	t.Helper()
	var list []rejectedLine
	for text := range strings.Lines(stdout) {
		var l rejectedLine
		if err := json.Unmarshal([]byte(text), &l); err != nil || !strings.HasSuffix(text, "\n") {
			t.Fatalf("stdout: %q: %v", text, err)
		}
		if _, err := time.Parse(time.RFC3339, l.Error.At); err != nil {
			t.Errorf("%v: at: %v", l.Key, err)
		}
		list = append(list, l)
	}
	return list
}

// rejectedKeys returns the keys of the lines on stdout.
func rejectedKeys(t *testing.T, stdout string) []string {
	t.Helper()
	var keys []string
	for _, l := range rejectedLines(t, stdout) {
		keys = append(keys, fmt.Sprint(l.Key))
	}
	return keys
}

// rejectedCodes returns the keys of the lines on stdout, each with the code of
// its error.
func rejectedCodes(t *testing.T, stdout string) []string {
	t.Helper()
	var list []string
	for _, l := range rejectedLines(t, stdout) {
		list = append(list, fmt.Sprintf("%v %s", l.Key, l.Error.Code))
	}
	return list
}

// Calls that the fake got, and what is done to them.

const (
	factsPath  = "/v2/facts/" + permittest.ProjectID + "/" + permittest.EnvironmentID
	schemaPath = "/v2/schema/" + permittest.ProjectID + "/" + permittest.EnvironmentID
)

var shortenPath = strings.NewReplacer(factsPath, "F", schemaPath, "S").Replace

// shortCall names a call for tests: "GET F/users". F and S stand for the facts
// and the schema of the environment.
func shortCall(method, urlPath string) string { return method + " " + shortenPath(urlPath) }

func shortRequest(r *http.Request) string { return shortCall(r.Method, r.URL.EscapedPath()) }

// countCalls counts the calls whose short form begins with one of these.
func countCalls(srv *permittest.Server, prefixes ...string) int {
	n := 0
	for _, call := range srv.Calls() {
		short := shortCall(call.Method, call.Path)
		if slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(short, prefix) }) {
			n++
		}
	}
	return n
}

func countWrites(srv *permittest.Server) int {
	return countCalls(srv, "POST", "PUT", "PATCH", "DELETE")
}

func countBulkCalls(srv *permittest.Server) int {
	return countCalls(srv, "PUT F/bulk", "POST F/bulk", "PUT S/bulk", "POST F/role_assignments/bulk")
}

// faultOn returns the Faults or Flaws of a server. The nth calls of one kind, counted
// from 1, meet the fault; without nth, all of them do.
func faultOn[T any](call string, fault T, nth ...int) func(*http.Request) T {
	var met atomic.Int64 // single-record calls run in parallel
	return func(r *http.Request) (none T) {
		if shortRequest(r) == call && (slices.Contains(nth, int(met.Add(1))) || nth == nil) {
			return fault
		}
		return none
	}
}

// noRoleBody is Permit's answer if it lacks a role.
const noRoleBody = `{"error_code":"NOT_FOUND","message":"we could not find 'Role' with the given filters"}`

// onCall returns Faults that are no faults: they call do before the server answers the
// first call of one kind.
func onCall(call string, do func()) func(*http.Request) httpapitest.Fault {
	var done atomic.Bool
	return func(r *http.Request) httpapitest.Fault {
		if shortRequest(r) == call && !done.Swap(true) {
			do()
		}
		return httpapitest.Fault{}
	}
}

// beforeEachCall returns a handler that calls do, and then answers as srv does.
func beforeEachCall(srv http.Handler, do func(r *http.Request, call string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do(r, shortRequest(r))
		srv.ServeHTTP(w, r)
	})
}

// callPermit makes a call as somebody else, which must succeed, and returns the answer.
func callPermit(t *testing.T, srv *permittest.Server, method, urlPath, body string) []byte {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, urlPath, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+permittest.DefaultKey)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	if w.Code != http.StatusOK && w.Code != http.StatusNoContent {
		t.Errorf("%s %s: %d", method, urlPath, w.Code)
	}
	return w.Body.Bytes()
}

// deleteInPermit deletes what is at a path, as somebody else.
func deleteInPermit(t *testing.T, srv *permittest.Server, urlPath string) {
	t.Helper()
	callPermit(t, srv, http.MethodDelete, urlPath, "")
}

// States of an environment.

func defaultTenants() []permittest.Tenant {
	return []permittest.Tenant{{Key: "default", Name: "Default Tenant"}}
}

func fourTenants() []permittest.Tenant {
	return append(defaultTenants(),
		permittest.Tenant{Key: "org_1", Name: "Acme"}, permittest.Tenant{Key: "org_2", Name: "Big"},
		permittest.Tenant{Key: "org_3", Name: "Co"})
}

func threeRoles() []permittest.Role {
	return []permittest.Role{
		{Key: "Admin", Name: "Admin"}, {Key: "Editor", Name: "Editor"}, {Key: "billing-viewer", Name: "Billing Viewer"},
	}
}

// usersWithRoles returns a state of n users who in turn hold none, one, two and all of
// threeRoles.
func usersWithRoles(n int) permittest.State {
	s := permittest.State{Roles: threeRoles(), Tenants: defaultTenants()}
	for i := range n {
		u := permittest.User{
			Key: fmt.Sprintf("auth0|%06d", i), FirstName: "Ann", Attributes: map[string]any{"provider": "google-oauth2"},
		}
		if i%5 != 0 {
			u.Email = fmt.Sprintf("u%06d@acme.example", i)
		}
		s.Users = append(s.Users, u)
		for j := range i % 4 {
			s.Assignments = append(s.Assignments, permittest.Assignment{User: u.Key, Role: s.Roles[j].Key, Tenant: "default"})
		}
	}
	return s
}

// usersWithEmails returns a state of users by key and email: "ann=a zoe=" is ann with
// a@acme.example, and zoe without email.
func usersWithEmails(list string) permittest.State {
	s := permittest.State{Tenants: defaultTenants()}
	for each := range strings.FieldsSeq(list) {
		key, mail, _ := strings.Cut(each, "=")
		if mail != "" {
			mail += "@acme.example"
		}
		s.Users = append(s.Users, permittest.User{Key: key, Email: mail})
	}
	return s
}

// bareUsers returns a state of n users with only a key and an email, and lines that ask
// for it and do not mention roles.
func bareUsers(n int) (permittest.State, string) {
	s := permittest.State{Tenants: defaultTenants()}
	var b strings.Builder
	for i := range n {
		key := fmt.Sprintf("u%06d", i)
		s.Users = append(s.Users, permittest.User{Key: key, Email: key + "@acme.example"})
		fmt.Fprintf(&b, `{"type":"user","key":%q,"email":"%[1]s@acme.example"}`+"\n", key)
	}
	return s, b.String() + endLine
}

// threeUsers returns a state of ann, bob and cid, three roles, three tenants, and
// these role assignments.
func threeUsers(assignments ...string) permittest.State {
	s := usersWithEmails("ann=a bob=b cid=c")
	s.Roles = []permittest.Role{
		{Key: "admin", Name: "Admin"}, {Key: "byhand", Name: "By Hand"}, {Key: "viewer", Name: "Viewer"},
	}
	s.Tenants = append(s.Tenants,
		permittest.Tenant{Key: "org", Name: "Org"}, permittest.Tenant{Key: "other", Name: "Other"})
	s.Assignments = roleAssignments(assignments...)
	return s
}

// roleAssignments returns role assignments that are written "user role tenant".
func roleAssignments(list ...string) []permittest.Assignment {
	var all []permittest.Assignment
	for _, each := range list {
		f := strings.Fields(each)
		all = append(all, permittest.Assignment{User: f[0], Role: f[1], Tenant: f[2]})
	}
	return all
}

// Lines of the input.

const (
	adminLine         = `{"type":"role","key":"admin","name":"Admin"}` + "\n"
	viewerLine        = `{"type":"role","key":"viewer","name":"Viewer"}` + "\n"
	roleLines         = adminLine + viewerLine
	orgTenantLine     = `{"type":"tenant","key":"org","name":"Org"}` + "\n"
	defaultTenantLine = `{"type":"tenant","key":"default"}` + "\n"

	annWithoutRoles = `{"type":"user","key":"ann","role_assignments":[]}` + "\n"
	bobWithoutRoles = `{"type":"user","key":"bob","role_assignments":[]}` + "\n"
	annAsViewer     = `{"type":"user","key":"ann","role_assignments":[{"role":"viewer"}]}` + "\n"
	annLine         = `{"type":"user","key":"auth0|ann","email":"ann@acme.example","first_name":"Ann"}` + "\n"
	bobLine         = `{"type":"user","key":"auth0|bob","email":"bob@acme.example","first_name":"Bob"}` + "\n"

	endLine = `{"type":"end","complete":true,"users":0,"roles":0,"tenants":0,"rejected":0}` + "\n"
)

// lines returns texts as lines, each with its line end.
func lines(texts ...string) string { return strings.Join(texts, "\n") + "\n" }

// endLineAt returns the end line of input from that time.
func endLineAt(at time.Time) string {
	return `{"type":"end","complete":true,"as_of":"` + at.UTC().Format(time.RFC3339) + `"}` + "\n"
}

// linesFor returns lines that ask for a state, and an end line.
func linesFor(s permittest.State) string { return linesWithoutEnd(s) + endLine }

// linesAsOf returns lines that ask for a state, and an end line of that time.
func linesAsOf(s permittest.State, at time.Time) string { return linesWithoutEnd(s) + endLineAt(at) }

func linesWithoutEnd(s permittest.State) string {
	var b strings.Builder
	for _, r := range s.Roles {
		b.WriteString(jsonLine("role", map[string]any{"key": r.Key, "name": r.Name}))
	}
	for _, o := range s.Tenants {
		if o.Key == "default" { // every environment has this tenant
			continue
		}
		b.WriteString(jsonLine("tenant", map[string]any{"key": o.Key, "name": o.Name}))
	}
	roles := map[string][]map[string]string{}
	for _, a := range s.Assignments {
		roles[a.User] = append(roles[a.User], map[string]string{"role": a.Role, "tenant": a.Tenant})
	}
	for _, u := range s.Users {
		fields := map[string]any{"key": u.Key, "role_assignments": roles[u.Key]}
		if roles[u.Key] == nil {
			fields["role_assignments"] = []string{}
		}
		for name, value := range map[string]string{"email": u.Email, "first_name": u.FirstName, "last_name": u.LastName} {
			if value != "" {
				fields[name] = value
			}
		}
		if u.Attributes != nil {
			fields["attributes"] = u.Attributes
		}
		b.WriteString(jsonLine("user", fields))
	}
	return b.String()
}

func jsonLine(kind string, fields map[string]any) string {
	fields["type"] = kind
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

// apart makes Permit refuse roles in a write of users, so that they are assigned in calls
// of their own.
const apart = permittest.InlineRefused

// bodyOf returns the body of a request, which can still be read.
func bodyOf(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return string(body)
}
