package permittest_test

import (
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestErrorDetailsIDs(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	seen := map[string]bool{}
	for range 3 {
		var e map[string]any
		do(t, s, "GET F/users/nobody", "").decode(t, &e)
		for _, field := range []string{"id", "title", "error_code", "message", "support_link"} {
			if v, _ := e[field].(string); v == "" {
				t.Errorf("%s is missing in %v", field, e)
			}
		}
		if _, ok := e["additional_info"]; !ok {
			t.Errorf("additional_info is missing in %v", e)
		}
		// What Permit's CLI looks for in the message.
		if m := e["message"].(string); !strings.Contains(m, "could not find 'User'") || !strings.Contains(m, "id='nobody'") {
			t.Errorf("message %q", m)
		}
		seen[e["id"].(string)] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d request ids in 3 answers", len(seen))
	}
}
