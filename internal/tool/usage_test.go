package tool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"a0permit/internal/tool"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"mistyped flag":        {"--domian", "acme"},
		"secret for no flag":   {"--token=s3cret"},
		"mistyped short":       {"-qx"},
		"flag without a value": {"--domain"},
		"not a number":         {"--number", "many"},
		"unknown log format":   {"--log-format", "xml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t.Context(), write("ran"), args...)
			if got.code != tool.BadUsage || got.out != "" {
				t.Errorf("run %q = %d with stdout %q, want 2 with none", args, got.code, got.out)
			}
			first, rest, _ := strings.Cut(got.errs, "\n")
			if !strings.HasPrefix(first, "demo: error: ") || !strings.HasPrefix(rest, "demo: hint: ") ||
				strings.Count(got.errs, "\n") != 2 {
				t.Errorf("stderr = %q, want an error and a hint", got.errs)
			}
			if strings.Contains(got.errs, "s3cret") {
				t.Errorf("stderr = %q, which shows the value", got.errs)
			}
		})
	}
}

// The error says what is wrong with a value, and the hint what to type.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--number many":                 `--number: "many" is not a whole number` + "\ndemo: hint: --number 7",
		"--number 99999999999999999999": `--number: "99999999999999999999" is too large`,
		"--share half":                  `--share: "half" is not a number` + "\ndemo: hint: --share VALUE",
		"--wait 5":                      `--wait: "5" has no unit` + "\ndemo: hint: --wait 5s",
		"--wait soon":                   `--wait: "soon" is not a duration` + "\ndemo: hint: --wait 2h",
	} {
		if got := run(t.Context(), write("ran"), strings.Fields(args)...); !strings.Contains(got.errs, "error: "+want+"\n") {
			t.Errorf("%s: want %q:\n%s", args, want, got.errs)
		}
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"--domian":     "did you mean --domain? ",
		"--summry":     "did you mean --summary? ",
		"--qiuet":      "did you mean --quiet? ",
		"--token_file": "did you mean --token-file? ",
		"--zzz":        "hint: see demo --help",
	} {
		got := run(t.Context(), write("ran"), typed, "x")
		if !strings.Contains(got.errs, want) || !strings.Contains(got.errs, "see demo --help") {
			t.Errorf("%s: %s", typed, got.errs)
		}
	}
}

// A summary is written even for a command line that makes no sense, unless another flag
// may name its file, too.
func TestSummaryOfBadUsage(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args    string // with PATH for the file
		written bool
	}{
		"before the mistake": {"--summary PATH --bogus", true},
		"behind it":          {"--bogus --summary=PATH", true},
		"by one dash":        {"--bogus -summary PATH", true},
		"a value that fails": {"--summary PATH --log-format xml", true},
		"named twice":        {"--bogus --output=PATH --summary PATH", false},
		"named nowhere":      {"--bogus --summary", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			summary := filepath.Join(t.TempDir(), "summary.json")
			var args []string
			for arg := range strings.FieldsSeq(tt.args) {
				args = append(args, strings.Replace(arg, "PATH", summary, 1))
			}
			if got := run(t.Context(), write("ran"), args...); got.code != tool.BadUsage {
				t.Errorf("exit %d", got.code)
			}
			text, err := os.ReadFile(summary)
			if written := err == nil && strings.Contains(string(text), `"exit_code": 2`); written != tt.written {
				t.Errorf("%s, %v; want it written: %t", text, err, tt.written)
			}
		})
	}
}
