package tool_test

import (
	"testing"

	"a0permit/internal/tool"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		0: "0 users", 1: "1 user", 2: "2 users", 999: "999 users", 1000: "1,000 users",
		100000: "100,000 users", 1234567: "1,234,567 users",
	} {
		if got := tool.Count(n, "user"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
