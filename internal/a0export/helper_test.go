package a0export

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/tool"
)

var full = flag.Bool("full", false, "run the tests at their full sizes, which takes longer")

// result is the result of a run: its exit code, stdout and stderr.
type result struct {
	code int
	out  []byte
	errs string
}

// expect checks the exit code, and that stderr contains all parts.
func (r result) expect(t *testing.T, code int, parts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d: %s", r.code, code, r.errs)
	}
	for _, part := range parts {
		if !strings.Contains(r.errs, part) {
			t.Errorf("stderr lacks %q:\n%s", part, r.errs)
		}
	}
	for line := range strings.Lines(r.errs) {
		if !strings.HasPrefix(line, "a0export: ") && !strings.HasPrefix(line, "time=") && !strings.HasPrefix(line, "{") {
			t.Errorf("stderr has a line without a prefix: %q", line)
		}
	}
	if code != 0 && isWhole(r.out) {
		t.Error("the run failed, but stdout is a whole gzip stream")
	}
}

// csv returns the export, unpacked.
func (r result) csv(t *testing.T) string {
	t.Helper()
	return unpack(t, r.out)
}

func unpack(t *testing.T, packed []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// isWhole reports whether packed is a complete gzip stream.
func isWhole(packed []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, z)
	return err == nil
}

func parseCSV(t *testing.T, in string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(in, "\ufeff")))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%q: %v", in, err)
	}
	return rows
}

// run runs the command against a tenant on a loopback port.
func run(t *testing.T, s *auth0test.Server, args ...string) result {
	t.Helper()
	return runContext(t.Context(), t, s, args...)
}

func runContext(ctx context.Context, t *testing.T, s *auth0test.Server, args ...string) result {
	t.Helper()
	return runCommand(ctx, append(serve(t, s), args...)...)
}

// serve starts a tenant on a loopback port and returns the flags to reach it.
func serve(t *testing.T, s *auth0test.Server) []string {
	t.Helper()
	address, stop := s.Start()
	t.Cleanup(stop)
	return []string{"--domain", address, "--token-file", tokenFile(t), "--poll-interval", "1ms"}
}

// runCommand runs the command with these flags and no others.
func runCommand(ctx context.Context, args ...string) result {
	var out, errs bytes.Buffer
	code := Run(ctx, append([]string{"a0export"}, args...), strings.NewReader(""), &out, &errs)
	return result{code, out.Bytes(), errs.String()}
}

func tokenFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(auth0test.DefaultToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runInBubble runs the command in a new testing/synctest bubble, where waits take no
// time.
func runInBubble(t *testing.T, tenant http.Handler, args ...string) (r result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { r = runHere(t.Context(), tenant, args...) })
	return r
}

// runHere runs the command in the current bubble. It calls the tenant without a socket.
func runHere(ctx context.Context, tenant http.Handler, args ...string) result {
	return runOver(ctx, httpapitest.Transport{Handler: tenant}, args...)
}

// today is when runs in a bubble begin. The bubble's own clock begins in 2000, when a
// UNIX time still had nine digits.
var today = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// runOver runs the command over a transport, in the current bubble. Here --domain holds
// a client ID, in place of AUTH0_CLIENT_ID.
func runOver(ctx context.Context, over http.RoundTripper, args ...string) result {
	time.Sleep(time.Until(today)) // returns at once if today has passed
	var out, errs bytes.Buffer
	t := tool.New("a0export", strings.NewReader(""), &out, &errs)
	command, args := t.Command(append([]string{"a0export"}, args...), flags(), Commands...)
	code := t.Run(ctx, &cli.App{Flags: flags(), Action: func(c *cli.Context) error {
		config, err := readConfig(c, command)
		if err != nil {
			return err
		}
		api := httpapi.Config{
			Base: &url.URL{Scheme: "https", Host: "acme.example"}, Token: auth0test.DefaultToken, Log: t.Log,
			Transport: over, Pacer: httpapi.NewQuota(c.Float64("max-rps"), t.Waiting),
			OnWait: func(wait time.Duration, why error) { t.Waiting(wait, why.Error()) },
		}
		if id := c.String("domain"); id != "" {
			api.Token = ""
			api.Tokens = auth0.Credentials{ID: id, Secret: auth0test.DefaultClientSecret}.Tokens(api)
		}
		e := &exporter{tool: t, config: config, auth0: auth0.New(api), domain: api.Base.Host}
		e.report.Command = command
		return e.withHint(e.run(c.Context, c.String("output")))
	}}, args)
	return result{code, out.Bytes(), errs.String()}
}

