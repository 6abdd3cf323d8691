package a0export

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

// What Auth0 wrote, byte for byte, and one column more.
func TestExport(t *testing.T) {
	t.Parallel()
	const (
		header = "user_id,email,given_name,family_name,provider"
		ann    = `"'auth0|ann","'ann@acme.example","'Ann ""Nan""","''t Hooft","'Username-Password-Authentication"`
		bob    = `"'samlp|acme|bob@acme.example","'bob@acme.example","'Bob,` + "\n" + `Jr.",,"'acme"`
		sms    = `"'sms|5f7c8ec7",,,,"'sms"`
	)
	withRoles := header + ",roles\n" + ann + `,"[""Admin"",""Viewer""]"` + "\n" + bob + `,"[""Viewer""]"` + "\n" + sms + ",[]\n"
	plain := `user_id,email,given_name,family_name,provider,roles
auth0|ann,ann@acme.example,"Ann ""Nan""",'t Hooft,Username-Password-Authentication,"[""Admin"",""Viewer""]"
samlp|acme|bob@acme.example,bob@acme.example,"Bob,
Jr.",,acme,"[""Viewer""]"
sms|5f7c8ec7,,,,sms,[]
`
	tests := []struct {
		name    string
		options auth0test.Options
		args    []string
		want    string
		summary string
	}{
		{"roles", auth0test.Options{}, nil, withRoles, "a0export: 3 users, 2 of them with roles, 3 roles in "},
		{"pages of 50", auth0test.Options{PageMax: 50}, nil, withRoles, "a0export: 3 users, 2 of them with roles, 3 roles in "},
		{"an older tenant", auth0test.Options{NoRoleType: true}, nil, withRoles, "a0export: 3 users, "},
		{"no roles", auth0test.Options{}, []string{"--no-roles"}, strings.Join([]string{header, ann, bob, sms, ""}, "\n"), "a0export: 3 users in "},
		{"ids that are not escaped", auth0test.Options{Plain: true}, nil, plain, "2 of them with roles"},
		{"CRLF and BOM", auth0test.Options{Plain: true, CRLF: true, BOM: true}, nil, "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(plain, "\n", "\r\n"), "Bob,\r\n", "Bob,\n"), "2 of them with roles"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, auth0test.New(small(), tt.options), tt.args...)
			r.expect(t, 0, tt.summary, "a0export: export job job_")
			if diff := cmp.Diff(tt.want, r.csv(t)); diff != "" {
				t.Errorf("CSV (-want +got):\n%s", diff)
			}
		})
	}
}

// Without roles nothing is asked about them, so the scope is not needed.
func TestNoRolesAsksForNone(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Scopes: []string{"read:users"}})
	run(t, s, "--no-roles").expect(t, 0)
	for _, call := range s.Calls() {
		if strings.Contains(call.Path, "roles") {
			t.Errorf("called %s", call.Path)
		}
	}
}

// A role of one organization is not held tenant-wide.
func TestOrganizationRolesStayBehind(t *testing.T) {
	t.Parallel()
	tenant := small()
	tenant.Roles[0].Type, tenant.Roles[1].Type = "organization", "tenant"
	r := run(t, auth0test.New(tenant, auth0test.Options{}))
	r.expect(t, 0, "3 users, 1 of them with roles, 2 roles")
	if got := r.csv(t); strings.Contains(got, "Viewer") || !strings.Contains(got, `,"[""Admin""]"`) {
		t.Errorf("CSV %s", got)
	}
}

func TestHoldersWhoAreNotInTheExport(t *testing.T) {
	t.Parallel()
	tenant := small()
	tenant.Roles[0].Members = append(tenant.Roles[0].Members, "auth0|new", "auth0|newer")
	tenant.Roles[1].Members = append(tenant.Roles[1].Members, "auth0|newer")
	s := auth0test.New(tenant, auth0test.Options{})
	run(t, s).expect(t, 0, "a0export: warning: 2 users with roles not in the export", "3 users, 2 of them with roles")
	r := run(t, auth0test.New(small(), auth0test.Options{}))
	if r.expect(t, 0); strings.Contains(r.errs, "not in the export") {
		t.Errorf("a warning of nothing: %s", r.errs)
	}
}

// Same tenant, same bytes but for the time; and that is the snapshot's.
func TestGzipTimeIsTheSnapshots(t *testing.T) {
	t.Parallel()
	s := auth0test.New(small(), auth0test.Options{Polls: 3})
	before := time.Now().Truncate(time.Second)
	r := run(t, s)
	r.expect(t, 0)
	z, err := gzip.NewReader(bytes.NewReader(r.out))
	if err != nil {
		t.Fatal(err)
	}
	if z.ModTime.Before(before) || z.ModTime.After(time.Now()) {
		t.Errorf("MTIME is %v, and the job was created at about %v", z.ModTime, before)
	}
	if z.Name != "" || z.Comment != "" {
		t.Errorf("the header tells %q, %q", z.Name, z.Comment)
	}
	again := run(t, s)
	if !bytes.Equal(r.out[8:], again.out[8:]) { // the time is bytes 4 to 7
		t.Error("a second run writes other bytes")
	}
}

func TestOutputFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "users.csv.gz")
	if err := os.WriteFile(path, []byte("the last one"), 0o600); err != nil {
		t.Fatal(err)
	}
	failed := run(t, auth0test.New(small(), auth0test.Options{JobStatus: "failed"}), "-o", path)
	failed.expect(t, 1, "a0export: error: ")
	if data, err := os.ReadFile(path); string(data) != "the last one" {
		t.Errorf("a failed run left %q, %v", data, err)
	}
	r := run(t, auth0test.New(small(), auth0test.Options{}), "--output", path)
	r.expect(t, 0)
	if len(r.out) > 0 {
		t.Errorf("stdout has %q as well", r.out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(unpack(t, data), "\n"); rows != 5 {
		t.Errorf("%d lines", rows)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if names, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(names) != 1 {
		t.Errorf("beside it lies %v, %v", names, err)
	}
	if names, err := filepath.Glob(filepath.Join(dir, ".*")); err != nil || len(names) != 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
}
