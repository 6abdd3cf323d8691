package e2e_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// setUp is how the lines begin that need more than the three commands: a Go
// toolchain, the network, or rights over the machine. A block with such a line
// is not run, but the paths of the repository that it names must exist.
var setUp = regexp.MustCompile(`^(go|git|brew|sudo|docker) `)

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	repoPath   = regexp.MustCompile(`\./[a-z0-9/_-]+[a-z0-9]`)
	aSecret    = regexp.MustCompile(`(?m)^export .*$`)
)

// Every shell block of the README runs against the fakes, each in a folder of
// its own that holds what the README speaks of: an export, its records, those of
// the day before, who Permit has beside them. Permit has been loaded once. A
// block that exports the settings of an account runs without those lines.
func TestReadmeBlocks(t *testing.T) {
	t.Parallel()
	needsShell(t)
	var scripts []string
	dir := t.TempDir()
	for i, match := range shellBlock.FindAllStringSubmatch(readme(t), -1) {
		block := match[1]
		if slices.ContainsFunc(strings.Split(block, "\n"), setUp.MatchString) {
			for _, path := range repoPath.FindAllString(block, -1) {
				if _, err := os.Stat(filepath.Join("../..", path)); err != nil && !strings.Contains(block, path+"...") {
					t.Errorf("the README names %s: %v", path, err)
				}
			}
			continue
		}
		block = aSecret.ReplaceAllString(block, "")
		script := "# Block " + strconv.Itoa(i+1) + " of README.md\n" + prepared + "env SCRIPT_TERMINAL=yes\nttyin yes.txt\nexec bash block.sh\n" + prints(block) +
			"-- yes.txt --\ny\ny\ny\n-- roles.csv --\nauth0_role,permit_role\nBilling Viewer,billing-viewer\n-- block.sh --\n" + stops + block
		path := filepath.Join(dir, fmt.Sprintf("block%02d.txtar", i+1))
		if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, path)
	}
	if len(scripts) < 10 {
		t.Fatalf("%d blocks of README.md can be run, want 10 or more", len(scripts))
	}
	testscript.Run(t, testscript.Params{Files: scripts, Cmds: commands, Setup: setup, RequireExplicitExec: true})
}

// prints wants something on stdout of a block that begins with jq.
func prints(block string) string {
	if !regexp.MustCompile(`(?m)^jq .*records.jsonl$`).MatchString(block) {
		return ""
	}
	return "stdout .\n"
}

// stops ends a block at the first command that fails, in a pipe too. An exit code of 3 is no
// failure: it says that some records were set aside.
const stops = `set -o pipefail
trap 'code=$?; [ $code = 3 ] || exit $code' ERR
`

// prepared is what a block finds.
const prepared = `
auth0 small
permit zoe
exec sh -c '{ a0export roles; a0export organizations; a0export --organizations; } | a0tojsonl -o yesterday.jsonl'
exec permitload -q --create-missing yes yesterday.jsonl
exec a0export -q --organizations --field user_metadata.plan --field logins_count -o users.csv.gz
exec sh -c '{ a0export -q roles; a0export -q organizations; cat users.csv.gz; } | a0tojsonl -q -o records.jsonl'
exec permitload -q --dry-run --extra extra.jsonl records.jsonl
exec sh -c 'grep -v auth0 records.jsonl > left.jsonl'
`

func needsShell(t *testing.T) {
	t.Helper()
	for _, name := range []string{"bash", "jq", "setsid"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the README's blocks are for a POSIX shell with jq: %v", err)
		}
	}
}

// others are the flags that the README and the examples name of other programs.
var others = map[string]string{
	"--icsv": "Miller", "--ojsonl": "Miller", "--arg": "jq",
	"--argjson": "jq", "--from": "kubectl", "--from-env-file": "kubectl", "--now": "systemctl",
	"--repo": "gh", "--pattern": "gh", "--check": "sha256sum", "--ignore-missing": "sha256sum",
	"--rm": "docker", "--init": "docker", "--env-file": "docker",
}

var flagName = regexp.MustCompile(`--[a-z][a-z0-9-]*`)

