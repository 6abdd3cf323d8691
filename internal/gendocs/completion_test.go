package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Each shell that is installed accepts its script and completes as expected.
func TestCompletion(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs("../../cmd/permitload")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ shell, script, want string }{
		"bash": {
			"bash", `. ` + dir + `/permitload.bash
				COMP_WORDS=(permitload --roles ''); COMP_CWORD=2; _permitload; echo ${COMPREPLY[*]}
				COMP_WORDS=(permitload --dry); COMP_CWORD=1; _permitload; echo ${COMPREPLY[*]}
				cd ` + dir + `
				COMP_WORDS=(permitload rem); COMP_CWORD=1; _permitload; echo ${COMPREPLY[*]}
				COMP_WORDS=(permitload remove mai); COMP_CWORD=2; _permitload; echo ${COMPREPLY[*]}`,
			"add replace\n--dry-run\nremove\nmain.go\n",
		},
		"bash, --flag=value": {
			"bash", `. ` + dir + `/permitload.bash
				COMP_WORDS=(permitload --roles = re); COMP_CWORD=3; _permitload; echo ${COMPREPLY[*]}
				COMP_WORDS=(permitload --roles =); COMP_CWORD=2; _permitload; echo ${COMPREPLY[*]}`,
			"replace\nadd replace\n",
		},
		"fish": {
			"fish", `source ` + dir + `/permitload.fish
				complete -C 'permitload --roles '
				complete -C 'permitload --dry' | string replace -r '\t.*' ''`,
			"add\nreplace\n--dry-run\n",
		},
		"zsh": {
			"zsh", `zsh -n ` + dir + `/_permitload && fpath=(` + dir + ` $fpath)
				autoload -Uz compinit; compinit -u -D
				autoload +X _permitload && functions _permitload | grep -c -e '--roles='`,
			"1\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(tt.shell)
			if err != nil {
				t.Skip(tt.shell + " is not installed")
			}
			cmd := exec.CommandContext(t.Context(), path, "-c", tt.script)
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
			out, err := cmd.Output()
			got := string(out)
			if tt.shell == "fish" {
				got = removeDescriptions(got)
			}
			if err != nil || got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// removeDescriptions removes what fish prints after each value.
func removeDescriptions(out string) string {
	var values strings.Builder
	for line := range strings.Lines(out) {
		value, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		values.WriteString(value + "\n")
	}
	return values.String()
}
