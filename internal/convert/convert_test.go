package convert_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"a0permit/internal/convert"
	"a0permit/internal/record"
)

// converter takes a row through both steps.
type converter struct {
	options   convert.Options
	table     *convert.Table
	catalogue *convert.Catalogue
}

func newConverter(t *testing.T, o convert.Options) *converter {
	t.Helper()
	table, err := convert.NewTable([]string{"user_id", "email", "given_name", "family_name", "provider", "roles", "organizations"}, &o)
	if err != nil {
		t.Fatal(err)
	}
	return &converter{options: o, table: table, catalogue: convert.NewCatalogue(o)}
}

// told is what a row becomes, a JSON value a line, and its error.
func (c *converter) told(row any) []string {
	var user convert.User
	var lines *convert.Lines
	var fault *convert.Fault
	var err error
	switch row := row.(type) {
	case convert.UserRow:
		if fault = c.user(&row, &user); fault != nil {
			break
		}
		var holds *convert.Holds
		if holds, fault = c.options.ReadHolds(row.Roles, row.Organizations); fault != nil {
			break
		}
		lines, err = c.catalogue.Assign(holds)
	case convert.RoleRow:
		if fault = row.Check(); fault == nil {
			lines, err = c.catalogue.Role(&row)
		}
	case convert.OrganizationRow:
		if fault = row.Check(&c.options); fault == nil {
			lines, err = c.catalogue.Organization(&row)
		}
	}
	if fault != nil {
		return []string{"error: " + fault.Error()}
	}
	var out []string
	add := func(v any) {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		out = append(out, string(data))
	}
	for _, v := range lines.Roles {
		add(v)
	}
	for _, v := range lines.Tenants {
		add(v)
	}
	if user.Key != "" && err == nil {
		line, _ := c.table.AppendUser(nil, &user)
		out = append(out, string(record.AppendUserEnd(line, lines.Assignments)))
	}
	for _, v := range lines.Unkeyed {
		out = append(out, fmt.Sprintf("unkeyed %q %q %q", v.Name, v.Key, v.Other))
	}
	if err != nil {
		out = append(out, "error: "+err.Error())
	}
	return out
}

func (c *converter) user(row *convert.UserRow, into *convert.User) *convert.Fault {
	return cmp.Or(c.table.User(row, into), c.table.NotUTF8(row))
}

