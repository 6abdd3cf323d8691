package tool_test

import (
	"bytes"
	"regexp"
	"runtime"
	"testing"

	"a0permit/internal/tool"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^\S+ \(commit \S+, ` + regexp.QuoteMeta(runtime.Version()) + `\)$`)
	if got := tool.Version(); !form.MatchString(got) {
		t.Errorf("Version = %q, want %s", got, form)
	}
	check(t, run(t.Context(), write("ran"), "-q", "--version"), result{out: "demo " + tool.Version() + "\n"})
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	var none bytes.Buffer
	if got := tool.New("demo", &none, &none, &none).UserAgent(); !regexp.MustCompile(`^demo/[^ ]+$`).MatchString(got) {
		t.Errorf("UserAgent = %q, want demo/VERSION", got)
	}
}