// Every flag that the README and the examples name is in some tool's help.
func TestReadmeFlags(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range []string{"a0export", "a0tojsonl", "permitload"} {
		help, err := exec.CommandContext(t.Context(), name, "--help").Output()
		if err != nil {
			t.Fatalf("%s --help: %v", name, err)
		}
		for _, flag := range flagName.FindAllString(string(help), -1) {
			known[flag] = true
		}
	}
	texts := map[string]string{"README.md": readme(t)}
	for _, pattern := range []string{"*.sh", "*.yaml", "*.yml", "systemd/*"} {
		paths, err := filepath.Glob(filepath.Join("../../examples", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %q, %v", pattern, paths, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = string(text)
		}
	}
	for name, text := range texts {
		for _, flag := range flagName.FindAllString(text, -1) {
			if !known[flag] && others[flag] == "" {
				t.Errorf("%s names %s, which no tool has", name, flag)
			}
		}
	}
}

// trouble is what goes wrong in a new user's hands: the fakes, and a command.
var trouble = []struct{ given, command string }{
	// Sign-in to Auth0.
	{"auth0 few", "AUTH0_DOMAIN= a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_API_TOKEN= a0export > users.csv.gz"},
	{"expired few", "a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_API_TOKEN=eyJhbGciOiJSUzI1NiJ9.of.another a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_ACCESS_TOKEN=another a0export > users.csv.gz"},
	{"auth0 few", "AUTH0_API_TOKEN= AUTH0_CLIENT_ID=auth0test-client AUTH0_CLIENT_SECRET=wrong a0export > users.csv.gz"},
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
	{"auth0 few", "a0tojsonl < /dev/null"},
	{"auth0 few", "a0tojsonl users.json"},
	{"auth0 few", "a0tojsonl noid.csv"},
	{"auth0 few", "a0tojsonl twokeys.csv"},
	{"auth0 few", "a0tojsonl odd.csv"},
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
	{"permit half", "sed s/Admin/admin/ records.jsonl | permitload --create-missing yes"},
	{"permit", "jq . records.jsonl | permitload"},
	{"permit", "grep -v end records.jsonl | permitload --create-missing no"},
	{"permit", "grep -v end records.jsonl | permitload --create-missing no --require-end"},
	{"permit", "a0tojsonl -q < /dev/null | permitload"},
	{"permit", "permitload --create-missing yes twins.jsonl > left.jsonl"},
	{"permit zoe", "permitload --create-missing yes records.jsonl > left.jsonl"},
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

var troubleRow = regexp.MustCompile("(?m)^\\| `(.+?)` \\| ")

// The table of messages under "When something goes wrong" has the tools' very
// words, an ellipsis for what varies, and each first complaint that a new user
// meets is in it.
func TestReadmeTrouble(t *testing.T) {
	t.Parallel()
	needsShell(t)
	var rows []*regexp.Regexp
	met := map[*regexp.Regexp]bool{}
	_, section, _ := strings.Cut(readme(t), "\n## When something goes wrong\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, match := range troubleRow.FindAllStringSubmatch(section, -1) {
		pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.ReplaceAll(match[1], `\|`, "|")), "…", ".*")
		rows = append(rows, regexp.MustCompile(pattern))
	}
	var lock sync.Mutex
	cmds := maps.Clone(commands)
	cmds["heard"] = func(ts *testscript.TestScript, _ bool, args []string) {
		lock.Lock()
		defer lock.Unlock()
		text := ts.ReadFile("stderr.txt")
		ts.Logf("$ %s\n%s", strings.Join(args, " "), text+ts.ReadFile("stdout.txt"))
		known := false
		for _, row := range rows {
			if row.MatchString(text + ts.ReadFile("stdout.txt")) {
				met[row], known = true, true
			}
		}
		if !known {
			ts.Logf("%s", text)
			ts.Fatalf("README.md has no row for what this says")
		}
	}
	cmds["expired"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		s := auth0test.New(few(), auth0test.Options{TokenExpires: time.Now().Add(-time.Hour)})
		url, stop := s.Start()
		ts.Defer(stop)
		ts.Setenv("AUTH0_DOMAIN", url)
		ts.Setenv("AUTH0_API_TOKEN", auth0test.DefaultToken)
	}
	cmds["readonly"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		s := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method == http.MethodGet {
				return httpapitest.Fault{}
			}
			return httpapitest.Fault{Status: http.StatusForbidden, Body: `{"error_code":"FORBIDDEN_ACCESS","title":"Forbidden"}`}
		}})
		url, stop := s.Start()
		ts.Defer(stop)
		ts.Setenv("PERMIT_API_URL", url)
		ts.Setenv("PERMIT_API_KEY", permittest.DefaultKey)
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
				t.Errorf("README.md: nothing here says %s", row)
			}
		}
	})
	testscript.Run(t, testscript.Params{Files: scripts, Cmds: cmds, Setup: setup, RequireExplicitExec: true})
}
