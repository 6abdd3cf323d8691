package a0export

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
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
	without := func(scope string) auth0test.Options {
		var left []string
		for _, s := range auth0test.SafeScopes() {
			if s != scope {
				left = append(left, s)
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
			[]string{
				"GET /api/v2/roles: 401 Unauthorized: Invalid token\n",
				"a0export: hint: the token has expired or belongs to another tenant", "AUTH0_API_TOKEN",
			},
			"scope",
		},
		{
			"a token that has expired",
			auth0test.Options{TokenExpires: time.Unix(1, 0)},
			[]string{"401 Unauthorized: Expired token received", "a0export: hint: the token has expired"},
			"scope",
		},
		{
			"no read:roles",
			without("read:roles"),
			[]string{"GET /api/v2/roles: 403 ", grant + "the scope read:roles ("},
			"",
		},
		{
			"no read:users",
			without("read:users"),
			[]string{"POST /api/v2/jobs/users-exports: 403 ", grant + "the scope read:users ("},
			"",
		},
		{
			"no read:role_members",
			without("read:role_members"),
			[]string{"/users: 403 ", grant + "the scope read:role_members ("},
			"",
		},
		{
			"nothing granted",
			auth0test.Options{Scopes: []string{"none"}},
			[]string{grant + "the scope read:roles ("},
			"",
		},
		{
			"a plan without jobs",
			auth0test.Options{NoJobs: true},
			[]string{
				"POST /api/v2/jobs/users-exports: 403 ",
				"Please upgrade your subscription to enable bulk user exports.",
			},
			"grant",
		},
		{
			"several scopes would do",
			auth0test.Options{Faults: faultAt("/api/v2/roles", httpapitest.Fault{
				Status: 403, Body: `{"message":"Insufficient scope, expected any of: read:a,read:b"}`,
			})},
			[]string{grant + "one of the scopes read:a, read:b ("},
			"",
		},
		{
			"an answer that is no JSON",
			auth0test.Options{Faults: faultAt("/api/v2/roles", httpapitest.Fault{Status: 200, Body: "<html>"})},
			[]string{"GET /api/v2/roles: 200, but its JSON is not as documented"},
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
				t.Errorf("stderr mentions %q:\n%s", tt.not, r.errs)
			}
			if len(r.out) > 0 {
				t.Errorf("stdout %q", r.out)
			}
		})
	}
}

const expectedDomain = `AUTH0_DOMAIN is "acme.example"; expected something like acme.eu.auth0.com`

// If a port does not use TLS, the run fails at once and sends no token.
func TestTenantThatSpeaksHTTP(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{})
	address, stop := s.Start()
	defer stop()
	https := strings.Replace(address, "http://", "https://", 1)
	r := runCommand(t.Context(), "--domain", https, "--token-file", tokenFile(t), "-v")
	r.expect(t, 1, "error: GET /api/v2/roles: the address answers http, not https\n",
		"hint: check AUTH0_DOMAIN; for a server on this machine")
	if strings.Contains(r.errs, "retry") || len(s.Calls()) > 0 {
		t.Errorf("%d calls: %s", len(s.Calls()), r.errs)
	}
}

func TestTenantOutOfReach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runOver(t.Context(), roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("no such host")}
		}))
		r.expect(t, 1, "GET /api/v2/roles: dial tcp: no such host\n",
			"a0export: hint: "+expectedDomain)
	})
}

// A page of a proxy says nothing about the token, its scopes or the plan, whatever its
// status. The address may be wrong.
func TestPageInBetweenGetsTheHintAboutTheAddress(t *testing.T) {
	t.Parallel()
	const page = "<html>\n<h1>Sign in</h1></html>"
	pages := map[int]string{
		200: page, 302: "", 401: page, 403: page, 404: "404 page not found", 407: page, 500: page, 503: page,
	}
	for _, path := range []string{
		"/api/v2/roles", "/api/v2/jobs/users-exports", "/api/v2/jobs/" + aJob, "/api/v2/organizations",
	} {
		for status, body := range pages {
			s := auth0test.New(small(), auth0test.Options{Faults: faultAt(path, httpapitest.Fault{Status: status, Body: body})})
			var args []string
			if strings.HasSuffix(path, aJob) {
				args = []string{"--job", aJob}
			}
			r := runInBubble(t, s, args...)
			r.expect(t, 1, path+": "+strconv.Itoa(status), "hint: "+expectedDomain, "proxy")
			for _, other := range []string{"token", "grant", "24 hours: "} {
				if strings.Contains(r.errs, other) {
					t.Errorf("%s, %d: a hint about something else:\n%s", path, status, r.errs)
				}
			}
		}
	}
}

// If the roles change during the reading, the run fails instead of missing one. The hint
// says to run it again.
func TestRolesThatChange(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Tenant{}
	for i := range 150 {
		role := auth0test.Role{ID: fmt.Sprintf("rol_%d", i), Name: fmt.Sprintf("Role %d", i)}
		tenant.Roles = append(tenant.Roles, role)
	}
	var s *auth0test.Server
	s = auth0test.New(tenant, auth0test.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if r.URL.Query().Get("page") == "1" {
			s.Update(func(t *auth0test.Tenant) { t.Roles = t.Roles[1:] })
		}
		return httpapitest.Fault{}
	}})
	runInBubble(t, s).expect(t, 1, "the tenant changed while it was read\n", "a0export: hint: run a0export again\n")
}

// A page without its list is an error, not the end of the list.
func TestAnswersWithoutTheList(t *testing.T) {
	t.Parallel()
	tenant := customers()
	tenant.Roles[0].Members = randomTenant(250, 1, 1).Roles[0].Members
	for body, want := range map[string]string{
		"": "the answer is empty", "{}": "there is no list of ", "null": "the answer is null",
		`{"total":3}`: "there is no list of ", "[]": "there is no object around the list of ",
	} {
		for _, at := range []struct {
			n      int32
			suffix string
		}{{1, "/roles"}, {1, "/users"}, {2, "/users"}, {1, "/organizations"}, {1, "/members"}, {2, "/members"}} {
			for _, source := range []string{"job", "search"} {
				s := auth0test.New(tenant, auth0test.Options{Faults: answerNth(at.n, at.suffix, body)})
				runInBubble(t, s, "--organizations", "--source", source).expect(t, 1, ": 200, but ", want)
			}
		}
	}
	nobody := answerNth(1, "/api/v2/users", `{"users":[],"total":500,"start":0,"limit":1}`)
	runInBubble(t, auth0test.New(tenant, auth0test.Options{Faults: nobody}), "--source", "search").expect(t, 1,
		"got no users, but Auth0 says there are 500: the tenant changed while it was read\n")
}
