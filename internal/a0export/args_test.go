package a0export

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"a0permit/internal/auth0/auth0test"
)

// users is the default command. Flags may come before or after it.
func TestUsersIsTheDefault(t *testing.T) {
	t.Parallel()
	args := append(serve(t, auth0test.New(small(), auth0test.Options{})), "--no-roles")
	for name, args := range map[string][]string{
		"alone":            args,
		"after":            append([]string{"users"}, args...),
		"before":           append(slices.Clip(args), "users"),
		"between":          append([]string{"--no-roles", "users"}, args...),
		"among short ones": append([]string{"-vo", "-", "users"}, args...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := runCommand(t.Context(), args...)
			r.expect(t, 0, "3 users in ")
			if got := r.csv(t); !strings.HasPrefix(got, "user_id,email,given_name,family_name,provider\n") {
				t.Errorf("CSV %s", got)
			}
		})
	}
}

// A file may have the name of a command.
func TestFileCalledUsers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users")
	run(t, auth0test.New(small(), auth0test.Options{}), "-o", path, "users").expect(t, 0)
	if data, err := os.ReadFile(path); err != nil || !isWhole(data) {
		t.Errorf("file %q, %v", data, err)
	}
}

// A usage error is printed on stderr, and no call is made.
func TestUsage(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{})
	dir := t.TempDir()
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{
			"an argument",
			[]string{"people"},
			[]string{
				`error: unknown command "people"`,
				"hint: a0export takes users, roles, apis, organizations, connections, all or check",
			},
		},
		{"an argument after the name", []string{"users", "people"}, []string{`unknown command "people"`}},
		{
			"an unknown flag",
			[]string{"--bogus"},
			[]string{"error: there is no flag --bogus", "hint: see a0export --help"},
		},
		{
			"no interval",
			[]string{"--poll-interval", "0s"},
			[]string{"error: --poll-interval must be more than 0", "hint: --poll-interval 10s"},
		},
		{
			"a negative interval",
			[]string{"--poll-interval", "-1s"},
			[]string{"error: --poll-interval must be more than 0"},
		},
		{
			"no duration",
			[]string{"--poll-interval", "soon"},
			[]string{"error: --poll-interval: \"soon\" is not a duration"},
		},
		{
			"http elsewhere",
			[]string{"--domain", "http://acme.eu.auth0.com"},
			[]string{
				"error: AUTH0_DOMAIN: refusing to send a token over http://; use https://acme.eu.auth0.com\n",
				"hint: export AUTH0_DOMAIN=acme.eu.auth0.com\n",
			},
		},
		{
			"a user in the address",
			[]string{"--domain", "https://me:secret@acme.eu.auth0.com"},
			[]string{"there must be no user"},
		},
		{"no such token file", []string{"--token-file", filepath.Join(dir, "none")}, []string{"error: --token-file: "}},
		{
			"an output in no directory",
			[]string{"-o", filepath.Join(dir, "none", "users.csv.gz")},
			[]string{"error: ", "none"},
		},
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

func TestFlagsOfUsersOnly(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{})
	tenant := serve(t, s)[:4] // without --poll-interval, which these commands do not take
	for _, tt := range []struct{ args, want string }{
		{"roles --organizations", "--organizations is for a0export users and a0export all, not for a0export roles"},
		{"--field x connections", "--field is for a0export users and a0export all, not for a0export connections"},
		{"--job job_1", `--job: "job_1" is not a job id`},
		{"--connection acme", `--connection: "acme" is not a connection id`},
		{"--limit 0", "--limit must be 1 or more"},
		{"--source file", `--source: "file" is not one of auto, job, search`},
		{"--max-rps 0", "--max-rps must be between 0.001 and 1000"},
		{"--job job_0123456789abcdef --limit 3", "--limit cannot change a job that has been started"},
		{"--job job_0123456789abcdef --source search", "--job and --source search cannot be combined"},
		{"--field roles", "the column name roles is reserved"},
		{"--field app_metadata.orgs=organizations", "the column name organizations is reserved"},
		{"users --permissions", "--permissions is for a0export roles, not for a0export users"},
		{"apis --permissions", "--permissions is for a0export roles, not for a0export apis"},
		{"all --permissions", "a0export all always exports permissions"},
		{"roles --no-groups", "--no-groups is for a0export users and a0export all, not for a0export roles"},
		{"--field x=resource_server_id", "the column name resource_server_id is reserved"},
		{"--field x=role_id", "the column name role_id is reserved"},
		{"--field email", "the export already has a column email"},
		{"--field x=provider", "the export already has a column provider"},
		{"--field a --field b=a", "the export already has a column a"},
		{"--field =x", "has an empty name"},
		{"--field x=", "has an empty name"},
		{"--field " + strings.Repeat("x", 101), "Auth0 takes at most 100 characters"},
		{"--field x --field y" + manyFields(24), "31 columns are too many: Auth0 exports at most 30"},
	} {
		runCommand(t.Context(), append(strings.Fields(tt.args), tenant...)...).expect(t, 2, tt.want, "a0export: hint: ")
	}
	if calls := s.Calls(); len(calls) > 0 {
		t.Errorf("called %s", calls[0].Path)
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	r := runCommand(t.Context(), "--help")
	r.expect(t, 0)
	for _, part := range []string{
		"a0export [users] [flags]", "a0export roles | apis | organizations | connections", "--field NAME[=COLUMN]",
		"--no-roles", "--output", "AUTH0_DOMAIN", "read:role_members", "EXIT STATUS", "130, 143",
	} {
		if !strings.Contains(string(r.out), part) {
			t.Errorf("help lacks %q:\n%s", part, r.out)
		}
	}
	if r := runCommand(t.Context(), "--version"); r.code != 0 || !strings.HasPrefix(string(r.out), "a0export ") {
		t.Errorf("exit code %d: %s", r.code, r.out)
	}
}