func TestUser(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		row  convert.UserRow
		want []string
	}{
		{
			"whole",
			convert.UserRow{UserID: "auth0|1", Email: "jane@acme.com", GivenName: "Jane", FamilyName: "Doe", Provider: "db", Roles: `["Admin","Billing Viewer"]`},
			[]string{
				`{"type":"role","key":"Admin","name":"Admin"}`,
				`{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`,
				`{"type":"user","key":"auth0|1","email":"jane@acme.com","first_name":"Jane","last_name":"Doe","attributes":{"provider":"db"},"role_assignments":[{"role":"Admin"},{"role":"billing-viewer"}]}`,
			},
		},
		{"key alone: roles unknown", convert.UserRow{UserID: "u"}, []string{`{"type":"user","key":"u"}`}},
		{"no roles", convert.UserRow{UserID: "u", Roles: "[]"}, []string{`{"type":"user","key":"u","role_assignments":[]}`}},
		{"a role twice", convert.UserRow{UserID: "u", Roles: ` ["A", "A"] `}, []string{`{"type":"role","key":"A","name":"A"}`, `{"type":"user","key":"u","role_assignments":[{"role":"A"}]}`}},
		{
			"organizations",
			convert.UserRow{UserID: "u", Roles: `["A"]`, Organizations: `[{"id":"org_1","name":"acme","display_name":"Acme Inc","roles":["A","B"]},{"id":"org_2","name":"b","roles":["A"]},{"id":"org_3","name":"c","roles":[]}]`},
			[]string{
				`{"type":"role","key":"A","name":"A"}`,
				`{"type":"role","key":"B","name":"B"}`,
				`{"type":"tenant","key":"org_1","name":"Acme Inc"}`,
				`{"type":"tenant","key":"org_2","name":"b"}`,
				`{"type":"user","key":"u","role_assignments":[{"role":"A"},{"role":"A","tenant":"org_1"},{"role":"B","tenant":"org_1"},{"role":"A","tenant":"org_2"}]}`,
			},
		},
		{
			"organizations, roles unknown",
			convert.UserRow{UserID: "u", Organizations: `[{"id":"org_1","roles":["A"]}]`},
			[]string{`{"type":"role","key":"A","name":"A"}`, `{"type":"tenant","key":"org_1"}`, `{"type":"user","key":"u","role_assignments":[{"role":"A","tenant":"org_1"}]}`},
		},
		{"no organizations, roles unknown", convert.UserRow{UserID: "u", Organizations: `[]`}, []string{`{"type":"user","key":"u"}`}},

		{"no key", convert.UserRow{Email: "a@b.co"}, []string{"error: user_id: no key"}},
		{"key", convert.UserRow{UserID: "a b"}, []string{"error: user_id: user key: Permit takes only letters, digits and | @ + - . _"}},
		{"email", convert.UserRow{UserID: "u", Email: "jane"}, []string{"error: email: not an address Permit takes"}},
		{"name", convert.UserRow{UserID: "u", GivenName: "Jos\xe9"}, []string{"error: given_name: not UTF-8"}},
		{"roles: text", convert.UserRow{UserID: "u", Roles: "Admin"}, []string{`error: roles: not a JSON array of role names, such as ["Admin"]`}},
		{"roles: null", convert.UserRow{UserID: "u", Roles: "null"}, []string{`error: roles: not a JSON array of role names, such as ["Admin"]`}},
		{"roles: object", convert.UserRow{UserID: "u", Roles: `{"a":1}`}, []string{`error: roles: not a JSON array of role names, such as ["Admin"]`}},
		{"roles: numbers", convert.UserRow{UserID: "u", Roles: `[1]`}, []string{`error: roles: not a JSON array of role names, such as ["Admin"]`}},
		{"roles: more behind", convert.UserRow{UserID: "u", Roles: `["A"]["B"]`}, []string{`error: roles: not a JSON array of role names, such as ["Admin"]`}},
		{"roles: not UTF-8", convert.UserRow{UserID: "u", Roles: "[\"\xff\"]"}, []string{`error: roles: not a JSON array of role names, such as ["Admin"]`}},
		{"roles: null in it", convert.UserRow{UserID: "u", Roles: `["A",null]`}, []string{"error: roles: names a role without a name"}},
		{"organizations: names", convert.UserRow{UserID: "u", Organizations: `["acme"]`}, []string{`error: organizations: not a JSON array of organizations, such as [{"id":"org_1","name":"acme","roles":["Admin"]}]`}},
		{"organizations: no id", convert.UserRow{UserID: "u", Organizations: `[{}]`}, []string{"error: organizations: id: no key"}},
		{"organizations: role", convert.UserRow{UserID: "u", Organizations: `[{"id":"o","roles":[""]}]`}, []string{"error: organizations: names a role without a name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newConverter(t, convert.Options{})
			for i := range 2 { // the second time with the catalogue written
				want := tt.want
				if i > 0 {
					want = want[len(want)-1:]
				}
				if diff := gocmp.Diff(want, c.told(tt.row)); diff != "" {
					t.Errorf("User, time %d (-want +got):\n%s", i+1, diff)
				}
			}
		})
	}
}

