package a0export

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	const grant = "a0export: hint: grant the application "
	without := func(scopes ...string) auth0test.Options {
		var left []string
		for _, scope := range auth0test.SafeScopes() {
			if !strings.Contains(strings.Join(scopes, " "), scope) {
				left = append(left, scope)
			}
		}
		return auth0test.Options{Scopes: left, AllRoleScopes: true}
	}
	tests := []struct {
		name    string
		options auth0test.Options
		want    []string
		not     string
	}{
		{
			"a wrong token",
			auth0test.Options{Token: "another"},
			[]string{"GET /api/v2/roles: 401 Unauthorized: Invalid token\n", "a0export: hint: the token has expired, or is another tenant's", "AUTH0_API_TOKEN"},
			"scope",
		},
		{
			"a token that has expired",
			auth0test.Options{TokenExpires: time.Unix(1, 0)},
			[]string{"401 Unauthorized: Expired token received", "a0export: hint: the token has expired"},
			"scope",
		},
		{"no read:roles", without("read:roles"), []string{"GET /api/v2/roles: 403 ", grant + "the scope read:roles ("}, ""},
		{"no read:users", without("read:users"), []string{"POST /api/v2/jobs/users-exports: 403 ", grant + "the scope read:users ("}, ""},
		{"no read:role_members", without("read:role_members"), []string{"/users: 403 ", grant + "the scope read:role_members ("}, ""},
		{"nothing granted", auth0test.Options{Scopes: []string{"none"}}, []string{grant + "the scope read:roles ("}, ""},
		{
			"a plan without jobs",
			auth0test.Options{NoJobs: true},
			[]string{"POST /api/v2/jobs/users-exports: 403 ", "Please upgrade your subscription to enable bulk user exports."},
			"grant",
		},
		{
			"several scopes would do",
			auth0test.Options{Faults: only("/api/v2/roles", httpapitest.Fault{Status: 403, Body: `{"message":"Insufficient scope, expected any of: read:a,read:b"}`})},
			[]string{grant + "one of the scopes read:a, read:b ("},
			"",
		},
		{
			"an answer that is no JSON",
			auth0test.Options{Faults: only("/api/v2/roles", httpapitest.Fault{Status: 200, Body: "<html>"})},
			[]string{"GET /api/v2/roles: the answer is not the JSON expected"},
			"",
		},
		{"a circle", auth0test.Options{RepeatNext: true}, []string{"the same page again and again"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, auth0test.New(small(), tt.options), "--source", "job")
			r.expect(t, 1, tt.want...)
			if tt.not != "" && strings.Contains(r.errs, tt.not) {
				t.Errorf("stderr speaks of %q:\n%s", tt.not, r.errs)
			}
			if len(r.out) > 0 {
				t.Errorf("stdout %q", r.out)
			}
		})
	}
}

// only lets a fault happen to calls of one path.
func only(path string, fault httpapitest.Fault) func(*http.Request) httpapitest.Fault {
	return func(r *http.Request) httpapitest.Fault {
		if r.URL.Path == path {
			return fault
		}
		return httpapitest.Fault{}
	}
}

func TestTenantOutOfReach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runOver(t.Context(), transport(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no such host")}
		}))
		r.expect(t, 1, "GET /api/v2/roles: dial tcp: no such host\n", "a0export: hint: is AUTH0_DOMAIN right?")
	})
}

// A tenant that changes while its roles are read is read again by hand, not
// exported with a role too few.
func TestRolesThatChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tenant := auth0test.Tenant{}
		for i := range 150 {
			tenant.Roles = append(tenant.Roles, auth0test.Role{ID: fmt.Sprintf("rol_%d", i), Name: fmt.Sprintf("Role %d", i)})
		}
		var s *auth0test.Server
		s = auth0test.New(tenant, auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.URL.Query().Get("page") == "1" {
				s.Update(func(t *auth0test.Tenant) { t.Roles = t.Roles[1:] })
			}
			return httpapitest.Fault{}
		}})
		runInBubble(t.Context(), s).expect(t, 1, "the tenant changed meanwhile\n", "a0export: hint: run a0export again\n")
	})
}

// An interrupt ends the run wherever it is, and nothing that was written passes
// for whole.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, path, method string }{
		{"roles", "/api/v2/roles", http.MethodGet},
		{"the job", "/api/v2/jobs/users-exports", http.MethodPost},
		{"members", "/users", http.MethodGet},
		{"a poll", "/api/v2/jobs/job_", http.MethodGet},
		{"the download", "/exports/", http.MethodGet},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			s := auth0test.New(auth0test.Sample(200), auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
				if r.Method == tt.method && (strings.HasPrefix(r.URL.Path, tt.path) || strings.HasSuffix(r.URL.Path, tt.path)) {
					cancel()
				}
				return httpapitest.Fault{}
			}})
			runContext(ctx, t, s).expect(t, 130, "a0export: error: interrupted\n")
		})
	}
}

func TestInterruptWhileItWaits(t *testing.T) {
	t.Parallel()
	causes := map[int]error{130: errors.New("interrupt signal received"), 143: errors.New("terminated signal received")}
	for code, cause := range causes {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			s := auth0test.New(small(), auth0test.Options{Polls: 1e6})
			start := time.Now()
			time.AfterFunc(time.Until(time.Date(2026, 5, 4, 4, 0, 0, 0, time.UTC)), func() { cancel(cause) })
			runInBubble(ctx, s).expect(t, code, "a0export: export job job_", "a0export: error: interrupted\n")
			if end := time.Now(); end.Hour() != 4 || end.Minute() != 0 || end.Second() != 0 {
				t.Errorf("ended at %v, began at %v", end, start)
			}
		})
	}
}

// canceller is a stdout whose reader goes away in the middle, or whose user
// presses Ctrl-C then.
type canceller struct {
	cancel func()
	data   []byte
}

func (c *canceller) Write(p []byte) (int, error) {
	c.cancel()
	c.data = append(c.data, p...)
	return len(p), nil
}

func TestInterruptInTheMiddleOfTheRows(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address, stop := auth0test.New(auth0test.Sample(2000), auth0test.Options{}).Start()
	defer stop()
	out, errs := &canceller{cancel: cancel}, &strings.Builder{}
	code := Run(ctx, []string{"a0export", "--domain", address, "--token-file", tokenFile(t), "--poll-interval", "1ms"}, nil, out, errs)
	if code != 130 || len(out.data) == 0 || whole(out.data) {
		t.Errorf("exit code %d, %d bytes, whole: %v\n%s", code, len(out.data), whole(out.data), errs)
	}
}

func TestOutputThatIsFull(t *testing.T) {
	t.Parallel()
	address, stop := auth0test.New(small(), auth0test.Options{}).Start()
	defer stop()
	for writes := range 3 {
		var errs strings.Builder
		code := Run(t.Context(), []string{"a0export", "--domain", address, "--token-file", tokenFile(t), "--poll-interval", "1ms"}, nil, &failing{writes}, &errs)
		if code != 1 || !strings.Contains(errs.String(), "output: no space left on device") || strings.Contains(errs.String(), "download broke") {
			t.Errorf("after %d writes: exit code %d: %s", writes, code, errs.String())
		}
	}
}
