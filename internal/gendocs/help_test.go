package main

import (
	"strings"
	"testing"

	"a0permit/internal/tool"
)

// Help fits one screen: 60 lines of at most 101 columns.
func TestHelpFitsAScreen(t *testing.T) {
	t.Parallel()
	for _, e := range entries() {
		text := tool.Help(e.app)
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