// roundTripper implements http.RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// slowTransport calls a tenant with a latency, half of it before and half of it after
// the tenant handles the call.
func slowTransport(s http.Handler, latency time.Duration) roundTripper {
	over := httpapitest.Transport{Handler: s}
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(latency / 2)
		resp, err := over.RoundTrip(r)
		time.Sleep(latency / 2)
		return resp, err
	}
}

// faultAt returns faults for all calls of one path.
func faultAt(path string, fault httpapitest.Fault) func(*http.Request) httpapitest.Fault {
	return func(r *http.Request) httpapitest.Fault {
		if r.URL.Path == path {
			return fault
		}
		return httpapitest.Fault{}
	}
}

// withStorage returns a tenant that answers downloads with download.
func withStorage(tenant http.Handler, download http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/exports/") {
			download(w, r)
			return
		}
		tenant.ServeHTTP(w, r)
	})
}

// count429 returns how many calls got a 429.
func count429(s *auth0test.Server) int {
	n := 0
	for _, call := range s.Calls() {
		if call.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

var jobID = regexp.MustCompile(`job_\w{16}`)

// maskJobID replaces the id of the job, which differs from run to run.
func maskJobID(text string) string { return jobID.ReplaceAllString(text, "JOB") }

func heapBytes() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// small returns a tenant with three users, who hold two, one and no roles.
func small() auth0test.Tenant {
	return auth0test.Tenant{
		Users: []auth0test.User{
			{
				ID: "auth0|ann", Email: "ann@acme.example", GivenName: "Ann \"Nan\"", FamilyName: "'t Hooft",
				Connection: "Username-Password-Authentication", CreatedAt: today.AddDate(-3, 0, 0),
			},
			{
				ID: "samlp|acme|bob@acme.example", Email: "bob@acme.example", GivenName: "Bob,\nJr.",
				Connection: "acme", CreatedAt: today.AddDate(-2, 0, 0),
			},
			{ID: "sms|5f7c8ec7", Connection: "sms", CreatedAt: today.AddDate(-1, 0, 0)},
		},
		Roles: []auth0test.Role{
			{ID: "rol_BBBBBBBBBBBBBBBB", Name: "Viewer", Members: []string{"auth0|ann", "samlp|acme|bob@acme.example"}},
			{ID: "rol_AAAAAAAAAAAAAAAA", Name: "Admin", Members: []string{"auth0|ann"}},
			{ID: "rol_CCCCCCCCCCCCCCCC", Name: "Nobody's"},
		},
	}
}

// customers returns small with two organizations and a role of an organization.
func customers() auth0test.Tenant {
	tenant := small()
	tenant.Roles = append(tenant.Roles, auth0test.Role{
		ID: "rol_DDDDDDDDDDDDDDDD", Name: "Guest", Type: "organization", Members: []string{"auth0|ann"},
	})
	tenant.Organizations = []auth0test.Organization{
		{ID: "org_B", Name: "acme", DisplayName: "Acme & \"Co\"", Members: []auth0test.OrgMember{
			{UserID: "auth0|ann", Roles: []string{"rol_DDDDDDDDDDDDDDDD", "rol_AAAAAAAAAAAAAAAA"}},
			{UserID: "sms|5f7c8ec7"},
		}},
		{ID: "org_A", Name: "globex", Members: []auth0test.OrgMember{
			{UserID: "auth0|ann", Roles: []string{"rol_BBBBBBBBBBBBBBBB"}},
			{UserID: "auth0|gone"},
		}},
	}
	return tenant
}

// manyRoles returns a tenant with more than a page of roles. Its export takes more calls
// than any plan allows at once.
func manyRoles(members int) auth0test.Tenant {
	tenant := small()
	tenant.Roles = nil
	for i := range 110 {
		role := auth0test.Role{ID: fmt.Sprintf("rol_%016d", i), Name: fmt.Sprintf("Team %d", i)}
		for j := range i % (members + 1) {
			role.Members = append(role.Members, fmt.Sprintf("auth0|%d", j))
		}
		tenant.Roles = append(tenant.Roles, role)
	}
	return tenant
}

// answerNth returns faults that answer with body to the n-th call whose path ends in
// suffix.
func answerNth(n int32, suffix, body string) func(*http.Request) httpapitest.Fault {
	var seen atomic.Int32
	return func(r *http.Request) httpapitest.Fault {
		if strings.HasSuffix(r.URL.Path, suffix) && seen.Add(1) == n {
			return httpapitest.Fault{Status: http.StatusOK, Body: body}
		}
		return httpapitest.Fault{}
	}
}
