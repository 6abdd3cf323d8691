package a0tojsonl_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

const (
	rolesHeader = "role_id,name,permissions\n"
	apisHeader  = "resource_server_id,identifier,name,rbac,permissions\n"
)

// quoted returns a CSV cell in quotes.
func quoted(cell string) string { return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"` }

// apiRow returns a row of an apis table, with RBAC on.
func apiRow(identifier, name string, permissions ...string) string {
	list := []map[string]string{}
	for _, p := range permissions {
		list = append(list, map[string]string{"value": p, "description": "d of " + p})
	}
	return fmt.Sprintf("5f7c8ec7,%s,%s,true,%s\n", quoted(identifier), quoted(name), quoted(toJSON(list)))
}

// roleRow returns a row of a roles table. A permission is the identifier of an API, a space
// and a name.
func roleRow(id, name string, permissions ...string) string {
	list := []map[string]string{}
	for _, p := range permissions {
		api, name, _ := strings.Cut(p, " ")
		list = append(list, map[string]string{"resource_server_identifier": api, "permission_name": name})
	}
	return fmt.Sprintf("%s,%s,%s\n", id, quoted(name), quoted(toJSON(list)))
}

func toJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// catalogue holds the resources and roles of a stream.
type catalogue struct {
	permissions map[string]string   // "API permission" by "resource:action"
	roles       map[string][]string // permissions by role key, nil if unknown
	users       int
}

// readCatalogue reads a stream. The test fails unless resources come before roles that
// name them, and roles before users.
func readCatalogue(t *testing.T, stream string) catalogue {
	t.Helper()
	c := catalogue{permissions: map[string]string{}, roles: map[string][]string{}}
	for line := range strings.Lines(stream) {
		kind, err := record.TypeOf([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case record.TypeResource:
			c.addResource(t, parse[record.Resource](t, line))
		case record.TypeRole:
			role := parse[record.Role](t, line)
			for _, p := range role.Permissions {
				if c.permissions[p] == "" {
					t.Errorf("role %s: no resource line before it has %s", role.Key, p)
				}
			}
			if _, known := c.roles[role.Key]; !known || role.Permissions != nil {
				c.roles[role.Key] = role.Permissions
			}
		case record.TypeUser:
			c.users++
			for _, a := range parse[record.User](t, line).RoleAssignments {
				if _, known := c.roles[a.Role]; !known {
					t.Errorf("no role line before the user's has %s", a.Role)
				}
			}
		}
	}
	checkSchema(t, stream)
	return c
}

func (c *catalogue) addResource(t *testing.T, r record.Resource) {
	t.Helper()
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	for key, action := range r.Actions {
		text := r.Key + ":" + key
		from := fmt.Sprint(action.Attributes["auth0_api"], " ", action.Attributes["auth0_permission"])
		if before := c.permissions[text]; before != "" {
			t.Errorf("%s is %q and %q", text, before, from)
		}
		c.permissions[text] = from
	}
}

func parse[R record.User | record.Role | record.Tenant | record.Resource | record.End](t *testing.T, line string) R {
	t.Helper()
	var r R
	if err := record.Parse([]byte(line), &r); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return r
}

func TestPermissionsComeAlong(t *testing.T) {
	t.Parallel()
	in := "role_id,name,description,permissions\n" +
		`rol_1,Admin,all of it,` + quoted(`[{"resource_server_identifier":"https://a","permission_name":"read:invoices"},`+
		`{"resource_server_identifier":"https://a","permission_name":"admin"}]`) + "\nrol_2,Guest,,[]\nrol_3,Clerk,,\n" +
		apisHeader + apiRow("https://a", "Acme API", "read:invoices", "write:invoices", "admin") +
		"user_id,roles\nauth0|1,\"[\"\"Admin\"\"]\"\n"
	got := runOn(t, in)
	want := `{"type":"role","key":"Clerk","name":"Clerk","attributes":{"auth0_role_id":"rol_3"}}
{"type":"resource","key":"invoices","name":"invoices","actions":{` +
		`"read":{"name":"read:invoices","description":"d of read:invoices",` +
		`"attributes":{"auth0_api":"https://a","auth0_permission":"read:invoices"}},` +
		`"write":{"name":"write:invoices","description":"d of write:invoices",` +
		`"attributes":{"auth0_api":"https://a","auth0_permission":"write:invoices"}}}}
{"type":"resource","key":"acme-api","name":"Acme API","actions":{"admin":{"name":"admin","description":"d of admin",` +
		`"attributes":{"auth0_api":"https://a","auth0_permission":"admin"}}}}
{"type":"role","key":"Admin","name":"Admin","description":"all of it",` +
		`"permissions":["acme-api:admin","invoices:read"],"attributes":{"auth0_role_id":"rol_1"}}
{"type":"role","key":"Guest","name":"Guest","permissions":[],"attributes":{"auth0_role_id":"rol_2"}}
{"type":"user","key":"auth0|1","role_assignments":[{"role":"Admin"}]}
{"type":"end","complete":true,"users":1,"roles":3,"tenants":0,"resources":2,"rejected":0}
`
	if diff := cmp.Diff(want, got.out); diff != "" || got.code != tool.Done || got.messages() != "" {
		t.Errorf("exit %d, %s, stdout (-want +got):\n%s", got.code, got.messages(), diff)
	}
	readCatalogue(t, got.out)
	for _, chunk := range []int{1, 100} {
		if again := runParallel(t, in, 3, chunk); again.out != got.out {
			t.Errorf("in chunks of %d:\n%s", chunk, cmp.Diff(got.out, again.out))
		}
	}
}

func TestPermissionForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, action, resource, api string }{
		{"read:invoices", "invoices:read", "read:invoices", "acme-api:read-invoices"},
		{"read:user:email", "user-email:read", "read-user:email", "acme-api:read-user-email"},
		{"erp:requisition:create", "requisition-create:erp", "erp-requisition:create", "acme-api:erp-requisition-create"},
		{"admin", "acme-api:admin", "acme-api:admin", "acme-api:admin"},
		{"read: user", "user:read", "read:user", "acme-api:read-user"},
		{"Read:Invoices", "Invoices:Read", "Read:Invoices", "acme-api:read-invoices"},
		{"a.b/c:d.e", "d-e:a-b-c", "a-b-c:d-e", "acme-api:a-b-c-d-e"},
		{"lesen:Aufträge", "auftrage:lesen", "lesen:auftrage", "acme-api:lesen-auftrage"},
		{":read", "", "", "acme-api:read"},
		{"read:", "", "", "acme-api:read"},
		{"::", "", "", ""},
	} {
		for form, want := range map[string]string{
			"action:resource": tt.action, "resource:action": tt.resource, "api": tt.api,
		} {
			got := runOn(t, apisHeader+apiRow("https://api.acme.com/", "Acme API", tt.name), "--permission-form", form)
			var texts []string
			for text := range readCatalogue(t, got.out).permissions {
				texts = append(texts, text)
			}
			if text := strings.Join(texts, " "); text != want || (got.code == tool.Done) != (want != "") {
				t.Errorf("%s of %q: exit %d, %q, want %q; %s", form, tt.name, got.code, text, want, got.err)
			}
		}
	}
	got := runOn(t, apisHeader+apiRow("https://api.acme.com/", "", "admin")+apiRow("urn", "🚀", "admin"))
	want := map[string]string{"api-acme-com:admin": "https://api.acme.com/ admin", "urn:admin": "urn admin"}
	if diff := cmp.Diff(want, readCatalogue(t, got.out).permissions); diff != "" {
		t.Errorf("APIs without a name for a key (-want +got):\n%s", diff)
	}
}

