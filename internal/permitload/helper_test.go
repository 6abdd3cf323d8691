package permitload

import (
	"bytes"
	"compress/gzip"
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

// result is what a run of the command left behind.
type result struct {
	code     int
	out, err string
}

// run is the command as its main calls it, over a real connection to srv.
func run(t *testing.T, srv *permittest.Server, input string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := runOn(t, t.Context(), srv, strings.NewReader(input), &out, &errs, args...)
	return result{code, out.String(), errs.String()}
}

//nolint:revive // the context is one of the things that Run is given
func runOn(t *testing.T, ctx context.Context, srv *permittest.Server, in io.Reader, out, errs io.Writer, args ...string) int {
	t.Helper()
	address, stop := srv.Start()
	defer stop()
	args = append([]string{"permitload", "--api-url", address, "--token-file", writeFile(t, "key", permittest.DefaultKey)}, args...)
	return Run(ctx, args, in, out, errs, nil)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantRun holds a run to its exit code and to what stderr says.
func wantExit(t *testing.T, got result, code int, says ...string) {
	t.Helper()
	if got.code != code {
		t.Errorf("exit code %d, want %d\n%s", got.code, code, got.err)
	}
	for _, text := range says {
		if !strings.Contains(got.err, text) {
			t.Errorf("stderr lacks %q:\n%s", text, got.err)
		}
	}
}

// wantUntouched wants no write, nothing on stdout, and no hint that is not
// named.
func wantNothingWritten(t *testing.T, srv *permittest.Server, got result, hint string) {
	t.Helper()
	if n := countWrites(srv); n != 0 || got.out != "" {
		t.Errorf("%d writes, stdout %q", n, got.out)
	}
	if (hint != "") != strings.Contains(got.err, "permitload: hint: ") || !strings.Contains(got.err, hint) {
		t.Errorf("want the hint %q:\n%s", hint, got.err)
	}
}

// ended is what a load left behind, but for Permit's state.
type ended struct {
	code   int
	err    error
	out    string
	say    string // on stderr
	report *report
}

// load loads input into srv, in the caller's synctest bubble: what the
// command does once its flags are read.
func load(ctx context.Context, srv http.Handler, input string, flags ...func(*loadSettings)) ended {
	cfg := loadSettings{settings: defaultSettings(), createMissing: "yes", rules: reconcile.Rules{Tenant: "default"}}
	for _, set := range flags {
		set(&cfg)
	}
	return runSession(srv, input, func(t *tool.Tool, client *permit.Client) (*session, error) {
		l := newLoader(cfg, t, client)
		return l.session, l.run(ctx)
	})
}

// removeUsers deletes the users of input from srv, likewise.
func removeUsers(ctx context.Context, srv http.Handler, input string) ended {
	return runSession(srv, input, func(t *tool.Tool, client *permit.Client) (*session, error) {
		r := newRemover(defaultSettings(), t, client)
		return r.session, r.run(ctx)
	})
}

func defaultSettings() settings {
	return settings{files: []string{"-"}, classes: permit.Classes(), removal: removalRules{limit: 100, yes: true}}
}

func runSession(srv http.Handler, input string, do func(*tool.Tool, *permit.Client) (*session, error)) ended {
	var out, errs bytes.Buffer
	t := tool.New("permitload", strings.NewReader(input), &out, &errs)
	t.Log = slog.New(slog.DiscardHandler)
	s, err := do(t, permit.New(httpapi.Config{
		Base: &url.URL{Scheme: "https", Host: "api.permit.io"}, Token: permittest.DefaultKey,
		Pacer: httpapi.NewWindows(permit.Classes(), nil), Transport: httpapitest.Transport{Handler: srv},
		MaxWait: 2 * time.Hour, Log: t.Log,
	}))
	err = withHint(err)
	defer s.input.Close()
	return ended{tool.Code(err), err, out.String(), errs.String(), s.report}
}

func wantCode(t *testing.T, got ended, code int) {
	t.Helper()
	if got.code != code {
		t.Errorf("exit code %d, want %d: %v\n%s", got.code, code, got.err, got.say)
	}
}

func wantBrought(t *testing.T, got ended, code int, says ...string) {
	t.Helper()
	wantCode(t, got, code)
	for _, s := range says {
		if !strings.Contains(got.report.String(), s) {
			t.Errorf("report %q lacks %q", got.report, s)
		}
	}
}

// wantLoaded loads the input and wants all of it to be in Permit then, and a
// second load to write nothing.
func wantLoaded(t *testing.T, srv *permittest.Server, input string, want permittest.State) {
	t.Helper()
	got := load(t.Context(), srv, input)
	wantCode(t, got, tool.Done)
	if got.out != "" {
		t.Errorf("stdout: %.500s", got.out)
	}
	wantState(t, srv, want)
	wantIdleReload(t, srv, input)
}

// wantIdleReload loads the input once more and wants no write. The pause lets the
// windows come free, and late writes be seen.
func wantIdleReload(t *testing.T, srv *permittest.Server, input string) {
	t.Helper()
	time.Sleep(15 * time.Minute)
	before := countWrites(srv)
	wantCode(t, load(t.Context(), srv, input), tool.Done)
	if n := countWrites(srv) - before; n != 0 {
		t.Errorf("a second load made %d writes", n)
	}
}

func wantState(t *testing.T, srv *permittest.Server, want permittest.State) {
	t.Helper()
	got := srv.State()
	if reflect.DeepEqual(want, got) { // cmp takes its time
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Permit differs from what was asked for (-want +got):\n%.5000s", diff)
	}
}

// countCalls counts the calls whose method and path begin with one of these; F and
// S stand for the facts and the schema of the environment.
func countCalls(srv *permittest.Server, prefixes ...string) int {
	n := 0
	for _, call := range srv.Calls() {
		for _, prefix := range prefixes {
			if strings.HasPrefix(shortCall(call.Method, call.Path), prefix) {
				n++
				break
			}
		}
	}
	return n
}

const (
	environmentPath = permittest.ProjectID + "/" + permittest.EnvironmentID
	factsPath       = "/v2/facts/" + environmentPath
)

var pathAbbreviations = strings.NewReplacer("/v2/facts/"+environmentPath, "F", "/v2/schema/"+environmentPath, "S")

func shortCall(method, path string) string { return method + " " + pathAbbreviations.Replace(path) }

func countWrites(srv *permittest.Server) int {
	return countCalls(srv, "POST", "PUT", "PATCH", "DELETE")
}

func countBulkCalls(srv *permittest.Server) int {
	return countCalls(srv, "PUT F/bulk", "POST F/bulk", "PUT S/bulk", "POST F/role_assignments/bulk")
}

// faultOn returns faults for a server: the call that is the nth to match call
// meets what happens. It counts from 1.
func faultOn(call string, happens httpapitest.Fault, nth ...int) func(*http.Request) httpapitest.Fault {
	var met atomic.Int64 // calls for single records come side by side
	return func(r *http.Request) httpapitest.Fault {
		if shortCall(r.Method, r.URL.EscapedPath()) != call {
			return httpapitest.Fault{}
		}
		if slices.Contains(nth, int(met.Add(1))) {
			return happens
		}
		return httpapitest.Fault{}
	}
}

// onCall calls do before the server answers the first call of that kind.
func onCall(call string, do func()) func(*http.Request) httpapitest.Fault {
	done := make(chan struct{}, 1)
	return func(r *http.Request) httpapitest.Fault {
		if shortCall(r.Method, r.URL.EscapedPath()) == call {
			select {
			case done <- struct{}{}:
				do()
			default:
			}
		}
		return httpapitest.Fault{}
	}
}

// beforeEachCall answers calls as srv does, each after do has looked at it.
func beforeEachCall(srv http.Handler, do func(r *http.Request, call string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do(r, shortCall(r.Method, r.URL.EscapedPath()))
		srv.ServeHTTP(w, r)
	})
}

// deleteInPermit is somebody else's call.
func deleteInPermit(t *testing.T, srv *permittest.Server, path string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+permittest.DefaultKey)
	w := httptest.NewRecorder()
	srv.ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Errorf("DELETE %s: %d", path, w.Code)
	}
}

