package a0export

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

// users is the default, and flags stand before it or after it.
func TestUsersIsTheDefault(t *testing.T) {
	t.Parallel()
	address, stop := auth0test.New(small(), auth0test.Options{}).Start()
	t.Cleanup(stop)
	flags := []string{"--domain", address, "--token-file", tokenFile(t), "--poll-interval", "1ms", "--no-roles"}
	for name, args := range map[string][]string{
		"alone":            flags,
		"after":            append([]string{"users"}, flags...),
		"before":           append(slices.Clip(flags), "users"),
		"between":          append([]string{"--no-roles", "users"}, flags...),
		"among short ones": append([]string{"-vo", "-", "users"}, flags...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runOnly(t.Context(), args...)
			r.expect(t, 0, "3 users in ")
			if got := r.csv(t); !strings.HasPrefix(got, "user_id,email,given_name,family_name,provider\n") {
				t.Errorf("CSV %s", got)
			}
		})
	}
}

// A file may have the name.
func TestFileCalledUsers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users")
	run(t, auth0test.New(small(), auth0test.Options{}), "-o", path, "users").expect(t, 0)
	if data, err := os.ReadFile(path); err != nil || !whole(data) {
		t.Errorf("file %q, %v", data, err)
	}
}

// What was mistyped is said on stderr, and nothing is sent.
func TestUsage(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{})
	dir := t.TempDir()
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"an argument", []string{"people"}, []string{`error: there is no table "people"`, "hint: it takes users, roles, organizations or connections"}},
		{"an argument after the name", []string{"users", "people"}, []string{`there is no table`}},
		{"an unknown flag", []string{"--bogus"}, []string{"error: there is no flag --bogus", "hint: see a0export --help"}},
		{"no interval", []string{"--poll-interval", "0s"}, []string{"error: --poll-interval must be more than 0", "hint: --poll-interval 10s"}},
		{"a negative interval", []string{"--poll-interval", "-1s"}, []string{"error: --poll-interval must be more than 0"}},
		{"no duration", []string{"--poll-interval", "soon"}, []string{"error: --poll-interval: \"soon\" is not a value it takes"}},
		{"http elsewhere", []string{"--domain", "http://acme.eu.auth0.com"}, []string{"error: AUTH0_DOMAIN: ", "http:// is for this machine only", "hint: export AUTH0_DOMAIN="}},
		{"a user in the address", []string{"--domain", "https://me:secret@acme.eu.auth0.com"}, []string{"it must hold no user"}},
		{"no such token file", []string{"--token-file", filepath.Join(dir, "none")}, []string{"error: --token-file: "}},
		{"an output in no directory", []string{"-o", filepath.Join(dir, "none", "users.csv.gz")}, []string{"error: ", "none"}},
		{"an output that is a directory", []string{"-o", dir}, []string{"is a directory", "hint: name a file in it"}},
		{"an unknown log format", []string{"--log-format", "xml"}, []string{`"xml" is not one of text, json`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, s, tt.args...)
			r.expect(t, 2, tt.want...)
			if len(r.out) > 0 || strings.Contains(r.errs, "secret") {
				t.Errorf("stdout %q, stderr %s", r.out, r.errs)
			}
			if calls := s.Calls(); len(calls) > 0 {
				t.Errorf("called %s", calls[0].Path)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	r := runOnly(t.Context(), "--help")
	r.expect(t, 0)
	for _, part := range []string{"a0export [users] [flags]", "a0export roles | organizations | connections", "--field NAME[=COLUMN]", "--no-roles", "--output", "AUTH0_DOMAIN", "read:role_members", "EXIT STATUS", "130, 143"} {
		if !strings.Contains(string(r.out), part) {
			t.Errorf("help lacks %q:\n%s", part, r.out)
		}
	}
	if r := runOnly(t.Context(), "--version"); r.code != 0 || !strings.HasPrefix(string(r.out), "a0export ") {
		t.Errorf("exit code %d: %s", r.code, r.out)
	}
}

// A master of a pseudo terminal is a terminal too.
func TestTerminalIsRefused(t *testing.T) {
	t.Parallel()
	tty, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("there are no pseudo terminals here")
	}
	defer tty.Close() //nolint:errcheck // nothing is in it
	s := auth0test.New(small(), auth0test.Options{})
	address, stop := s.Start()
	defer stop()
	args := []string{"a0export", "--domain", address, "--token-file", tokenFile(t), "--poll-interval", "1ms"}
	var errs strings.Builder
	if code := Run(t.Context(), args, nil, tty, &errs); code != 2 || len(s.Calls()) > 0 {
		t.Errorf("exit code %d, %d calls", code, len(s.Calls()))
	}
	want := "a0export: error: stdout is a terminal, and gzip is nothing to read\n" +
		"a0export: hint: a0export > users.csv.gz, or -o users.csv.gz (-o - forces it)\n"
	if diff := cmp.Diff(want, errs.String()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	path := filepath.Join(t.TempDir(), "users.csv.gz")
	for _, output := range []string{path, "-"} {
		if code := Run(t.Context(), append(args, "-o", output), nil, tty, &errs); code != 0 {
			t.Errorf("-o %s: exit code %d: %s", output, code, errs.String())
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options auth0test.Options
		args    []string
		want    map[string]any
	}{
		{"done", auth0test.Options{}, nil, map[string]any{
			"command": "users", "organizations": 0., "members": 0., "users": 3., "roles": 3., "role_holders": 2., "job": "JOB", "complete": true, "exit_code": 0.,
		}},
		{"failed", auth0test.Options{JobStatus: "failed"}, nil, map[string]any{
			"command": "users", "organizations": 0., "members": 0., "users": 0., "roles": 3., "role_holders": 0., "job": "JOB", "complete": false, "exit_code": 1.,
			"error": "export job JOB: failed",
		}},
		{"refused", auth0test.Options{Token: "another"}, nil, map[string]any{
			"command": "users", "organizations": 0., "members": 0., "users": 0., "roles": 0., "role_holders": 0., "complete": false, "exit_code": 1.,
			"error": "GET /api/v2/roles: 401 Unauthorized: Invalid token",
		}},
		{"mistyped", auth0test.Options{}, []string{"people"}, map[string]any{
			"exit_code": 2., "error": `there is no table "people"`,
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
			if err := json.Unmarshal([]byte(jobID.ReplaceAllString(string(data), "JOB")), &got); err != nil {
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