// Two permissions are never merged into one. The lines in the hints, added to the file of
// --permission-map, keep them apart.
func TestPermissionsThatMeet(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in    string
		says  []string
		lines string
	}{
		"one name on two APIs": {
			apisHeader + apiRow("https://a", "A", "read:users") + apiRow("https://b", "B", "read:users", "read:x"),
			[]string{
				`error: stdin: row 3, line 3: permission "read:users" of API "https://b" would be users:read, ` +
					`as permission "read:users" of API "https://a" is`,
			},
			"https://b,read:users,B-users,read\n",
		},
		"three APIs of one name": {
			apisHeader + apiRow("https://a", "A", "x:y") + apiRow("https://b", "A", "x:y") + apiRow("c d", "A", "x:y"),
			[]string{`row 3, line 3: permission "x:y" of API "https://b"`, `row 4, line 4: permission "x:y" of API "c d"`},
			"https://b,x:y,A-y,x\nc d,x:y,c-d-y,x\n",
		},
		"two names on one API": {
			apisHeader + apiRow("a", "A", "read:user", "read: user", "read:user"),
			[]string{`permission "read: user" of API "a" would be user:read, as permission "read:user" of API "a" is`},
			"a,read: user,A-user,read\n",
		},
		"by roles alone": {
			rolesHeader + roleRow("rol_1", "R", "a read:x", "b read:x"),
			[]string{`error: stdin: row 2, line 2: permission "read:x" of API "b" would be x:read`},
			"b,read:x,b-x,read\n",
		},
		"a name of nothing": {
			apisHeader + apiRow("a", "A", "read:🚀", "🚀,x:y"),
			[]string{
				`row 2, line 2: permission "read:🚀" of API "a": a part of its name has no character that Permit allows`,
			},
			"a,read:🚀,RESOURCE,read\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, tt.in)
			for _, says := range tt.says {
				if !strings.Contains(got.err, says) {
					t.Errorf("stderr lacks %q:\n%s", says, got.err)
				}
			}
			if end := got.end(t); got.code != tool.Stopped || end.Complete || !strings.Contains(got.err, end.Reason) {
				t.Errorf("exit %d, %+v", got.code, end)
			}
			readCatalogue(t, got.out)
			if diff := cmp.Diff(tt.lines, hintedLines(got.err, "--permission-map")); diff != "" {
				t.Errorf("lines of the hints (-want +got):\n%s", diff)
			}
			file := writeFile(t, permissionMapHeader+tt.lines)
			if again := runOn(t, tt.in, "--permission-map", file); again.code != tool.Done || again.messages() != "" &&
				!strings.Contains(again.err, "without a description") {
				t.Errorf("with these lines: exit %d, %s%s", again.code, again.out, again.err)
			}
		})
	}
	names := []string{}
	for i := range 100 {
		names = append(names, fmt.Sprintf("read:x%d", i))
	}
	many := runOn(t, apisHeader+apiRow("a", "A", names...)+apiRow("b", "B", names...))
	const more = "80 permissions are like these, and not shown"
	if n := strings.Count(many.err, "error: "); n != 22 || !strings.Contains(many.err, more) {
		t.Errorf("%d errors, want 20, their rest and the end:\n%s", n, many.err)
	}
}

