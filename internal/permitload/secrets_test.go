package permitload

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// The API key is in no output, at any level. Emails and names are on stderr with -vv
// only.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	// The key of one user is her email, another is refused with the email in the answer,
	// and the line of a third breaks a rule.
	input := lines(
		`{"type":"user","key":"jane@acme.example","email":"jane@acme.example","first_name":"Jane","last_name":"Doe",`+
			`"role_assignments":[{"role":"Admin"}]}`,
		`{"type":"user","key":"auth0|1","email":"joan@acme.example","first_name":"Joan",`+
			`"role_assignments":[{"role":"Editor"}]}`,
		`{"type":"user","key":"auth0|2","email":"jill at acme.example","first_name":"Jill"}`,
	) + endLine
	const duplicate = `{"error_code":"DUPLICATE_ENTITY",` +
		`"message":"User with the same unique key already exists (id='joan@acme.example')"}`
	for _, level := range []string{"-q", "", "-v", "-vv"} {
		for _, format := range []string{"text", "json"} {
			t.Run(level+format, func(t *testing.T) {
				t.Parallel()
				// Single calls are refused, too, since keys are in their paths.
				srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
					switch {
					case r.Method != http.MethodPut:
					case strings.HasSuffix(r.URL.Path, "/bulk/users"):
						return httpapitest.Fault{Status: 409, Body: duplicate}
					case strings.HasSuffix(r.URL.Path, "jane@acme.example"):
						return httpapitest.Fault{Status: 401, Body: `{"message":"not for 'joan@acme.example'"}`}
					}
					return httpapitest.Fault{}
				}})
				file := filepath.Join(t.TempDir(), "summary.json")
				args := []string{"--create-missing", "yes", "--log-format", format, "--summary", file}
				if level != "" {
					args = append(args, level)
				}
				got := run(t, srv, input, args...)
				wantExit(t, got, tool.Stopped, "401")
				summary := readFile(t, file)
				if strings.Contains(got.stdout+got.stderr+summary, permittest.DefaultKey) {
					t.Errorf("the key is shown:\n%s\n%s\n%s", got.stdout, got.stderr, summary)
				}
				for _, word := range []string{"jane", "joan", "jill", "Jane", "Joan", "Jill", "Doe"} {
					if strings.Contains(got.stderr+summary, word) && level != "-vv" {
						t.Errorf("%s is shown:\n%s\n%s", word, got.stderr, summary)
					}
				}
				if format == "json" {
					for text := range strings.Lines(got.stderr) {
						if !json.Valid([]byte(text)) {
							t.Errorf("not JSON: %s", text)
						}
					}
				}
			})
		}
	}
}

// The API key is sent in the Authorization header and nowhere else.
func TestKeyGoesInTheHeaderAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		wantReport(t, load(t.Context(), srv, linesFor(usersWithRoles(4))), tool.Done)
		for _, call := range srv.Calls() {
			if strings.Contains(call.Path+call.Query.Encode()+string(call.Body), permittest.DefaultKey) {
				t.Errorf("%s %s holds the key", call.Method, call.Path)
			}
			if got := call.Header.Get("Authorization"); got != "Bearer "+permittest.DefaultKey {
				t.Errorf("%s %s: Authorization: %s", call.Method, call.Path, got)
			}
		}
	})
}
