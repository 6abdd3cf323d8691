package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	defenceRow = regexp.MustCompile(`(?m)^\| .+ \| .+ \| (.+) \|$`)
	quotedName = regexp.MustCompile("`(.+?)`")
	testName   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)\w+)\(`)
)

// Each row under "What is defended" names tests, scripts or files that exist.
func TestSecurityTable(t *testing.T) {
	t.Parallel()
	exists := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, match := range testName.FindAllStringSubmatch(string(text), -1) {
			exists[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## What is defended\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows := defenceRow.FindAllStringSubmatch(section, -1)[1:] // without the header
	if len(rows) < 30 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		names := quotedName.FindAllStringSubmatch(row[1], -1)
		if len(names) == 0 {
			t.Errorf("nothing shows it: %s", row[0])
		}
		for _, match := range names {
			path := filepath.Join("../..", match[1])
			if strings.HasSuffix(path, ".txtar") {
				path = filepath.Join("testdata", match[1])
			}
			if _, err := os.Stat(path); err != nil && !exists[match[1]] {
				t.Errorf("SECURITY.md names %s, which is not there", match[1])
			}
		}
	}
}