const permissionMapHeader = "auth0_api,auth0_permission,permit_resource,permit_action\n"

// hintedLines returns the lines that hints say to add to the file of a flag.
func hintedLines(stderr, flag string) string {
	var lines strings.Builder
	for line := range strings.Lines(stderr) {
		if _, rest, ok := strings.Cut(line, "hint: add this line to the file of "+flag+": "); ok {
			lines.WriteString(rest)
		}
	}
	return lines.String()
}

func TestPermissionMap(t *testing.T) {
	t.Parallel()
	in := rolesHeader + roleRow("rol_1", "R", "https://a read:x", "https://a write:x", "https://b read:x",
		"https://acme.eu.auth0.com/api/v2/ read:users", "https://d read:x") +
		apisHeader + apiRow("https://a", "A", "read:x", "write:x", "go") + apiRow("https://b", "B", "read:x") +
		apiRow("https://c", "C", "read:x")
	file := writeFile(t, permissionMapHeader+`https://a,,aa,
A,read:x,things,look
https://c,,,
B,,bb,
B,read:x,never,seen
https://b,read:x,bees,read
https://acme.eu.auth0.com/api/v2/,read:users,management,read-users
`)
	got := runOn(t, in, "--permission-map", file)
	c := readCatalogue(t, got.out)
	want := map[string]string{
		"things:look": "https://a read:x", "aa:write-x": "https://a write:x", "aa:go": "https://a go",
		"bees:read":             "https://b read:x",
		"management:read-users": "https://acme.eu.auth0.com/api/v2/ read:users",
	}
	if diff := cmp.Diff(want, c.permissions); diff != "" || got.code != tool.Done {
		t.Errorf("exit %d, permissions (-want +got):\n%s", got.code, diff)
	}
	held := []string{"aa:write-x", "bees:read", "management:read-users", "things:look"}
	if diff := cmp.Diff(held, c.roles["R"]); diff != "" {
		t.Errorf("the role's (-want +got):\n%s", diff)
	}
	says := `a0tojsonl: warning: 1 permission of roles left out, on APIs that are Auth0's own or` +
		` not in the apis table: https://d (1)
a0tojsonl: warning: 1 permission left out by --permission-map
a0tojsonl: warning: --permission-map: 2 lines for nothing in the input, the first for API "B", permission ""
`
	if diff := cmp.Diff(says, got.messages()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	for lines, want := range map[string]string{
		"a,b\n":                "line 2: wrong number of cells: 2 in place of 4",
		",b,c,d\n":             "line 2: auth0_api is empty",
		"a,b,,d\n":             "line 2: permit_action without permit_resource",
		"a,,c,d\n":             "line 2: permit_action without auth0_permission",
		"a,b,c,\n":             "line 2: permit_action: the key is missing",
		"a,b,c:d,e\n":          "line 2: permit_resource: resource key: Permit allows only",
		"a,b,c,d e\n":          "line 2: permit_action: action key: Permit allows only",
		"a,b,c,d\na,b,c,e\n":   `line 3: permission "b" of API "a" is already on line 2`,
		"a,,c,\na,b,c,d\na,,,": `line 4: API "a" is already on line 2`,
	} {
		got := runOn(t, "user_id\n1\n", "--permission-map", writeFile(t, permissionMapHeader+lines))
		if got.code != tool.BadUsage || got.out != "" || !strings.Contains(got.err, want) ||
			!strings.Contains(got.err, "hint: write a CSV file with the header auth0_api,auth0_permission") {
			t.Errorf("%q: exit %d, %s; want %s", lines, got.code, got.err, want)
		}
	}
}

// Permissions on APIs that are not in the apis table are Auth0's own and are left out.
// Without an apis table, roles keep their permissions, without descriptions.
func TestPermissionsOfOtherAPIs(t *testing.T) {
	t.Parallel()
	const (
		system = "https://acme.eu.auth0.com/api/v2/"
		own    = "https://acme.eu.auth0.com/my-org/"
	)
	roles := rolesHeader + roleRow("rol_1", "R", "https://a read:x", "https://a old", system+" read:users", own+" read:y")
	apis := apisHeader + apiRow("https://a", "A", "read:x")
	const users = "user_id,roles\nauth0|1,\"[\"\"R\"\"]\"\n"
	leftOut := "warning: 2 permissions of roles left out, on APIs that are Auth0's own or not in the apis table: " +
		system + " (1), " + own + " (1)\n"
	for name, tt := range map[string]struct {
		in   string
		held []string
		says []string
	}{
		"with an apis table": {
			roles + apis + users,
			[]string{"A:old", "x:read"},
			[]string{leftOut, "warning: 1 permission of roles not in the list of the API; kept, as the roles have them\n"},
		},
		"with it first":        {apis + roles + users, []string{"A:old", "x:read"}, []string{leftOut}},
		"with it behind users": {users + roles + apis, []string{"A:old", "x:read"}, []string{leftOut}},
		"with an empty one": {
			roles + apisHeader + users,
			[]string{},
			[]string{"4 permissions of roles left out", "https://a (2), "},
		},
		"without one": {
			roles + users,
			[]string{"a:old", "x:read"},
			[]string{leftOut, "warning: 2 permissions of roles without a description", "a0export all\n"},
		},
		"with an API whose list is not known": {
			roles + apisHeader + "1,https://a,A,,\n" + users, []string{"A:old", "x:read"}, []string{leftOut},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, tt.in)
			c := readCatalogue(t, got.out)
			if diff := cmp.Diff(tt.held, c.roles["R"]); diff != "" || got.code != tool.Done {
				t.Errorf("exit %d, the role's permissions (-want +got):\n%s", got.code, diff)
			}
			for _, says := range tt.says {
				if !strings.Contains(got.err, says) {
					t.Errorf("stderr lacks %q:\n%s", says, got.err)
				}
			}
		})
	}
	late := runOn(t, roles+users+apis)
	want := `row 6, line 6: API "https://a": roles before this row hold permissions of it` + "\n" +
		"a0tojsonl: hint: put the apis table before the users: "
	if late.code != tool.Stopped || !strings.Contains(late.err, want) {
		t.Errorf("with the table too late: exit %d, %s; want %s", late.code, late.err, want)
	}
	off := runOn(t, apisHeader+"1,https://a,,False,\"[{\"\"value\"\":\"\"x\"\"}]\"\n2,b,B,false,[]\n")
	if want := "warning: RBAC is off for https://a: "; off.code != tool.Done || !strings.Contains(off.err, want) {
		t.Errorf("RBAC off: exit %d, %s; want %s", off.code, off.err, want)
	}
}

