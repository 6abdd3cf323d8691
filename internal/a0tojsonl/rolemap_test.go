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
		`|1,"[""Billing Viewer""]"` + "\n" +
		`|2,"[""Billing  Viewer""]"` + "\n" +
		`|3,"[""Billing  Viewer"",""!\""!""]"` + "\n" +
		`|4,"[""Billing Viewer"",""!\""!""]"` + "\n" +
		"|5,[]\n"
	got := runOn(t, in)
	want := `a0tojsonl: error: stdin: row 3, line 3: role "Billing  Viewer": ` +
		`its key would be "billing-viewer", which role "Billing Viewer" already has
a0tojsonl: hint: add this line to the file of --role-map: "Billing  Viewer",KEY
a0tojsonl: error: stdin: row 4, line 4: role "!\"!": its name has no character that Permit allows in a key
a0tojsonl: hint: add this line to the file of --role-map: "!""!",KEY
a0tojsonl: error: no usable key for 2 roles; 3 users left out
`
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Stopped {
		t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
	}
	if end := got.end(t); end.Complete || end.Reason != "no usable key for 2 roles; 3 users left out" || end.Users != 2 {
		t.Errorf("end = %+v", end)
	}

	roleMap := "auth0_role,permit_role\n\"Billing  Viewer\",bv\n\"!\"\"!\",bang\n"
	mapped := runOn(t, in, "--role-map", writeFile(t, roleMap))
	if end := mapped.end(t); mapped.code != tool.Done || end.Users != 5 || end.Roles != 3 {
		t.Errorf("with the lines of the hints: exit %d, end %+v, stderr %s", mapped.code, end, mapped.err)
	}
}

// Roles whose names give the same key are an error, unless the map keeps them apart. Each
// role is reported once, with the line to add to the map.
func TestRoleNamesThatMeet(t *testing.T) {
	t.Parallel()
	const clash = "a0tojsonl: error: stdin: row %d, line %[1]d: " +
		`role %s: its key would be %s, which role %s already has` + "\n" +
		`a0tojsonl: hint: add this line to the file of --role-map: %s,KEY` + "\n"
	users := func(names ...string) string {
		var in strings.Builder
		in.WriteString("user_id,roles\n")
		for i, name := range names {
			fmt.Fprintf(&in, "auth0|%d,\"[\"\"%s\"\"]\"\n", i, name)
		}
		return in.String()
	}
	tests := []struct{ name, in, roleMap, want string }{
		{"apart by their letters", users("Admin", "admin", "app:read", "null"), "", ""},
		{"apart by the map", users("Admin", "admin", "a b", "a-b"), "Admin,head-of-all\na b,ab\n", ""},
		{"one by the map", users("Admin", "admin"), "Admin,admin\nadmin,admin\n", ""},
		{
			"a blank", users("admin", " admin ", "admin", " admin "), "",
			fmt.Sprintf(clash, 3, `" admin "`, `"admin"`, `"admin"`, `" admin "`),
		},
		{
			"a comma", users("a b", "a, b"), "",
			fmt.Sprintf(clash, 3, `"a, b"`, `"a-b"`, `"a b"`, `"a, b"`),
		},
		{
			"only one by the map", users("Admin", "admin"), "Admin,admin\n",
			fmt.Sprintf(clash, 3, `"admin"`, `"admin"`, `"Admin"`, `"admin"`),
		},
		{
			"only one by the map, and last", users("admin", "Admin"), "Admin,admin\n",
			`a0tojsonl: error: stdin: row 3, line 3: role "Admin": --role-map gives it the key "admin", ` +
				`which role "admin" already has` + "\n" +
				`a0tojsonl: hint: add this line to the file of --role-map: "admin",KEY` + "\n",
		},
		{
			"nothing left", users("\U0001F680"), "",
			"a0tojsonl: error: stdin: row 2, line 2: role \"\U0001F680\": " +
				"its name has no character that Permit allows in a key\n" +
				"a0tojsonl: hint: add this line to the file of --role-map: \"\U0001F680\",KEY\n",
		},
		{
			"characters that nobody types", users("a", "a\u202e"), "",
			fmt.Sprintf(clash, 3, `"a\u202e"`, `"a"`, `"a"`, "ROL_ID (a0export roles lists the ids)"),
		},
		{
			"the same, with their ids", "role_id,name\nrol_1,a\nrol_2,a\u200b\n", "",
			fmt.Sprintf(clash, 3, `"a\u200b"`, `"a"`, `"a"`, "rol_2"),
		},
		{
			"two of one name", "role_id,name\nrol_1,a\nrol_1,a\nrol_2,a\n", "",
			"a0tojsonl: error: stdin: row 4, line 4: role \"a\" (id \"rol_2\"): another role has the same name\n" +
				"a0tojsonl: hint: convert the tables of each Auth0 tenant separately, " +
				"and use --role-map to keep their roles apart\n",
		},
		{"two of one name, one by the map", "role_id,name\nrol_1,a\nrol_2,a\n", "rol_1,b\nrol_2,b\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var args []string
			if tt.roleMap != "" {
				args = []string{"--role-map", writeFile(t, "auth0_role,permit_role\n"+tt.roleMap)}
			}
			got := runOn(t, tt.in, args...)
			said, _, _ := strings.Cut(got.messages(), "a0tojsonl: error: no usable key for 1 role")
			if diff := cmp.Diff(tt.want, said); diff != "" || (got.code == tool.Stopped) != (tt.want != "") {
				t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
			}
			_, line, found := strings.Cut(tt.want, "the file of --role-map: ")
			if !found || strings.HasPrefix(line, "ROL_ID") {
				return
			}
			line = strings.Replace(line, ",KEY", ",a-key-of-its-own", 1)
			mended := runOn(t, tt.in, "--role-map", writeFile(t, "auth0_role,permit_role\n"+tt.roleMap+line))
			if mended.code != tool.Done || !strings.Contains(mended.out, `"key":"a-key-of-its-own"`) {
				t.Errorf("with the line of the hint: exit %d, %s%s", mended.code, mended.out, mended.err)
			}
		})
	}
}

