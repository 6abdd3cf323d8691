package e2e_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"a0permit/internal/auth0/auth0test"
	"a0permit/internal/permit/permittest"
)

// guides are the pages whose shell blocks are run.
var guides = []string{"README.md", "examples/README.md"}

// pageText returns the text of a file of the repository.
func pageText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func needsShell(t *testing.T) {
	t.Helper()
	for _, name := range []string{"bash", "jq", "setsid"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("the shell blocks are for a POSIX shell with jq: %v", err)
		}
	}
}

// needsMore matches lines that need more than the three commands: a Go toolchain, the
// network, or an administrator. A block with such a line is not run, but the paths of the
// repository that it names must exist.
var needsMore = regexp.MustCompile(`^(go|git|sudo|docker) `)

var (
	shellBlock = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	repoPath   = regexp.MustCompile(`\./[a-z0-9/_-]+[a-z0-9]`)
	aSecret    = regexp.MustCompile(`(?m)^export .*$`)
	jqRecords  = regexp.MustCompile(`(?m)^jq .*records.jsonl$`)
)

// Every shell block of the guides runs against the fakes, in a folder of its own with the
// files that it names, and with a Permit of its own. Lines that export the settings of an
// account are left out. A block that begins with jq must print something.
func TestReadmeBlocks(t *testing.T) {
	t.Parallel()
	needsShell(t)
	files, state := makeBlockFiles(t)
	cmds := maps.Clone(commands)
	cmds["prepare"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		serveAuth0(ts, auth0test.New(tenants["small"](), auth0test.Options{Polls: -1}))
		s := permittest.New(permittest.Options{})
		s.Seed(state)
		servePermit(ts, s)
		ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(files)))
	}
	var scripts []string
	dir := t.TempDir()
	for i, block := range shellBlocks(t) {
		if slices.ContainsFunc(strings.Split(block, "\n"), needsMore.MatchString) {
			for _, path := range repoPath.FindAllString(block, -1) {
				if _, err := os.Stat(filepath.Join("../..", path)); err != nil && !strings.Contains(block, path+"...") {
					t.Errorf("a shell block names %s: %v", path, err)
				}
			}
			continue
		}
		wantOutput := ""
		if jqRecords.MatchString(block) {
			wantOutput = "stdout .\n"
		}
		script := fmt.Sprintf(blockScript, i+1, wantOutput, aSecret.ReplaceAllString(block, ""))
		path := filepath.Join(dir, fmt.Sprintf("block%02d.txtar", i+1))
		if err := os.WriteFile(path, []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, path)
	}
	if len(scripts) < 10 {
		t.Fatalf("%d blocks can be run, want 10 or more", len(scripts))
	}
	testscript.Run(t, testscript.Params{Files: scripts, Cmds: cmds, Setup: setup, RequireExplicitExec: true})
}

func shellBlocks(t *testing.T) (blocks []string) {
	t.Helper()
	for _, path := range guides {
		for _, match := range shellBlock.FindAllStringSubmatch(pageText(t, path), -1) {
			blocks = append(blocks, match[1])
		}
	}
	return blocks
}

// blockScript runs a block. It takes its number, a check of its output, and its lines. It
// ends at the first command that fails, in a pipe too. Exit code 3 is no failure, since
// it only says that some records were set aside.
const blockScript = `# Block %d of the guides
prepare
env SCRIPT_TERMINAL=yes
ttyin yes.txt
exec bash block.sh
%s-- yes.txt --
y
y
y
-- roles.csv --
auth0_role,permit_role
Billing Viewer,billing-viewer
-- block.sh --
set -o pipefail
trap 'code=$?; [ $code = 3 ] || exit $code' ERR
%s`

// makeBlockFiles returns a folder with the files that blocks name: an export, its
// records, those of the day before, and users in Permit beyond them. It also returns the
// state of Permit after one load.
func makeBlockFiles(t *testing.T) (dir string, state permittest.State) {
	t.Helper()
	domain, stop := auth0test.New(tenants["small"](), auth0test.Options{Polls: -1}).Start()
	defer stop()
	s := permittest.New(permittest.Options{})
	s.Seed(seeds["zoe"])
	address, stop := s.Start()
	defer stop()
	cmd := exec.CommandContext(t.Context(), "sh", "-e", "-c", `
{ a0export roles; a0export organizations; a0export --organizations; } | a0tojsonl -o yesterday.jsonl
permitload -q --create-missing yes yesterday.jsonl
a0export -q --organizations --field user_metadata.plan --field logins_count -o users.csv.gz
{ a0export -q roles; a0export -q organizations; cat users.csv.gz; } | a0tojsonl -q -o records.jsonl
permitload -q --dry-run --extra extra.jsonl records.jsonl
grep -v auth0 records.jsonl | tee undo.jsonl > left.jsonl`)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "AUTH0_DOMAIN="+domain, "AUTH0_API_TOKEN="+auth0test.DefaultToken,
		"PERMIT_API_URL="+address, "PERMIT_API_KEY="+permittest.DefaultKey, "TMPDIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return cmd.Dir, s.State()
}

// otherFlags maps flags of other programs in the guides and examples to the program.
var otherFlags = map[string]string{
	"--icsv": "Miller", "--ojsonl": "Miller", "--arg": "jq",
	"--argjson": "jq", "--from": "kubectl", "--from-env-file": "kubectl", "--now": "systemctl",
	"--repo": "gh", "--pattern": "gh", "--check": "sha256sum", "--ignore-missing": "sha256sum",
	"--silent": "curl", "--show-error": "curl", "--fail": "curl", "--config": "curl", "--get": "curl",
	"--data": "curl", "--data-urlencode": "curl", "--data-binary": "curl", "--header": "curl",
	"--rm": "docker", "--init": "docker", "--env-file": "docker",
}

var flagName = regexp.MustCompile(`--[a-z][a-z0-9-]*`)

// Every flag in the guides, the manual pages and the examples is in the help of a tool.
func TestReadmeFlags(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, name := range []string{"a0export", "a0tojsonl", "permitload"} {
		help, err := exec.CommandContext(t.Context(), name, "--help").Output()
		if err != nil {
			t.Fatalf("%s --help: %v", name, err)
		}
		for _, name := range flagName.FindAllString(string(help), -1) {
			known[name] = true
		}
	}
	texts := map[string]string{"README.md": pageText(t, "README.md")}
	for _, pattern := range []string{"examples/*.*", "examples/systemd/*", "cmd/*/*.[15]"} {
		paths, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %q, %v", pattern, paths, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = strings.ReplaceAll(string(text), `\-`, "-") // without roff's escaped hyphens
		}
	}
	for file, text := range texts {
		for _, name := range flagName.FindAllString(text, -1) {
			if !known[name] && otherFlags[name] == "" {
				t.Errorf("%s names %s, which no tool has", file, name)
			}
		}
	}
}