// forbiddenStdin is a stdin that may not be read.
type forbiddenStdin struct{ t *testing.T }

func (u forbiddenStdin) Read([]byte) (int, error) {
	u.t.Error("stdin was read")
	return 0, errors.New("not to be read")
}

type discard struct{}

func (discard) Header() http.Header { return http.Header{} }

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func (discard) WriteHeader(int) {}

// linesFor is a state as lines that ask for it, with an end line.
func linesFor(s permittest.State) string {
	var b strings.Builder
	for _, r := range s.Roles {
		b.WriteString(jsonLine("role", map[string]any{"key": r.Key, "name": r.Name}))
	}
	for _, o := range s.Tenants {
		if o.Key == "default" { // every environment has it
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
	b.WriteString(endLine)
	return b.String()
}

// endLineAt is an end line of data that was true then.
func endLineAt(at time.Time) string {
	return `{"type":"end","complete":true,"as_of":"` + at.UTC().Format(time.RFC3339) + `"}` + "\n"
}

const endLine = `{"type":"end","complete":true,"users":0,"roles":0,"tenants":0,"rejected":0}` + "\n"

func jsonLine(kind string, fields map[string]any) string {
	fields["type"] = kind
	text, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(text) + "\n"
}

// usersWithRoles is a state of so many users, who hold roles by turns: none, one, two
// and all three.
func usersWithRoles(users int) permittest.State {
	s := permittest.State{
		Roles:   []permittest.Role{{Key: "Admin", Name: "Admin"}, {Key: "Editor", Name: "Editor"}, {Key: "billing-viewer", Name: "Billing Viewer"}},
		Tenants: []permittest.Tenant{{Key: "default", Name: "Default Tenant"}},
	}
	for i := range users {
		u := permittest.User{Key: fmt.Sprintf("auth0|%06d", i), FirstName: "Ann", Attributes: map[string]any{"provider": "google-oauth2"}}
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

// usersWithEmails is users by key and email, "ann=a@acme.example zoe=".
func usersWithEmails(list string) permittest.State {
	s := permittest.State{Tenants: usersWithRoles(0).Tenants}
	for each := range strings.FieldsSeq(list) {
		key, mail, _ := strings.Cut(each, "=")
		if mail != "" {
			mail += "@acme.example"
		}
		s.Users = append(s.Users, permittest.User{Key: key, Email: mail})
	}
	return s
}

// bareUsers is n users without anything but a key and an email, and as lines.
func bareUsers(n int) (permittest.State, string) {
	s := permittest.State{Tenants: usersWithRoles(0).Tenants}
	var b strings.Builder
	for i := range n {
		key := fmt.Sprintf("u%06d", i)
		s.Users = append(s.Users, permittest.User{Key: key, Email: key + "@acme.example"})
		fmt.Fprintf(&b, `{"type":"user","key":%q,"email":"%[1]s@acme.example"}`+"\n", key)
	}
	return s, b.String() + endLine
}

// roleAssignments is "user role tenant" for each.
func roleAssignments(list ...string) []permittest.Assignment {
	var all []permittest.Assignment
	for _, each := range list {
		f := strings.Fields(each)
		all = append(all, permittest.Assignment{User: f[0], Role: f[1], Tenant: f[2]})
	}
	return all
}

// threeUsers is three users in two tenants, with three roles.
func threeUsers(list ...string) permittest.State {
	s := usersWithEmails("ann=a bob=b cid=c")
	s.Roles = []permittest.Role{{Key: "admin", Name: "Admin"}, {Key: "byhand", Name: "By Hand"}, {Key: "viewer", Name: "Viewer"}}
	s.Tenants = append(s.Tenants, permittest.Tenant{Key: "org", Name: "Org"}, permittest.Tenant{Key: "other", Name: "Other"})
	s.Assignments = roleAssignments(list...)
	return s
}

const (
	roleLines         = `{"type":"role","key":"admin","name":"Admin"}` + "\n" + `{"type":"role","key":"viewer","name":"Viewer"}` + "\n"
	orgTenantLine     = `{"type":"tenant","key":"org","name":"Org"}` + "\n"
	defaultTenantLine = `{"type":"tenant","key":"default"}` + "\n"
	annWithoutRoles   = `{"type":"user","key":"ann","role_assignments":[]}` + "\n"
	annAsViewer       = `{"type":"user","key":"ann","role_assignments":[{"role":"viewer"}]}` + "\n"
)

const (
	annLine = `{"type":"user","key":"auth0|ann","email":"ann@acme.example","first_name":"Ann"}` + "\n"
	bobLine = `{"type":"user","key":"auth0|bob","email":"bob@acme.example","first_name":"Bob"}` + "\n"
)

func gzipText(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text)) // to memory
	_ = z.Close()
	return b.String()
}

// rejectedLine is a line that was not loaded.
type rejectedLine struct {
	Key   any
	Error record.Fault
}

func rejectedLines(t *testing.T, out string) []rejectedLine {
	t.Helper()
	var list []rejectedLine
	for text := range strings.Lines(out) {
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

// rejectedCodes is the keys of what was not loaded, each with its error's code.
func rejectedCodes(t *testing.T, out string) []string {
	t.Helper()
	var list []string
	for _, l := range rejectedLines(t, out) {
		list = append(list, fmt.Sprintf("%v %s", l.Key, l.Error.Code))
	}
	return list
}

func rejectedKeys(t *testing.T, out string) []string {
	t.Helper()
	var keys []string
	for _, l := range rejectedLines(t, out) {
		keys = append(keys, fmt.Sprint(l.Key))
	}
	return keys
}

func decodeJSON(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}
