package a0tojsonl_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in, line string
		want     map[string]any
	}{
		{
			"user_id\n" + strings.Repeat("u\n", 2000) + "a b\n",
			"a0tojsonl: 2,000 users, 0 roles, 0 tenants, 1 rejected in ",
			map[string]any{
				"users": 2000.0, "roles": 0.0, "tenants": 0.0, "rejected": 1.0, "complete": true, "exit_code": 3.0,
			},
		},
		{
			"user_id\nu\n\"",
			"a0tojsonl: 1 user, 0 roles, 0 tenants, 0 rejected (incomplete) in ",
			map[string]any{
				"users": 1.0, "roles": 0.0, "tenants": 0.0, "rejected": 0.0, "complete": false, "exit_code": 1.0,
			},
		},
	} {
		path := filepath.Join(t.TempDir(), "summary.json")
		got := runOn(t, tt.in, "--summary", path)
		if !strings.Contains(got.err, tt.line) {
			t.Errorf("stderr lacks %q:\n%s", tt.line, got.err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		for name, want := range tt.want {
			if fields[name] != want {
				t.Errorf("summary: %s = %v, want %v", name, fields[name], want)
			}
		}
	}
}
