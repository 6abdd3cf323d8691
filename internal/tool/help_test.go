package tool_test

import (
	"strings"
	"testing"

	"a0permit/internal/tool"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"-h"}, {"-qh"}, {"-q", "--domain", "acme", "--help", "file"}} {
		got := run(t.Context(), write("acted"), args...)
		if got.code != tool.Done || got.errs != "" {
			t.Errorf("%q = %d with stderr %q, want 0 with none", args, got.code, got.errs)
		}
		for _, want := range []string{
			"demo - shows how\n", "demo [FILE...]\n", "--domain VALUE", "[$DEMO_DOMAIN] [$DEMO_HOST]",
			"-o, --output FILE", "--token-file FILE", "--summary FILE", "--log-format text|json",
			"-q, --quiet", "-v, --verbose", "--version", "-h, --help",
			"More of it.\n", "EXIT STATUS\n", "130, 143  interrupted (141: nobody reads the output)\n",
		} {
			if !strings.Contains(got.out, want) {
				t.Errorf("%q lacks %q:\n%s", args, want, got.out)
			}
		}
		if strings.Contains(got.out, "acted") || strings.Contains(got.out, "default: false") {
			t.Errorf("%q = %s", args, got.out)
		}
	}
}
