package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// trouble lists what goes wrong for a new user: the fakes to start, and a command.
var trouble = []struct{ given, command string }{
	// Sign-in to Auth0.
	{"auth0 few", "AUTH0_DOMAIN= a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_API_TOKEN= a0export > users.csv.gz"},
	{"expired few", "a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_API_TOKEN=eyJhbGciOiJSUzI1NiJ9.of.another a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_ACCESS_TOKEN=another a0export > users.csv.gz"},
	{
		"auth0 few",
		"AUTH0_API_TOKEN= AUTH0_CLIENT_ID=auth0test-client AUTH0_CLIENT_SECRET=wrong a0export > users.csv.gz",
	},
	{"auth0 few", "AUTH0_DOMAIN=http://acme.eu.auth0.com a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_DOMAIN=http://127.0.0.1:1 a0export > users.csv.gz"},
	{"auth0 -scopes read:users few", "a0export > users.csv.gz"},
	{"auth0 -no-jobs few", "a0export > users.csv.gz"},
	{"auth0 -no-jobs few", "a0export --source job > users.csv.gz"},
	{"auth0 few", "a0export --job job_0000000000000000 > users.csv.gz"},
	{"auth0 -ends failed -details details few", "a0export > users.csv.gz"},
	{"auth0 company", "a0export > users.csv.gz"},
	{"auth0 few", "a0export --orgs > users.csv.gz"},
	// Converting.
	{"auth0 few", "true | a0tojsonl"},
	{"auth0 few", "a0tojsonl users.json"},
	{"auth0 few", "a0tojsonl noid.csv"},
	{"auth0 few", "a0tojsonl twokeys.csv"},
	{"auth0 few", "a0tojsonl odd.csv"},
	{"auth0 few", "a0tojsonl expired.csv.gz"},
	{"auth0 few", "iconv -f UTF-8 -t UTF-16 noid.csv | a0tojsonl"},
	{"auth0 few", "a0tojsonl semicolons.csv"},
	{"auth0 few", "a0tojsonl halfescaped.csv"},
	{"auth0 few", `tr "\n" "\r" < pasted.csv | sed "s/\r/\n/" | a0tojsonl`},
	{"auth0 few", "a0tojsonl bare.csv"},
	{"auth0 few", "a0tojsonl pasted.csv"},
	{"auth0 few", "a0export -q | head -c 100 | a0tojsonl"},
	{"auth0 few", "a0tojsonl users.csv --strict"},
	// Sign-in to Permit.
	{"permit", "PERMIT_API_KEY= permitload records.jsonl"},
	{"permit", "PERMIT_API_KEY=permit_key_of_the_other_region permitload records.jsonl"},
	{"permit", "PERMIT_API_URL=http://api.permit.io permitload records.jsonl"},
	{"permit", "PERMIT_API_URL=http://127.0.0.1:1 permitload records.jsonl"},
	{"permit -level project", "permitload records.jsonl"},
	{"permit -level organization", "permitload records.jsonl"},
	{"permit", "permitload --project default --environment production records.jsonl"},
	{"readonly", "permitload --create-missing yes records.jsonl"},
	// Loading.
	{"permit", "setsid permitload records.jsonl"},
	{"permit half", "sed s/Admin/admin/g records.jsonl | permitload --create-missing yes"},
	{"permit", "jq . records.jsonl | permitload"},
	{"permit", "grep -v end records.jsonl | permitload --create-missing no"},
	{"permit", "grep -v end records.jsonl | permitload --create-missing no --require-end"},
	{"permit", "a0tojsonl -q < /dev/null | permitload"},
	{"permit -emails 409", "permitload --create-missing yes twins.jsonl > left.jsonl"},
	{"permit -emails 409 zoe", "permitload --create-missing yes records.jsonl > left.jsonl"},
	{"permit", "permitload --create-missing yes twice.jsonl > left.jsonl"},
	{"permit", "permitload --create-missing no records.jsonl > left.jsonl"},
	// Taking away.
	{"permit", "permitload --roles replace --create-missing yes noasof.jsonl"},
	{"permit", "permitload --roles replace --create-missing yes records.jsonl"},
	{"permit half", "permitload remove --yes records.jsonl"},
	{"permit half", "setsid permitload remove --remove-limit 100 records.jsonl"},
}

