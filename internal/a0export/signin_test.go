package a0export

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// tokenRequests returns how often a token was requested.
func tokenRequests(s *auth0test.Server) int {
	n := 0
	for _, call := range s.Calls() {
		if call.Path == "/oauth/token" {
			n++
		}
	}
	return n
}

func TestClientCredentials(t *testing.T) {
	s := auth0test.New(small(), auth0test.Options{})
	address, stop := s.Start()
	defer stop()
	id := map[string]string{
		"AUTH0_DOMAIN": address, "AUTH0_CLIENT_ID": auth0test.DefaultClientID,
		"AUTH0_CLIENT_SECRET": auth0test.DefaultClientSecret,
	}
	with := func(name, value string) map[string]string {
		m := maps.Clone(id)
		m[name] = value
		return m
	}
	const check = "hint: check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET"
	tests := []struct {
		name      string
		variables map[string]string
		code      int
		want      []string
	}{
		{"both", id, 0, nil},
		{"an audience of one's own", with("AUTH0_AUDIENCE", address+"/api/v2/"), 0, nil},
		{
			"a wrong audience",
			with("AUTH0_AUDIENCE", "https://other/"),
			1,
			[]string{"POST /oauth/token: 403", "Service not found: https://other/", check, "AUTH0_AUDIENCE"},
		},
		{"a wrong secret", with("AUTH0_CLIENT_SECRET", "sesame"), 1, []string{"POST /oauth/token: 401", check}},
		{"a token wins", with("AUTH0_API_TOKEN", "ey.other"), 1, []string{"GET /api/v2/roles: 401"}},
		{
			"no secret",
			map[string]string{"AUTH0_DOMAIN": address, "AUTH0_CLIENT_ID": "x"},
			2,
			[]string{"AUTH0_CLIENT_ID is set, but AUTH0_CLIENT_SECRET is not"},
		},
		{
			"no id",
			map[string]string{"AUTH0_DOMAIN": address, "AUTH0_CLIENT_SECRET": "x"},
			2,
			[]string{"AUTH0_CLIENT_SECRET is set, but AUTH0_CLIENT_ID is not"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			setenv(t, tt.variables)
			before := tokenRequests(s)
			r := runCommand(t.Context(), "--poll-interval", "1ms", "-vv")
			r.expect(t, tt.code, tt.want...)
			for _, secret := range []string{auth0test.DefaultClientSecret, "sesame", "Bearer", "eyJ"} {
				if strings.Contains(r.errs, secret) {
					t.Errorf("%s is printed:\n%s", secret, r.errs)
				}
			}
			if n := tokenRequests(s) - before; tt.code == 0 && n != 1 {
				t.Errorf("asked for %d tokens", n)
			}
		})
	}
}

// An export may take longer than the life of a token. No call may be refused because of
// that.
func TestTokenIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(today))
		s := auth0test.New(small(), auth0test.Options{
			TokenLife: 10 * time.Minute, Polls: 1000, Audience: "https://acme.example/api/v2/",
		})
		runHere(t.Context(), s, "--domain", auth0test.DefaultClientID).expect(t, 0)
		for _, call := range s.Calls() {
			if call.Status == http.StatusUnauthorized {
				t.Fatalf("refused: %s", call.Path)
			}
		}
		if n := tokenRequests(s); n < 16 || n > 25 {
			t.Errorf("%d tokens in %v", n, time.Since(today))
		}
	})
}

// If a token is refused before it expires, another one is requested, once.
func TestTokenThatIsRefused(t *testing.T) {
	t.Parallel()
	refusal := httpapitest.Fault{
		Status: 401, Body: `{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}`,
	}
	for _, times := range []int{1, 2} {
		n := 0
		s := auth0test.New(small(), auth0test.Options{
			Audience: "https://acme.example/api/v2/",
			Faults: func(r *http.Request) httpapitest.Fault {
				if strings.HasPrefix(r.URL.Path, "/api/v2/jobs/job_") {
					if n++; n <= times {
						return refusal
					}
				}
				return httpapitest.Fault{}
			},
		})
		runInBubble(t, s, "--domain", auth0test.DefaultClientID, "-q").expect(t, times-1)
		if tokenRequests(s) != 2 {
			t.Errorf("%d tokens", tokenRequests(s))
		}
	}
}
