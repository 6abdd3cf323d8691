package permitload

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
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
	args = append([]string{"permitload", "--api-url", address, "--token-file", save(t, "key", permittest.DefaultKey)}, args...)
	return Run(ctx, args, in, out, errs, nil)
}

func save(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantRun holds a run to its exit code and to what stderr says.
func wantRun(t *testing.T, got result, code int, says ...string) {
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
func wantUntouched(t *testing.T, srv *permittest.Server, got result, hint string) {
	t.Helper()
	if n := writes(srv); n != 0 || got.out != "" {
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

// bring loads input into srv, in the caller's synctest bubble: what the
// command does once its flags are read.
func bring(ctx context.Context, srv http.Handler, input string, flags ...func(*loadSettings)) ended {
	cfg := loadSettings{settings: someSettings(), createMissing: "yes", rules: reconcile.Rules{Tenant: "default"}}
	for _, set := range flags {
		set(&cfg)
	}
	return runWith(srv, input, func(t *tool.Tool, client *permit.Client) (*session, error) {
		l := newLoader(cfg, t, client)
		return l.session, l.run(ctx)
	})
}

// remove deletes the users of input from srv, likewise.
func remove(ctx context.Context, srv http.Handler, input string) ended {
	return runWith(srv, input, func(t *tool.Tool, client *permit.Client) (*session, error) {
		r := newRemover(someSettings(), t, client)
		return r.session, r.run(ctx)
	})
}

func someSettings() settings {
	return settings{files: []string{"-"}, classes: permit.Classes(), removal: removalRules{limit: 100, yes: true}}
}

func runWith(srv http.Handler, input string, do func(*tool.Tool, *permit.Client) (*session, error)) ended {
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

// wantLoaded loads the input and wants all of it to be in Permit then, and a
// second load to write nothing.
func wantLoaded(t *testing.T, srv *permittest.Server, input string, want permittest.State) {
	t.Helper()
	got := bring(t.Context(), srv, input)
	wantCode(t, got, tool.Done)
	if got.out != "" {
		t.Errorf("stdout: %.500s", got.out)
	}
	wantState(t, srv, want)
	wantAgain(t, srv, input)
}

// wantAgain loads the input once more and wants no write. The pause lets the
// windows come free, and late writes be seen.
func wantAgain(t *testing.T, srv *permittest.Server, input string) {
	t.Helper()
	time.Sleep(15 * time.Minute)
	before := writes(srv)
	wantCode(t, bring(t.Context(), srv, input), tool.Done)
	if n := writes(srv) - before; n != 0 {
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

// calls counts the calls whose method and path begin with one of these; F and
// S stand for the facts and the schema of the environment.
func calls(srv *permittest.Server, prefixes ...string) int {
	n := 0
	for _, call := range srv.Calls() {
		for _, prefix := range prefixes {
			if strings.HasPrefix(abbreviated(call.Method, call.Path), prefix) {
				n++
				break
			}
		}
	}
	return n
}

const (
	somewhere = permittest.ProjectID + "/" + permittest.EnvironmentID
	facts     = "/v2/facts/" + somewhere
)

var shorter = strings.NewReplacer("/v2/facts/"+somewhere, "F", "/v2/schema/"+somewhere, "S")

func abbreviated(method, path string) string { return method + " " + shorter.Replace(path) }

func writes(srv *permittest.Server) int { return calls(srv, "POST", "PUT", "PATCH", "DELETE") }

func bulkCalls(srv *permittest.Server) int {
	return calls(srv, "PUT F/bulk", "POST F/bulk", "PUT S/bulk", "POST F/role_assignments/bulk")
}

// struck returns faults for a server: the call that is the nth to match call
// meets what happens. It counts from 1.
func struck(call string, happens httpapitest.Fault, nth ...int) func(*http.Request) httpapitest.Fault {
	var met atomic.Int64 // calls for single records come side by side
	return func(r *http.Request) httpapitest.Fault {
		if abbreviated(r.Method, r.URL.EscapedPath()) != call {
			return httpapitest.Fault{}
		}
		if slices.Contains(nth, int(met.Add(1))) {
			return happens
		}
		return httpapitest.Fault{}
	}
}

// unread is a stdin that may not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("stdin was read")
	return 0, errors.New("not to be read")
}