func TestRoleMap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		err        string // "" means no error
	}{
		{"fine", "permit_role,auth0_role,note\r\nx,Admin,\r\n", ""},
		{"byte order mark", "\ufeffauth0_role,permit_role\nAdmin,x\n", ""},
		{"empty", "", "is empty"},
		{"blank", "\n", "no header line"},
		{"no column", "auth0_role,permit\n", "no column permit_role"},
		{"two columns", "auth0_role,permit_role,auth0_role\n", "the header has the column auth0_role twice"},
		{"ragged", "auth0_role,permit_role\na\n", "line 2: wrong number of cells: 1 in place of 2"},
		{"no role", "auth0_role,permit_role\n,x\n", "line 2: auth0_role is empty"},
		{"no key", "auth0_role,permit_role\na,\n", "line 2: permit_role: the key is missing"},
		{
			"key", "auth0_role,permit_role\na,b c\n",
			"line 2: permit_role: role key: Permit allows only letters, digits, - and _",
		},
		{"twice", "auth0_role,permit_role\na,b\nc,d\na,b\n", `line 4: "a" is already on line 2`},
		{"quote", "auth0_role,permit_role\na\"b,c\n", `row 2, line 2, column 2: a " in a cell that is not in quotes`},
		{"JSON", `{"a":"b"}`, "not CSV: it looks like JSON"},
		{"semicolons", "permit_role;auth0_role\nx;Admin\n", "the cells are separated by semicolons, not by commas"},
		{"CR", "auth0_role,permit_role\rAdmin,x\r", "line 1: a CR in the middle of the row, which may be two rows in one"},
		{"CR in a row", "auth0_role,permit_role\nA,x\rB,y\n", "line 2: a CR in the middle of the row"},
		{"NUL", "auth0_role,permit_role\nAdmin\x00,x\n", "line 2: a NUL byte"},
		{"too long", "auth0_role,permit_role\n" + strings.Repeat("\n", 16<<20), "longer than 16 MiB"},
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
			said := strings.Contains(got.err, tt.err+"\n") || strings.Contains(got.err, tt.err+": ") ||
				strings.Contains(got.err, tt.err+", ")
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
