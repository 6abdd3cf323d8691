package a0export

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

func TestSummary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options auth0test.Options
		args    []string
		want    map[string]any
	}{
		{"done", auth0test.Options{}, nil, map[string]any{
			"command": "users", "organizations": 0., "members": 0., "users": 3., "roles": 3., "role_holders": 2.,
			"job": "JOB", "complete": true, "exit_code": 0.,
		}},
		{"failed", auth0test.Options{JobStatus: "failed"}, nil, map[string]any{
			"command": "users", "organizations": 0., "members": 0., "users": 0., "roles": 3., "role_holders": 0.,
			"job": "JOB", "complete": false, "exit_code": 1.,
			"error": "export job JOB: failed",
		}},
		{"refused", auth0test.Options{Token: "another"}, nil, map[string]any{
			"command": "users", "organizations": 0., "members": 0., "users": 0., "roles": 0., "role_holders": 0.,
			"complete": false, "exit_code": 1.,
			"error": "GET /api/v2/roles: 401 Unauthorized: Invalid token",
		}},
		{"mistyped", auth0test.Options{}, []string{"people"}, map[string]any{
			"exit_code": 2., "error": `unknown command "people"`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "summary.json")
			r := run(t, auth0test.New(small(), tt.options), append([]string{"--summary", path}, tt.args...)...)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			if err := json.Unmarshal([]byte(maskJobID(string(data))), &got); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{"version", "started", "elapsed_seconds"} {
				if got[name] == nil {
					t.Errorf("no %s", name)
				}
				delete(got, name)
			}
			tt.want["tool"] = "a0export"
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			if got["exit_code"] != float64(r.code) {
				t.Errorf("exit code %d", r.code)
			}
		})
	}
}
