package a0export

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
)

// endings returns options of tenants, one for each way in which a run can end.
func endings() map[string]auth0test.Options {
	return map[string]auth0test.Options{
		"done": {},
		"link": {ExpireLinks: 1},
		"cut":  {CutDownload: 1},
		"401":  {Token: "another"},
		"403":  {Scopes: []string{"none"}},
		"failed job": {
			JobStatus: "failed", JobDetails: "no ann@acme.example",
			JobErrors: []map[string]any{{"user": map[string]any{"email": "bob@acme.example"}}},
		},
		"search": {NoJobs: true},
		"no file": {Faults: func(r *http.Request) httpapitest.Fault {
			if !strings.HasPrefix(r.URL.Path, "/exports/") {
				return httpapitest.Fault{}
			}
			signature := "<Signature>" + r.URL.Query().Get("Signature") + "</Signature>"
			return httpapitest.Fault{Status: 404, Body: "<Error>" + signature + "ann@acme.example</Error>"}
		}},
	}
}

var secrets = []string{auth0test.DefaultToken, "Bearer", "Signature", "Key-Pair-Id", "/exports/"}

// Even with -vv no token is printed, and no download link, which is secret for a minute.
func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	for name, options := range endings() {
		for _, format := range []string{"text", "json"} {
			r := runInBubble(t, auth0test.New(small(), options), "-vv", "--log-format", format)
			if !strings.Contains(r.errs, "/api/v2/roles") {
				t.Fatalf("%s: -vv shows no calls: %s", name, r.errs)
			}
			expectNone(t, name, r.errs, secrets)
		}
	}
}

// A client secret is not printed either. It is sent in the body of a call.
func TestNoClientSecretIsPrinted(t *testing.T) {
	t.Parallel()
	all := endings()
	all["no token"] = auth0test.Options{ClientSecret: "another"}
	all["token away"] = auth0test.Options{Faults: faultAt("/oauth/token", httpapitest.Fault{
		Status: 403, Body: `{"error":"access_denied","error_description":"no"}`,
	})}
	for name, options := range all {
		options.Audience = "https://acme.example/api/v2/"
		r := runInBubble(t, auth0test.New(small(), options), "-vv", "--domain", auth0test.DefaultClientID)
		if !strings.Contains(r.errs, "/oauth/token") {
			t.Fatalf("%s: -vv shows no calls: %s", name, r.errs)
		}
		expectNone(t, name, r.errs, append([]string{auth0test.DefaultClientSecret, "eyJ"}, secrets...))
	}
}

func TestNoPersonIsPrinted(t *testing.T) {
	t.Parallel()
	people := []string{"ann", "bob", "zoe", "Hooft", "Nan", "5f7c8ec7"}
	for name, options := range endings() {
		for _, args := range [][]string{nil, {"-v"}} {
			tenant := small()
			tenant.Roles[0].Members = append(tenant.Roles[0].Members, "samlp|acme|zoe@acme.example")
			expectNone(t, name, runInBubble(t, auth0test.New(tenant, options), args...).errs, people)
		}
	}
}

// The command itself prints no secret either, nor does its summary.
func TestNoSecretIsPrintedByTheCommand(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"done", "cut", "401"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			summary := filepath.Join(t.TempDir(), "summary")
			r := run(t, auth0test.New(small(), endings()[name]), "-vv", "--summary", summary)
			data, err := os.ReadFile(summary)
			if err != nil || !strings.Contains(r.errs, "level=DEBUG msg=call method=GET path=/api/v2/roles") {
				t.Fatalf("error %v, stderr %s", err, r.errs)
			}
			expectNone(t, name, r.errs+string(data), secrets)
		})
	}
}

func expectNone(t *testing.T, name, text string, words []string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(text, word) {
			t.Errorf("%s: %s is printed:\n%s", name, word, text)
		}
	}
}
