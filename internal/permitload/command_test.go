package permitload

import (
	"strings"
	"testing"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// Hints of remove never lead into a load, nor the other way round.
func TestHintsNameTheCommand(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"--remove gone.jsonl":     "hint: remove is a command: permitload remove; see permitload remove --help",
		"remove nosuch.jsonl":     "hint: nosuch.jsonl is read as the name of a file; see permitload remove --help",
		"nosuch.jsonl":            "hint: nosuch.jsonl is read as the name of a file; see permitload --help",
		"load nosuch.jsonl":       "hint: nosuch.jsonl is read as the name of a file; see permitload --help",
		"FILE remove":             "hint: remove is a command, and comes before the files: permitload remove FILE",
		"remove --verify x.jsonl": "there is no flag --verify",
	} {
		srv := permittest.New(permittest.Options{})
		typed = strings.Replace(typed, "FILE", writeFile(t, "records.jsonl", endLine), 1)
		got := run(t, srv, "", strings.Fields(typed)...)
		if got.code == tool.Done || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: exit code %d, want %q:\n%s", typed, got.code, want, got.stderr)
		}
	}
}