func TestFormsAreHinted(t *testing.T) {
	t.Parallel()
	const hint = "hint: --permission-form resource:action takes the part before the last colon as the resource\n"
	for names, want := range map[string]bool{
		"users:read users:write batch:upload": true, "read:users write:users": false, "admin x:y": false,
	} {
		in := apisHeader + apiRow("a", "A", strings.Fields(names)...)
		if got := runOn(t, in); strings.Contains(got.err, hint) != want {
			t.Errorf("%s: %s", names, got.err)
		}
		if got := runOn(t, in, "--permission-form", "action:resource"); strings.Contains(got.err, hint) {
			t.Errorf("%s, with --permission-form: %s", names, got.err)
		}
	}
}

// Roles may share a key only if they have the same permissions.
func TestRolesOfOneKey(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in, says string
		held     []string
	}{
		"alike": {rolesHeader + roleRow("rol_1", "A", "x r:y") + roleRow("rol_2", "B", "x r:y"), "", []string{"y:r"}},
		"one more": {
			rolesHeader + roleRow("rol_1", "A", "x r:y") + roleRow("rol_2", "B", "x r:y", "x r:z"),
			`error: stdin: row 3, line 3: role "B": it has the key "k" of role "A", but other permissions` + "\n" +
				`a0tojsonl: hint: put another key into the line of --role-map: "B",KEY`,
			[]string{"y:r"},
		},
		"none": {
			rolesHeader + roleRow("rol_1", "A", "x r:y") + roleRow("rol_2", "B"),
			`role "B": it has the key "k" of role "A", but other permissions`,
			[]string{"y:r"},
		},
		"not known": {
			rolesHeader + "rol_2,B,\n" + roleRow("rol_1", "A", "x r:y"),
			"warning: 1 role without known permissions: by --role-map they get those of the role that has the same key",
			[]string{"y:r"},
		},
		"the same role": {
			rolesHeader + roleRow("rol_1", "A", "x r:y") + rolesHeader + roleRow("rol_1", "A", "x r:y", "x r:z"),
			`row 4, line 4: role "A": an earlier row gives it other permissions`,
			[]string{"y:r"},
		},
		"the same role, described before": {
			"role_id,name\nrol_1,A\n" + rolesHeader + roleRow("rol_1", "A", "x r:y"), "", []string{"y:r"},
		},
		"after a user": {
			"user_id,roles\n1,\"[\"\"B\"\"]\"\n" + rolesHeader + roleRow("rol_1", "A", "x r:y") + roleRow("rol_2", "B", "x r:y"),
			"",
			[]string{"y:r"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, tt.in, "--role-map", writeFile(t, "auth0_role,permit_role\nA,k\nB,k\n"))
			c := readCatalogue(t, got.out)
			isError := strings.Contains(tt.says, `role "`)
			if diff := cmp.Diff(tt.held, c.roles["k"]); diff != "" || (got.code == tool.Done) == isError ||
				!strings.Contains(got.err, tt.says) {
				t.Errorf("exit %d, permissions (-want +got):\n%s; %s; want %s", got.code, diff, got.err, tt.says)
			}
		})
	}
}

