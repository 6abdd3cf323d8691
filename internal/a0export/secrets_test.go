package a0export

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// Runs that end in all the ways that print something.
func endings() map[string]auth0test.Options {
	return map[string]auth0test.Options{
		"done":       {},
		"link":       {ExpireLinks: 1},
		"cut":        {CutDownload: 1},
		"401":        {Token: "another"},
		"403":        {Scopes: []string{"none"}},
		"failed job": {JobStatus: "failed", JobDetails: "no ann@acme.example", JobErrors: []map[string]any{{"user": map[string]any{"email": "bob@acme.example"}}}},
		"search":     {NoJobs: true},
		"no file": {Faults: func(r *http.Request) httpapitest.Fault {
			if strings.HasPrefix(r.URL.Path, "/exports/") {
				return httpapitest.Fault{Status: 404, Body: "<Error><Signature>" + r.URL.Query().Get("Signature") + "</Signature>ann@acme.example</Error>"}
			}
			return httpapitest.Fault{}
		}},
	}
}

// However much is printed: no token, and no link, which is one for a minute.
func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	for name, options := range endings() {
		for _, format := range []string{"text", "json"} {
			synctest.Test(t, func(t *testing.T) {
				r := runInBubble(t.Context(), auth0test.New(small(), options), "-vv", "--log-format", format)
				if !strings.Contains(r.errs, "/api/v2/roles") {
					t.Fatalf("%s: not loud: %s", name, r.errs)
				}
				for _, secret := range secrets {
					if strings.Contains(r.errs, secret) {
						t.Errorf("%s: %s is printed:\n%s", name, secret, r.errs)
					}
				}
			})
		}
	}
}

// The same with a client secret, which goes out in the body of a call.
func TestNoClientSecretIsPrinted(t *testing.T) {
	t.Parallel()
	refused := endings()
	refused["no token"] = auth0test.Options{ClientSecret: "another"}
	refused["token away"] = auth0test.Options{Faults: only("/oauth/token", httpapitest.Fault{Status: 403, Body: `{"error":"access_denied","error_description":"no"}`})}
	for name, options := range refused {
		synctest.Test(t, func(t *testing.T) {
			options.Audience = "https://acme.example/api/v2/"
			r := runInBubble(t.Context(), auth0test.New(small(), options), "-vv", "--domain", auth0test.DefaultClientID)
			if !strings.Contains(r.errs, "/oauth/token") {
				t.Fatalf("%s: not loud: %s", name, r.errs)
			}
			for _, secret := range append([]string{auth0test.DefaultClientSecret, "eyJ"}, secrets...) {
				if strings.Contains(r.errs, secret) {
					t.Errorf("%s: %s is printed:\n%s", name, secret, r.errs)
				}
			}
		})
	}
}

var secrets = []string{auth0test.DefaultToken, "Bearer", "Signature", "Key-Pair-Id", "/exports/"}

func TestNoPersonIsPrinted(t *testing.T) {
	t.Parallel()
	for name, options := range endings() {
		for _, args := range [][]string{nil, {"-v"}} {
			synctest.Test(t, func(t *testing.T) {
				tenant := small()
				tenant.Roles[0].Members = append(tenant.Roles[0].Members, "samlp|acme|zoe@acme.example")
				r := runInBubble(t.Context(), auth0test.New(tenant, options), args...)
				for _, person := range []string{"ann", "bob", "zoe", "Hooft", "Nan", "5f7c8ec7"} {
					if strings.Contains(r.errs, person) {
						t.Errorf("%s: %s is printed:\n%s", name, person, r.errs)
					}
				}
			})
		}
	}
}

// The same by the command itself, whose summary is for others to read too.
func TestNoSecretIsPrintedByTheCommand(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]auth0test.Options{"done": {}, "cut": {CutDownload: 1}, "401": {Token: "another"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			summary := filepath.Join(t.TempDir(), "summary")
			r := run(t, auth0test.New(small(), options), "-vv", "--summary", summary)
			data, err := os.ReadFile(summary)
			if err != nil || !strings.Contains(r.errs, "level=DEBUG msg=call method=GET path=/api/v2/roles") {
				t.Fatalf("error %v, stderr %s", err, r.errs)
			}
			for _, secret := range secrets {
				if strings.Contains(r.errs+string(data), secret) {
					t.Errorf("%s is printed:\n%s%s", secret, r.errs, data)
				}
			}
		})
	}
}