// A row leaves nothing behind in the next.
func TestUsersInARow(t *testing.T) {
	t.Parallel()
	c := newConverter(t, convert.Options{})
	rows := []convert.UserRow{
		{UserID: "1", Email: "a@b.co", Provider: "db", Roles: `["A"]`, Organizations: `[{"id":"o","roles":["A"]}]`},
		{UserID: "2"},
		{UserID: "3", Roles: `[]`},
	}
	var got []string
	for i := range rows {
		got = append(got, c.told(rows[i])...)
	}
	want := []string{
		`{"type":"role","key":"A","name":"A"}`,
		`{"type":"tenant","key":"o"}`,
		`{"type":"user","key":"1","email":"a@b.co","attributes":{"provider":"db"},"role_assignments":[{"role":"A"},{"role":"A","tenant":"o"}]}`,
		`{"type":"user","key":"2"}`,
		`{"type":"user","key":"3","role_assignments":[]}`,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestConnectionOfAFault(t *testing.T) {
	t.Parallel()
	row := convert.UserRow{Provider: "db"}
	if fault := newConverter(t, convert.Options{}).user(&row, &convert.User{}); fault == nil || fault.Connection != "db" {
		t.Errorf("User(%+v) = %#v, want a fault of the connection db", row, fault)
	}
}

// user is a row of a user with these roles.
func user(roles ...string) any {
	data, err := json.Marshal(roles)
	if err != nil {
		panic(err)
	}
	return convert.UserRow{UserID: "u", Roles: string(data)}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	const u = `{"type":"user","key":"u","role_assignments":[{"role":"%s"}]}`
	tests := []struct {
		name string
		m    convert.RoleMap
		rows []any
		want []string
	}{
		{
			"a key of its own, a slug", nil,
			[]any{user("dev_Ops-1"), user("Développeur & Co.")},
			[]string{
				`{"type":"role","key":"dev_Ops-1","name":"dev_Ops-1"}`, fmt.Sprintf(u, "dev_Ops-1"),
				`{"type":"role","key":"developpeur-and-co","name":"Développeur \u0026 Co."}`, fmt.Sprintf(u, "developpeur-and-co"),
			},
		},
		{
			"two names for one key", nil,
			[]any{user("Billing Viewer"), user("Billing  Viewer"), user("New", "Billing  Viewer"), user("billing-viewer"), user("New")},
			[]string{
				`{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`, fmt.Sprintf(u, "billing-viewer"),
				`unkeyed "Billing  Viewer" "billing-viewer" "Billing Viewer"`, "error: " + convert.ErrUnkeyed.Error(),
				"error: " + convert.ErrUnkeyed.Error(),
				`unkeyed "billing-viewer" "billing-viewer" "Billing Viewer"`, "error: " + convert.ErrUnkeyed.Error(),
				`{"type":"role","key":"New","name":"New"}`, fmt.Sprintf(u, "New"),
			},
		},
		{
			"nothing left of a name", nil,
			[]any{user("!!!"), user("!!!", "???")},
			[]string{`unkeyed "!!!" "" ""`, "error: " + convert.ErrUnkeyed.Error(), `unkeyed "???" "" ""`, "error: " + convert.ErrUnkeyed.Error()},
		},
		{
			"mapped by name",
			convert.RoleMap{"Billing  Viewer": "bv2", "!!!": "bang"},
			[]any{user("Billing Viewer"), user("Billing  Viewer"), user("!!!")},
			[]string{
				`{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`, fmt.Sprintf(u, "billing-viewer"),
				`{"type":"role","key":"bv2","name":"Billing  Viewer"}`, fmt.Sprintf(u, "bv2"),
				`{"type":"role","key":"bang","name":"!!!"}`, fmt.Sprintf(u, "bang"),
			},
		},
		{
			"two mapped to one",
			convert.RoleMap{"Admins": "admin", "Administrators": "admin"},
			[]any{user("Admins", "Administrators")},
			[]string{`{"type":"role","key":"admin","name":"Admins"}`, fmt.Sprintf(u, "admin")},
		},
		{
			"a roles table before users",
			convert.RoleMap{"rol_2": "bv", "Billing Viewer": "loses"},
			[]any{convert.RoleRow{ID: "rol_1", Name: "Admin"}, convert.RoleRow{ID: "rol_2", Name: "Billing Viewer", Description: "Looks"}, user("Billing Viewer"), user("Admin"), convert.RoleRow{ID: "rol_1", Name: "Admin"}},
			[]string{
				`{"type":"role","key":"Admin","name":"Admin","attributes":{"auth0_role_id":"rol_1"}}`,
				`{"type":"role","key":"bv","name":"Billing Viewer","description":"Looks","attributes":{"auth0_role_id":"rol_2"}}`,
				fmt.Sprintf(u, "bv"), fmt.Sprintf(u, "Admin"),
			},
		},
		{
			"a roles table after users", nil,
			[]any{user("Admin"), convert.RoleRow{ID: "rol_1", Name: "Admin", Description: "All"}, user("Admin")},
			[]string{
				`{"type":"role","key":"Admin","name":"Admin"}`, fmt.Sprintf(u, "Admin"),
				`{"type":"role","key":"Admin","name":"Admin","description":"All","attributes":{"auth0_role_id":"rol_1"}}`, fmt.Sprintf(u, "Admin"),
			},
		},
		{
			"a roles table after users, mapped by id",
			convert.RoleMap{"rol_1": "boss"},
			[]any{user("Admin"), convert.RoleRow{ID: "rol_1", Name: "Admin"}},
			[]string{`{"type":"role","key":"Admin","name":"Admin"}`, fmt.Sprintf(u, "Admin"), `error: role "Admin": the role map gives it the key "boss" by its id, but it has been "Admin" until here`},
		},
		{
			"a roles table of two names for one key", nil,
			[]any{convert.RoleRow{ID: "rol_1", Name: "a b"}, convert.RoleRow{ID: "rol_2", Name: "a  b"}, user("a  b")},
			[]string{
				`{"type":"role","key":"a-b","name":"a b","attributes":{"auth0_role_id":"rol_1"}}`,
				`unkeyed "a  b" "a-b" "a b"`, "error: " + convert.ErrUnkeyed.Error(), "error: " + convert.ErrUnkeyed.Error(),
			},
		},
		{
			"faults of a roles table", nil,
			[]any{convert.RoleRow{Name: "A"}, convert.RoleRow{ID: "rol_1"}, convert.RoleRow{ID: "rol_1", Name: "A", Description: "\xff"}},
			[]string{"error: role_id: no key", "error: name: no name", "error: description: not UTF-8"},
		},
		{
			"organizations", nil,
			[]any{
				convert.OrganizationRow{ID: "org_1", Name: "acme", DisplayName: "Acme Inc"},
				convert.OrganizationRow{ID: "org_2", Name: "b"},
				convert.OrganizationRow{ID: "org_2", Name: "b"},
				convert.UserRow{UserID: "u", Organizations: `[{"id":"org_1","roles":["A"]}]`},
				convert.OrganizationRow{Name: "b"},
				convert.OrganizationRow{ID: "a b"},
				convert.OrganizationRow{ID: "c", Name: "\xff"},
			},
			[]string{
				`{"type":"tenant","key":"org_1","name":"Acme Inc"}`, `{"type":"tenant","key":"org_2","name":"b"}`,
				`{"type":"role","key":"A","name":"A"}`, `{"type":"user","key":"u","role_assignments":[{"role":"A","tenant":"org_1"}]}`,
				"error: organization_id: no key", "error: organization_id: tenant key: Permit takes only letters, digits, - and _", "error: name: not UTF-8",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newConverter(t, convert.Options{RoleMap: tt.m})
			var got []string
			for _, row := range tt.rows {
				got = append(got, c.told(row)...)
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	c := newConverter(t, convert.Options{RoleMap: convert.RoleMap{"A": "a", "rol_9": "x", "B": "b"}})
	holds, fault := c.options.ReadHolds(`["A"]`, `[{"id":"o"},{"id":"p","roles":[]},{"id":"q","roles":["A"]}]`)
	if fault != nil {
		t.Fatal(fault)
	}
	if lines, err := c.catalogue.Assign(holds); err != nil || lines.WithoutRole != 2 {
		t.Errorf("Assign = %+v, %v; want 2 memberships without a role", lines, err)
	}
	if diff := gocmp.Diff([]string{"B", "rol_9"}, c.catalogue.UnusedMappings()); diff != "" {
		t.Errorf("UnusedMappings (-want +got):\n%s", diff)
	}
}

// The quick check of emails takes nothing that the rule refuses.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"jane@acme.com", "a.b+c@x-y.co", "a..b@c.de", "@", "a@b", ".a@b.c", "a@b.c.", "a@-b.c", strings.Repeat("a", 65) + "@b.co"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		fault := newConverter(t, convert.Options{}).user(&convert.UserRow{UserID: "u", Email: s}, &convert.User{})
		if want := s == "" || record.ValidEmail(s) && utf8.ValidString(s); (fault == nil) != want {
			t.Errorf("email %q: %v, want it taken: %v", s, fault, want)
		}
	})
}