// A role of an organization never gets the key of another role unless --role-map says so.
func TestOrganizationRoles(t *testing.T) {
	t.Parallel()
	const header = "user_id,roles,organizations\n"
	member := func(user, roles, organization, organizationRoles string) string {
		return user + "," + quoted(roles) + "," +
			quoted(fmt.Sprintf(`[{"id":%q,"roles":%s}]`, organization, organizationRoles)) + "\n"
	}
	const admin = `[{"id":"rol_o","name":"Admin"}]`
	tenantFirst := header + member("1", `["Admin"]`, "org_1", "[]") + member("2", `[]`, "org_1", admin)
	organizationFirst := header + member("2", `[]`, "org_1", admin) + member("1", `["Admin"]`, "org_1", "[]")
	inRow := header + member("1", `["Admin"]`, "org_1", `["Admin",{"id":"rol_o","name":"Admin"}]`)
	twoOrganizations := header + member("1", `[]`, "org_1", admin) +
		member("2", `[]`, "org_2", `[{"id":"rol_p","name":"Admin"}]`) +
		member("3", `[]`, "org_2", `[{"id":"rol_p","name":"Admin"}]`)
	for name, tt := range map[string]struct{ in, roleMap, lines string }{
		"the tenant's first":                {tenantFirst, "", "rol_o,KEY\n"},
		"the organization's first":          {organizationFirst, "", "rol_o,KEY\n"},
		"both in a row":                     {inRow, "", "rol_o,KEY\n"},
		"the table first":                   {"role_id,name\nrol_1,Admin\n" + organizationFirst, "", "rol_o,KEY\n"},
		"of two organizations":              {twoOrganizations, "", "rol_p,KEY\n"},
		"the map names it":                  {tenantFirst, "Admin,boss\nrol_1,x\nAdmins,Admin\n", ""},
		"the map gives it by its id":        {tenantFirst, "rol_o,org-admin\n", ""},
		"the map gives it the tenant's key": {organizationFirst, "rol_o,Admin\n", "\"Admin\",KEY\n"},
		"the map gives both one key":        {organizationFirst, "rol_o,k\nAdmin,k\n", ""},
		"a table has it, too":               {"role_id,name\nrol_o,Admin\n" + header + member("1", "[]", "o", admin), "", ""},
		"the table behind":                  {header + member("1", "[]", "o", admin) + "role_id,name\nrol_o,Admin\n", "", ""},
		"no name for a key": {
			header + member("1", "[]", "o", `[{"id":"rol,1","name":"🚀"}]`), "", "\"rol,1\",KEY\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := func(lines string) string { return writeFile(t, "auth0_role,permit_role\n"+lines) }
			got := runOn(t, tt.in, "--role-map", file(tt.roleMap))
			lines := hintedLines(got.err, "--role-map")
			if lines != tt.lines || (got.code == tool.Done) != (lines == "") {
				t.Errorf("exit %d, lines of the hints %q, want %q; %s%s", got.code, lines, tt.lines, got.out, got.err)
			}
			readCatalogue(t, got.out)
			added := strings.ReplaceAll(lines, "KEY", "a-key-of-its-own")
			if again := runOn(t, tt.in, "--role-map", file(tt.roleMap+added)); again.code != tool.Done {
				t.Errorf("with these lines: exit %d, %s%s", again.code, again.out, again.err)
			}
		})
	}
	got := runOn(t, header+member("1", "[]", "o", admin))
	want := `{"type":"role","key":"Admin","name":"Admin","attributes":{"auth0_role_id":"rol_o"}}`
	if !strings.Contains(got.out, want) {
		t.Errorf("%s lacks %s", got.out, want)
	}
	got = runOn(t, rolesHeader+roleRow("rol_1", "A", "x r:y")+header+member("1", "[]", "o", admin))
	if want := "warning: 1 organization role without known permissions: "; !strings.Contains(got.err, want) {
		t.Errorf("%s lacks %s", got.err, want)
	}
	for _, roles := range []string{
		`[{"id":"rol_1"}]`, `[{"name":"A"}]`, `[{}]`, `[null]`, `[7]`, `[[]]`, `{}`, `[{"id":1,"name":"A"}]`,
	} {
		if got := runOn(t, header+member("1", "[]", "o", roles)); got.code != tool.Rejected || got.end(t).Rejected != 1 {
			t.Errorf("%s: exit %d, %s", roles, got.code, got.err)
		}
	}
}

