package a0tojsonl_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

func TestRoleCollisions(t *testing.T) {
	t.Parallel()
	const in = "user_id,roles\n" +
		`1,"[""Billing Viewer""]"` + "\n" +
		`2,"[""Billing  Viewer""]"` + "\n" +
		`3,"[""Billing  Viewer"",""!\""!""]"` + "\n" +
		`4,"[""Billing Viewer"",""!\""!""]"` + "\n" +
		"5,[]\n"
	got := runOn(t, in)
	want := `a0tojsonl: error: stdin: row 3, line 3: role "Billing  Viewer": ` +
		`its key would be "billing-viewer", which role "Billing Viewer" has already
a0tojsonl: hint: --role-map FILE with the line: "Billing  Viewer",KEY
a0tojsonl: error: stdin: row 4, line 4: role "!\"!": no letter of its name can stand in a key
a0tojsonl: hint: --role-map FILE with the line: "!""!",KEY
a0tojsonl: error: 2 roles without a key: 3 users left out
`
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Stopped {
		t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
	}
	if end := got.end(t); end.Complete || end.Reason != "2 roles without a key: 3 users left out" || end.Users != 2 {
		t.Errorf("end = %+v", end)
	}

	roleMap := "auth0_role,permit_role\n\"Billing  Viewer\",bv\n\"!\"\"!\",bang\n"
	mapped := runOn(t, in, "--role-map", writeFile(t, roleMap))
	if end := mapped.end(t); mapped.code != tool.Done || end.Users != 5 || end.Roles != 3 {
		t.Errorf("with the lines of the hints: exit %d, end %+v, stderr %s", mapped.code, end, mapped.err)
	}
}

// manyRoles returns so many lines of a role map.
func manyRoles(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "r%d,r%d\n", i, i)
	}
	return b.String()
}

func TestRoleMap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		err        string // "" when it is fine
	}{
		{"fine", "permit_role,auth0_role,note\r\nx,Admin,\r\n", ""},
		{"byte order mark", "\ufeffauth0_role,permit_role\nAdmin,x\n", ""},
		{"empty", "", "is empty"},
		{"blank", "\n", "no header"},
		{"no column", "auth0_role,permit\n", "no column permit_role"},
		{"two columns", "auth0_role,permit_role,auth0_role\n", "two columns auth0_role"},
		{"ragged", "auth0_role,permit_role\na\n", "line 2: 1 cells under a header of 2"},
		{"no role", "auth0_role,permit_role\n,x\n", "line 2: no auth0_role"},
		{"endless", "auth0_role,permit_role\n" + manyRoles(100_001), "more than 100,000 roles"},
		{"no key", "auth0_role,permit_role\na,\n", "line 2: permit_role: no key"},
		{
			"key", "auth0_role,permit_role\na,b c\n",
			"line 2: permit_role: role key: Permit takes only letters, digits, - and _",
		},
		{"twice", "auth0_role,permit_role\na,b\nc,d\na,b\n", `line 4: "a" has a key since line 2`},
		{"quote", "auth0_role,permit_role\na\"b,c\n", `row 2, line 2, column 2: bare " in non-quoted-field`},
		{"JSON", `{"a":"b"}`, "not CSV: it looks like JSON"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, "user_id,roles\n1,\"[\"\"Admin\"\"]\"\n", "--role-map", writeFile(t, tt.file))
			if tt.err == "" {
				if got.code != tool.Done || !strings.Contains(got.out, `[{"role":"x"}]`) {
					t.Errorf("exit %d, stdout %s, stderr %s", got.code, got.out, got.err)
				}
				return
			}
			said := strings.Contains(got.err, tt.err+"\n") || strings.Contains(got.err, tt.err+": ")
			if got.code != tool.BadUsage || got.out != "" || !said || !strings.Contains(got.err, "hint: ") {
				t.Errorf("exit %d, stdout %q, stderr %s; want exit 2 and %q with a hint",
					got.code, got.out, got.err, tt.err)
			}
		})
	}
	missing := runOn(t, "user_id\n1\n", "--role-map", filepath.Join(t.TempDir(), "no"))
	if missing.code != tool.BadUsage || missing.out != "" {
		t.Errorf("a missing file: exit %d, stdout %q", missing.code, missing.out)
	}
}