const troubleFiles = `
-- users.json --
[{"user_id":"auth0|1"}]
-- noid.csv --
mail,name
ann@acme.example,Ann
-- twokeys.csv --
user_id,email,roles
auth0|1,ann@acme.example,"[""Billing Viewer"",""billing-viewer"",""billing viewer""]"
-- odd.csv --
user_id,email
samlp|acme|José,jose@acme.example
auth0|2,bob
-- expired.csv.gz --
<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>
-- semicolons.csv --
user_id;email
auth0|1;ann@acme.example
-- halfescaped.csv --
user_id,email
'auth0|1,'ann@acme.example
auth0|2,bob@acme.example
-- bare.csv --
user_id,email
5f7c8ec7,ann@acme.example
-- pasted.csv --
user_id,email
auth0|1,ann@acme.example` + "\u200b" + `
auth0|2,bob@acme.example
-- records.jsonl --
{"type":"role","key":"Admin","name":"Admin"}
{"type":"user","key":"auth0|1","email":"ann@acme.example","role_assignments":[{"role":"Admin"}]}
{"type":"end","complete":true,"users":1,"roles":1,"tenants":0,"rejected":0,"as_of":"2026-01-02T03:04:05Z"}
-- noasof.jsonl --
{"type":"role","key":"Admin","name":"Admin"}
{"type":"user","key":"auth0|1","email":"ann@acme.example","role_assignments":[{"role":"Admin"}]}
{"type":"end","complete":true,"users":1,"roles":1,"tenants":0,"rejected":0}
-- twins.jsonl --
{"type":"user","key":"auth0|1","email":"ann@acme.example"}
{"type":"user","key":"auth0|2","email":"Ann@acme.example"}
{"type":"end","complete":true,"users":2,"roles":0,"tenants":0,"rejected":0}
-- twice.jsonl --
{"type":"user","key":"auth0|1","email":"ann@acme.example"}
{"type":"user","key":"auth0|1","email":"ann@other.example"}
{"type":"end","complete":true,"users":2,"roles":0,"tenants":0,"rejected":0}
`

// diagnosis matches a message under DIAGNOSTICS of a manual page, in roff.
var diagnosis = regexp.MustCompile(`(?m)^\.TP\n\\fB(.+)\\fP$`)

// diagnoses returns the messages that the manual pages explain.
func diagnoses(t *testing.T) (rows []*regexp.Regexp) {
	t.Helper()
	pages, err := filepath.Glob("../../cmd/*/*.1")
	if err != nil {
		t.Fatal(err)
	}
	plain := strings.NewReplacer(`\-`, "-", `\(aq`, "'", `\e`, `\`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		_, section, _ := strings.Cut(string(text), "\n.SH DIAGNOSTICS\n")
		section, _, _ = strings.Cut(section, "\n.SH ")
		for _, match := range diagnosis.FindAllStringSubmatch(section, -1) {
			message := regexp.QuoteMeta(plain.Replace(match[1]))
			rows = append(rows, regexp.MustCompile(strings.ReplaceAll(message, "…", ".*")))
		}
	}
	return rows
}

// DIAGNOSTICS of the manual pages quote the tools, with an ellipsis for what varies. The
// first complaint of each command above is among them.
func TestDiagnostics(t *testing.T) {
	t.Parallel()
	needsShell(t)
	rows := diagnoses(t)
	var lock sync.Mutex
	met := map[*regexp.Regexp]bool{}
	cmds := maps.Clone(commands)
	cmds["heard"] = func(ts *testscript.TestScript, _ bool, args []string) {
		lock.Lock()
		defer lock.Unlock()
		text := ts.ReadFile("stderr.txt") + ts.ReadFile("stdout.txt")
		ts.Logf("$ %s\n%s", strings.Join(args, " "), text)
		known := false
		for _, row := range rows {
			if row.MatchString(text) {
				met[row], known = true, true
			}
		}
		if !known {
			ts.Fatalf("no manual page explains what this says")
		}
	}
	cmds["expired"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		serveAuth0(ts, auth0test.New(few(), auth0test.Options{TokenExpires: time.Now().Add(-time.Hour)}))
	}
	cmds["readonly"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		servePermit(ts, permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method == http.MethodGet {
				return httpapitest.Fault{}
			}
			body := `{"error_code":"FORBIDDEN_ACCESS","title":"Forbidden"}`
			return httpapitest.Fault{Status: http.StatusForbidden, Body: body}
		}}))
	}
	dir := t.TempDir()
	var scripts []string
	for i, c := range trouble {
		script := c.given + "\nexec sh run.sh\nheard '" + c.command + "'\n" + troubleFiles +
			"-- run.sh --\n{ " + c.command + "\n} > stdout.txt 2> stderr.txt < /dev/null || true\n"
		path := filepath.Join(dir, fmt.Sprintf("trouble%02d.txtar", i))
		if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, path)
	}
	t.Cleanup(func() {
		for _, row := range rows {
			if !met[row] {
				t.Errorf("DIAGNOSTICS: nothing here says %s", row)
			}
		}
	})
	testscript.Run(t, testscript.Params{Files: scripts, Cmds: cmds, Setup: setup, RequireExplicitExec: true})
}
