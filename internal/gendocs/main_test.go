package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"a0permit/internal/a0export"
	"a0permit/internal/a0tojsonl"
	"a0permit/internal/permitload"
	"a0permit/internal/tool"
)

// What is committed is what the flags say now.
func TestDrift(t *testing.T) {
	t.Parallel()
	for name, want := range files(entries()) {
		got, err := os.ReadFile(filepath.Join("../../cmd", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("cmd/%s is out of date: run go generate ./... (-want +got):\n%.1000s", name, diff)
		}
	}
}

// Each flag that --help prints is in the man page and in all completions.
func TestEachFlagIsEverywhere(t *testing.T) {
	t.Parallel()
	all := files(entries())
	flag := regexp.MustCompile(`(?m)^   .*?--([a-z-]+)`)
	for _, app := range []*cli.App{a0export.App(), a0tojsonl.App(), permitload.App()} {
		texts := map[string]string{
			"man page": strings.ReplaceAll(all[filepath.Join(app.Name, app.Name+".1")], `\-`, "-"),
			"bash":     all[filepath.Join(app.Name, app.Name+".bash")], "zsh": all[filepath.Join(app.Name, "_"+app.Name)],
			"fish": strings.ReplaceAll(all[filepath.Join(app.Name, app.Name+".fish")], " -l ", " --"),
		}
		help, _, _ := strings.Cut(tool.Help(app), "\nEXAMPLES\n")
		found := flag.FindAllStringSubmatch(help, -1)
		if len(found) < 15 {
			t.Errorf("%s --help has %d flags", app.Name, len(found))
		}
		for _, match := range found {
			for name, text := range texts {
				if !regexp.MustCompile(`--` + match[1] + `($|[^a-z-])`).MatchString(text) {
					t.Errorf("%s: no --%s in %s", app.Name, match[1], name)
				}
			}
		}
	}
}

// A sub-command has a page of its own beside its command, and nothing else.
func TestSubCommand(t *testing.T) {
	t.Parallel()
	sub := &cli.App{
		Name: "permitload remove", Usage: "remove users", UsageText: "permitload remove FILE",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do not ask"}},
	}
	before := entries()
	all := files(append(before, entry{app: sub}))
	page := strings.ReplaceAll(all[filepath.Join("permitload", "permitload-remove.1")], `\-`, "-")
	for _, want := range []string{
		`.TH PERMITLOAD-REMOVE 1 `, "permitload-remove - remove users", `\fBpermitload remove FILE\fP`, `\fB--yes\fP`,
		`\fBa0export\fP(1), \fBa0tojsonl\fP(1), \fBpermitload\fP(1)`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	for name, text := range all {
		isPage := strings.HasSuffix(name, ".1")
		if names := strings.Contains(strings.ReplaceAll(text, `\-`, "-"), "permitload-remove"); names != isPage {
			t.Errorf("%s names the sub-command's page: %t, want %t", name, names, isPage)
		}
	}
	if len(all) != len(files(before))+1 {
		t.Errorf("%d files, want one more than %d", len(all), len(files(before)))
	}
}

// The shells that are here take the scripts, and complete what they should.
func TestCompletion(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../../cmd/permitload")
	if err != nil {
		t.Fatal(err)
	}
	for shell, tt := range map[string]struct{ script, want string }{
		"bash":               {`. ` + dir + `/permitload.bash; COMP_WORDS=(permitload --roles ''); COMP_CWORD=2; _permitload; echo ${COMPREPLY[*]}; COMP_WORDS=(permitload --dry); COMP_CWORD=1; _permitload; echo ${COMPREPLY[*]}`, "add replace\n--dry-run\n"},
		"bash, --flag=value": {`. ` + dir + `/permitload.bash; COMP_WORDS=(permitload --roles = re); COMP_CWORD=3; _permitload; echo ${COMPREPLY[*]}; COMP_WORDS=(permitload --roles =); COMP_CWORD=2; _permitload; echo ${COMPREPLY[*]}`, "replace\nadd replace\n"},
		"fish":               {`source ` + dir + `/permitload.fish; complete -C 'permitload --roles '; complete -C 'permitload --dry' | string replace -r '\t.*' ''`, "add\nreplace\n--dry-run\n"},
		"zsh":                {`zsh -n ` + dir + `/_permitload && fpath=(` + dir + ` $fpath); autoload -Uz compinit; compinit -u -D; autoload +X _permitload && functions _permitload | grep -c -e '--roles='`, "1\n"},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(strings.TrimSuffix(shell, ", --flag=value"))
			if err != nil {
				t.Skip(shell + " is not here")
			}
			cmd := exec.CommandContext(t.Context(), path, "-c", tt.script)
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
			out, err := cmd.Output()
			got := string(out)
			if shell == "fish" { // it tells what each value is for
				var values []string
				for line := range strings.Lines(got) {
					value, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
					values = append(values, value+"\n")
				}
				got = strings.Join(values, "")
			}
			if err != nil || got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// Help is a screen of a modern terminal, and no line of it is broken there.
func TestHelpFitsAScreen(t *testing.T) {
	t.Parallel()
	for _, app := range []func() *cli.App{a0export.App, a0tojsonl.App, permitload.App} {
		text := tool.Help(app())
		if n := strings.Count(text, "\n"); n > 60 {
			t.Errorf("%d lines:\n%s", n, text)
		}
		for line := range strings.Lines(text) {
			if len(line) > 101 {
				t.Errorf("%d columns: %s", len(line), line)
			}
		}
	}
}
