package a0export

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/auth0"
	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/tool"
)

// result is what a run left behind.
type result struct {
	code int
	out  []byte
	errs string
}

// expect is the check of an exit code and of parts of stderr.
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
			t.Errorf("stderr has a line of nobody's: %q", line)
		}
	}
	if code != 0 && whole(r.out) {
		t.Error("stdout is a whole gzip stream of what is not whole")
	}
}

// csv is the export, unpacked.
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

// whole reports whether gzip would take packed for complete.
func whole(packed []byte) bool {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return false
	}
	_, err = io.Copy(io.Discard, z)
	return err == nil
}

// run exports from a tenant on a loopback port.
func run(t *testing.T, s *auth0test.Server, args ...string) result {
	t.Helper()
	return runContext(t.Context(), t, s, args...)
}

func runContext(ctx context.Context, t *testing.T, s *auth0test.Server, args ...string) result {
	t.Helper()
	address, stop := s.Start()
	t.Cleanup(stop)
	args = append([]string{"--domain", address, "--token-file", tokenFile(t), "--poll-interval", "1ms"}, args...)
	return runOnly(ctx, args...)
}

// runOnly is the bare command.
func runOnly(ctx context.Context, args ...string) result {
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

// runInBubble is a run in a testing/synctest bubble, where waits take no time:
// the tenant is called without a socket.
func runInBubble(ctx context.Context, tenant http.Handler, args ...string) result {
	return runOver(ctx, httpapitest.Transport{Handler: tenant}, args...)
}

// transport is an http.RoundTripper.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// slow is a tenant that takes its time, half of it before it looks at a call.
func slow(s http.Handler, latency time.Duration) transport {
	over := httpapitest.Transport{Handler: s}
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(latency / 2)
		resp, err := over.RoundTrip(r)
		time.Sleep(latency / 2)
		return resp, err
	}
}

func refused(s *auth0test.Server) int {
	n := 0
	for _, call := range s.Calls() {
		if call.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// today is when runs in a bubble begin. A bubble itself begins in 2000, when a
// UNIX time still had nine digits.
var today = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

func runOver(ctx context.Context, transport http.RoundTripper, args ...string) result {
	time.Sleep(time.Until(today)) // nothing, when it has passed
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
			Transport: transport, Pacer: httpapi.NewQuota(c.Float64("max-rps"), t.Waiting),
			OnWait: func(wait time.Duration, why error) { t.Waiting(wait, why.Error()) },
		}
		if id := c.String("domain"); id != "" { // stands in for AUTH0_CLIENT_ID here
			api.Token = ""
			api.Tokens = auth0.Credentials{ID: id, Secret: auth0test.DefaultClientSecret}.Tokens(api)
		}
		e := &exporter{tool: t, config: config, auth0: auth0.New(api), report: report{Command: command}}
		return withHint(e.run(c.Context, c.String("output")))
	}}, args)
	return result{code, out.Bytes(), errs.String()}
}

// small is a tenant whose users hold two, one and no roles.
func small() auth0test.Tenant {
	return auth0test.Tenant{
		Users: []auth0test.User{
			{ID: "auth0|ann", Email: "ann@acme.example", GivenName: "Ann \"Nan\"", FamilyName: "'t Hooft", Connection: "Username-Password-Authentication", CreatedAt: today.AddDate(-3, 0, 0)},
			{ID: "samlp|acme|bob@acme.example", Email: "bob@acme.example", GivenName: "Bob,\nJr.", Connection: "acme", CreatedAt: today.AddDate(-2, 0, 0)},
			{ID: "sms|5f7c8ec7", Connection: "sms", CreatedAt: today.AddDate(-1, 0, 0)},
		},
		Roles: []auth0test.Role{
			{ID: "rol_BBBBBBBBBBBBBBBB", Name: "Viewer", Members: []string{"auth0|ann", "samlp|acme|bob@acme.example"}},
			{ID: "rol_AAAAAAAAAAAAAAAA", Name: "Admin", Members: []string{"auth0|ann"}},
			{ID: "rol_CCCCCCCCCCCCCCCC", Name: "Nobody's"},
		},
	}
}
