package e2e_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"a0permit/internal/permit/permittest"
)

// recordsOf returns records of users who hold one or two of three roles, and the state of
// Permit after they are loaded.
func recordsOf(users int) (records string, want permittest.State) {
	var b strings.Builder
	want.Tenants = []permittest.Tenant{{Key: "default", Name: "Default Tenant"}}
	roles := []string{"Admin", "Editor", "Viewer"}
	for _, r := range roles {
		want.Roles = append(want.Roles, permittest.Role{Key: r, Name: r})
	}
	for i := range users {
		u := permittest.User{Key: fmt.Sprintf("auth0|%06d", i), Email: fmt.Sprintf("u%d@acme.example", i)}
		want.Users = append(want.Users, u)
		held := roles[i%2 : 1+i%3]
		if len(held) == 0 {
			held = roles[2:]
		}
		var list []string
		for _, r := range held {
			want.Assignments = append(want.Assignments, permittest.Assignment{User: u.Key, Role: r, Tenant: "default"})
			list = append(list, fmt.Sprintf(`{"role":%q}`, r))
		}
		fmt.Fprintf(&b, `{"type":"user","key":%q,"email":%q,"role_assignments":[%s]}`+"\n",
			u.Key, u.Email, strings.Join(list, ","))
	}
	b.WriteString(`{"type":"end","complete":true}` + "\n")
	return b.String(), want
}

// permitloadAt returns a permitload that loads into the Permit at address and creates
// what is missing. Its TMPDIR is deleted after the test.
func permitloadAt(t *testing.T, address string, args ...string) *exec.Cmd {
	t.Helper()
	args = append([]string{"--api-url", address, "--create-missing", "yes"}, args...)
	cmd := exec.CommandContext(t.Context(), "permitload", args...)
	cmd.Env = append(os.Environ(), "PERMIT_API_KEY="+permittest.DefaultKey, "TMPDIR="+t.TempDir())
	return cmd
}

// noWaits are flags that let permitload call as often as it can.
var noWaits = []string{"--rate", "bulk=1000/1s", "--rate", "write=1000/1s", "--rate", "all=1000/1s"}

// readUntil returns what a terminal prints up to and including a text.
func readUntil(t *testing.T, terminal io.Reader, text string) string {
	t.Helper()
	var printed strings.Builder
	buf := make([]byte, 1)
	for !strings.HasSuffix(printed.String(), text) {
		if _, err := terminal.Read(buf); err != nil {
			t.Fatalf("%v after %q", err, printed.String())
		}
		printed.Write(buf)
	}
	return printed.String()
}
