package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is committed is what the flags say now.
func TestDrift(t *testing.T) {
	t.Parallel()
	for name, want := range files() {
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
	all := files()
	for _, tool := range []string{"a0export", "a0tojsonl", "permitload"} {
		man := strings.ReplaceAll(all[filepath.Join(tool, tool+".1")], `\-`, "-")
		for line := range strings.Lines(all[filepath.Join(tool, tool+".fish")]) {
			_, rest, ok := strings.Cut(line, " -l ")
			if !ok {
				continue
			}
			flag, _, _ := strings.Cut(rest, " ")
			for name, text := range map[string]string{"man page": man, "bash": all[filepath.Join(tool, tool+".bash")], "zsh": all[filepath.Join(tool, "_"+tool)]} {
				if !strings.Contains(text, "--"+flag) {
					t.Errorf("%s: no --%s in %s", tool, flag, name)
				}
			}
		}
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
		"bash": {`. ` + dir + `/permitload.bash; COMP_WORDS=(permitload --roles ''); COMP_CWORD=2; _permitload; echo ${COMPREPLY[*]}; COMP_WORDS=(permitload --dry); COMP_CWORD=1; _permitload; echo ${COMPREPLY[*]}`, "add replace\n--dry-run\n"},
		"fish": {`source ` + dir + `/permitload.fish; complete -C 'permitload --roles '; complete -C 'permitload --dry' | string replace -r '\t.*' ''`, "add\nreplace\n--dry-run\n"},
		"zsh":  {`fpath=(` + dir + ` $fpath); autoload -Uz compinit; compinit -u -D; whence -w _permitload`, "_permitload: function\n"},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(shell)
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