// Rejected rows of roles and APIs can be fixed and fed again, like those of users.
func TestRejectsOfPermissions(t *testing.T) {
	t.Parallel()
	in := rolesHeader + "rol_1,A,x\nrol_2,B,\"[{\"\"permission_name\"\":\"\"x\"\"}]\"\nrol_3,C,null\n" +
		apisHeader + "1,,A,true,[]\n2,a,A,maybe,[]\n3,b,B,true,{}\n4,c,C,true,\"[{\"\"value\"\":\"\"\"\"}]\"\n" +
		"5,d,\xff,true,[]\n6,e,E,true\n"
	path := filepath.Join(t.TempDir(), "rejects.csv")
	got := runOn(t, in, "--rejects", path)
	data, err := os.ReadFile(path)
	if err != nil || got.code != tool.Rejected || got.end(t).Rejected != 9 {
		t.Fatalf("exit %d, %v, %s", got.code, err, got.err)
	}
	for _, reason := range []string{
		"permissions: not a JSON array of permissions, such as", "permissions: contains a permission without a name",
		"identifier: no identifier", "rbac: neither true nor false", "name: not UTF-8", "wrong number of cells",
		"resource_server_id,identifier,name,rbac,permissions,reject_reason\n",
	} {
		if !strings.Contains(string(data), reason) {
			t.Errorf("the rejects lack %q:\n%s", reason, data)
		}
	}
	again := filepath.Join(t.TempDir(), "again.csv")
	if got := runOn(t, string(data), "--rejects", again); got.end(t).Rejected != 9 {
		t.Errorf("fed again: %s", got.err)
	}
	if twice, err := os.ReadFile(again); err != nil || string(twice) != string(data) {
		t.Errorf("rejects of rejects: %v\n%s", err, cmp.Diff(string(data), string(twice)))
	}
	fixed := strings.Replace(string(data), "rol_1,A,x", "rol_1,A,"+quoted(
		`[{"resource_server_identifier":"a","permission_name":"r:y"}]`), 1)
	if got := runOn(t, apisHeader+apiRow("a", "A", "r:y")+fixed); !strings.Contains(got.out, `"permissions":["y:r"]`) {
		t.Errorf("fixed: %s%s", got.out, got.err)
	}
	if got := runOn(t, in, "--strict"); got.code != tool.Stopped || got.end(t).Rejected != 1 {
		t.Errorf("--strict: exit %d, %s", got.code, got.err)
	}
}

