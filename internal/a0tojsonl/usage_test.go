package a0tojsonl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"a0permit/internal/tool"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		{"--nonsense"},
		{"--rejects", "-"},
		{"--rejects", "x", "-o", "x"},
		{"--role-map", "-"},
		{"x.csv", "--strict"},
		{"-", "-"},
		{"--log-format", "xml"},
		{"-o", t.TempDir()},
	}
	for _, args := range tests {
		got := runOn(t, "user_id\n1\n", args...)
		if got.code != tool.BadUsage || got.out != "" || !strings.HasPrefix(got.err, "a0tojsonl: error: ") {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want exit 2 and an error", args, got.code, got.out, got.err)
		}
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	help := runOn(t, "", "--help")
	if help.code != tool.Done || help.err != "" ||
		!strings.Contains(help.out, "--role-map FILE") || strings.Count(help.out, "--help") != 1 {
		t.Errorf("--help: exit %d, stderr %q, stdout:\n%s", help.code, help.err, help.out)
	}
	if n := strings.Count(help.out, "\n"); n > 50 {
		t.Errorf("--help has %d lines; it should fit a screen", n)
	}
}

func TestUsageOfOptions(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		{"--attribute", "x:int"},
		{"--attribute", "=x"},
		{"--attribute", "x="},
		{"--attribute", ""},
		{"--attributes", "some"},
		{"--attributes", ""},
		{"--user-key", ""},
		{"--tenant-key", "slug"},
		{"--member-role", ""},
		{"--as-of", "yesterday"},
		{"--as-of", "2999-01-01T00:00:00Z"},
	}
	for _, args := range tests {
		got := runOn(t, "user_id\n1\n", args...)
		if got.code != tool.BadUsage || got.out != "" || !strings.Contains(got.err, "hint: ") {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want exit 2 and a hint", args, got.code, got.out, got.err)
		}
	}
}

// If two flags name the same file, it stays unchanged.
func TestOneFileForTwo(t *testing.T) {
	t.Parallel()
	for _, flags := range [][2]string{
		{"--rejects", "--summary"}, {"--output", "--summary"}, {"--output", "--rejects"},
	} {
		path := filepath.Join(t.TempDir(), "precious")
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := runOn(t, "user_id\n1\n", flags[0], path, flags[1], filepath.Dir(path)+"/./precious")
		if got.code != tool.BadUsage || !strings.Contains(got.err, "name the same file") {
			t.Errorf("%q: exit %d, %s", flags, got.code, got.err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
			t.Errorf("%q: the file holds %q, %v", flags, text, err)
		}
	}
}
