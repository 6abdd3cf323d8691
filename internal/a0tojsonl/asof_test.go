package a0tojsonl_test

import (
	"testing"
	"time"
)

func TestAsOf(t *testing.T) {
	t.Parallel()
	early, late := "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
	at, err := time.Parse(time.RFC3339, "2026-01-15T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	packed := compress(t, at, "user_id\n1\n")
	tests := []struct{ in, flag, want string }{
		{"user_id\n1\n", "", ""},
		{"user_id\n1\n", early, early},
		{"user_id\n1\n", "2026-01-01T02:00:00+02:00", early},
		{packed, "", "2026-01-15T00:00:00Z"},
		{packed, early, early}, // the oldest counts
		{packed, late, "2026-01-15T00:00:00Z"},
	}
	for _, tt := range tests {
		var args []string
		if tt.flag != "" {
			args = []string{"--as-of", tt.flag}
		}
		if end := runOn(t, tt.in, args...).end(t); end.AsOf != tt.want {
			t.Errorf("--as-of %q: as_of %q, want %q", tt.flag, end.AsOf, tt.want)
		}
	}
}