// Whatever the names are, each permission becomes a separate one or the run fails. A role
// has the same permissions as in Auth0, no more.
func TestPermissionsAreMappedOneToOne(t *testing.T) {
	t.Parallel()
	failed := 0
	const tries = 400
	for seed := range uint64(tries) {
		random := rand.New(rand.NewPCG(seed, 0))
		tenant := newTenant(random)
		for _, form := range []string{"action:resource", "resource:action", "api"} {
			got := runOn(t, tenant.csv, "--permission-form", form)
			c := readCatalogue(t, got.out)
			if got.code != tool.Done {
				failed++
				if !strings.Contains(got.err, "hint: add this line to the file of --permission-map: ") {
					t.Errorf("seed %d, %s: exit %d without a hint: %s", seed, form, got.code, got.err)
				}
				continue
			}
			if len(c.permissions) != len(tenant.permissions) {
				t.Errorf("seed %d, %s: %d permissions became %d", seed, form, len(tenant.permissions), len(c.permissions))
			}
			for role, held := range tenant.roles {
				var back []string
				for _, p := range c.roles[role] {
					back = append(back, c.permissions[p])
				}
				slices.Sort(back)
				if diff := cmp.Diff(held, back); diff != "" {
					t.Errorf("seed %d, %s, role %s (-in Auth0 +in Permit):\n%s", seed, form, role, diff)
				}
			}
		}
	}
	if failed == 0 || failed == 3*tries {
		t.Errorf("%d of %d runs failed: the tenants are too similar", failed, 3*tries)
	}
}

// randomTenant is a random Auth0 tenant. Each permission is the identifier of an API, a
// space and a name.
type randomTenant struct {
	csv         string
	permissions map[string]bool
	roles       map[string][]string
}

func newTenant(random *rand.Rand) randomTenant {
	pick := func(words ...string) string { return words[random.IntN(len(words))] }
	tenant := randomTenant{permissions: map[string]bool{}, roles: map[string][]string{}}
	var all []string
	var apis strings.Builder
	for i := range 1 + random.IntN(3) {
		identifier := fmt.Sprintf("https://%s%d", pick("a", "b"), i)
		var names []string
		for range 1 + random.IntN(4) {
			name := pick("read", "write", "a", "b.c", "read user") + pick(":", ":", "", ": ", "::") +
				pick("users", "a", "b-c", "Users", "users:email", "b c", "🚀")
			names = append(names, name)
			if p := identifier + " " + name; !tenant.permissions[p] {
				tenant.permissions[p] = true
				all = append(all, p)
			}
		}
		apis.WriteString(apiRow(identifier, pick("A", "API", "api", "users", ""), names...))
	}
	var roles strings.Builder
	for i := range random.IntN(4) {
		name := fmt.Sprintf("role%d", i)
		var held []string
		for _, p := range all {
			if random.IntN(2) == 0 {
				held = append(held, p)
			}
		}
		slices.Sort(held)
		tenant.roles[name] = held
		roles.WriteString(roleRow("rol_"+name, name, held...))
	}
	tenant.csv = rolesHeader + roles.String() + apisHeader + apis.String()
	return tenant
}
