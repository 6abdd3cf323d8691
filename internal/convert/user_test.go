package convert_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/convert"
)

func TestUser(t *testing.T) {
	t.Parallel()
	const (
		badRoles         = `error: roles: not a JSON array of role names, such as ["Admin"]`
		badOrganizations = `error: organizations: not a JSON array of organizations, ` +
			`such as [{"id":"org_1","name":"acme","roles":["Admin"]}]`
	)
	tests := []struct {
		name string
		row  convert.UserRow
		want []string
	}{
		{
			"whole",
			convert.UserRow{
				UserID: "auth0|1", Email: "jane@acme.com", GivenName: "Jane", FamilyName: "Doe", Provider: "db",
				Roles: `["Admin","Billing Viewer"]`,
			},
			[]string{
				`{"type":"role","key":"Admin","name":"Admin"}`,
				`{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`,
				`{"type":"user","key":"auth0|1","email":"jane@acme.com","first_name":"Jane","last_name":"Doe",` +
					`"attributes":{"provider":"db"},"role_assignments":[{"role":"Admin"},{"role":"billing-viewer"}]}`,
			},
		},
		{"key alone: roles unknown", convert.UserRow{UserID: "u"}, []string{`{"type":"user","key":"u"}`}},
		{
			"no roles",
			convert.UserRow{UserID: "u", Roles: "[]"},
			[]string{`{"type":"user","key":"u","role_assignments":[]}`},
		},
		{
			"a role twice",
			convert.UserRow{UserID: "u", Roles: ` ["A", "A"] `},
			[]string{
				`{"type":"role","key":"A","name":"A"}`,
				`{"type":"user","key":"u","role_assignments":[{"role":"A"}]}`,
			},
		},
		{
			"organizations",
			convert.UserRow{
				UserID: "u", Roles: `["A"]`,
				Organizations: `[{"id":"org_1","name":"acme","display_name":"Acme Inc","roles":["A","B"]},` +
					`{"id":"org_2","name":"b","roles":["A"]},{"id":"org_3","name":"c","roles":[]}]`,
			},
			[]string{
				`{"type":"role","key":"A","name":"A"}`,
				`{"type":"role","key":"B","name":"B"}`,
				`{"type":"tenant","key":"org_1","name":"Acme Inc"}`,
				`{"type":"tenant","key":"org_2","name":"b"}`,
				`{"type":"user","key":"u","role_assignments":[{"role":"A"},` +
					`{"role":"A","tenant":"org_1"},{"role":"B","tenant":"org_1"},{"role":"A","tenant":"org_2"}]}`,
			},
		},
		{
			"organizations, roles unknown",
			convert.UserRow{UserID: "u", Organizations: `[{"id":"org_1","roles":["A"]}]`},
			[]string{
				`{"type":"role","key":"A","name":"A"}`,
				`{"type":"tenant","key":"org_1"}`,
				`{"type":"user","key":"u","role_assignments":[{"role":"A","tenant":"org_1"}]}`,
			},
		},
		{
			"no organizations, roles unknown",
			convert.UserRow{UserID: "u", Organizations: `[]`},
			[]string{`{"type":"user","key":"u"}`},
		},

		{"no key", convert.UserRow{Email: "a@b.co"}, []string{"error: user_id: the key is missing"}},
		{
			"key",
			convert.UserRow{UserID: "a b"},
			[]string{"error: user_id: user key: Permit allows only letters, digits and | @ + - . _"},
		},
		{
			"email",
			convert.UserRow{UserID: "u", Email: "jane"},
			[]string{"error: email: not an email address that Permit accepts"},
		},
		{"name", convert.UserRow{UserID: "u", GivenName: "Jos\xe9"}, []string{"error: given_name: not UTF-8"}},
		{"roles: text", convert.UserRow{UserID: "u", Roles: "Admin"}, []string{badRoles}},
		{"roles: null", convert.UserRow{UserID: "u", Roles: "null"}, []string{badRoles}},
		{"roles: object", convert.UserRow{UserID: "u", Roles: `{"a":1}`}, []string{badRoles}},
		{"roles: numbers", convert.UserRow{UserID: "u", Roles: `[1]`}, []string{badRoles}},
		{"roles: more behind", convert.UserRow{UserID: "u", Roles: `["A"]["B"]`}, []string{badRoles}},
		{"roles: not UTF-8", convert.UserRow{UserID: "u", Roles: "[\"\xff\"]"}, []string{badRoles}},
		{
			"roles: null in it",
			convert.UserRow{UserID: "u", Roles: `["A",null]`},
			[]string{"error: roles: contains a role without a name"},
		},
		{"organizations: names", convert.UserRow{UserID: "u", Organizations: `["acme"]`}, []string{badOrganizations}},
		{
			"organizations: no id",
			convert.UserRow{UserID: "u", Organizations: `[{}]`},
			[]string{"error: organizations: id: the key is missing"},
		},
		{
			"organizations: role",
			convert.UserRow{UserID: "u", Organizations: `[{"id":"o","roles":[""]}]`},
			[]string{"error: organizations: contains a role without a name"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newConverter(t, convert.Options{})
			for i := range 2 { // the second time, the catalogue's lines are written already
				want := tt.want
				if i > 0 {
					want = want[len(want)-1:]
				}
				if diff := cmp.Diff(want, c.convert(tt.row)); diff != "" {
					t.Errorf("User, time %d (-want +got):\n%s", i+1, diff)
				}
			}
		})
	}
}

// Nothing of a row remains in the next.
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
		got = append(got, c.convert(rows[i])...)
	}
	want := []string{
		`{"type":"role","key":"A","name":"A"}`,
		`{"type":"tenant","key":"o"}`,
		`{"type":"user","key":"1","email":"a@b.co","attributes":{"provider":"db"},` +
			`"role_assignments":[{"role":"A"},{"role":"A","tenant":"o"}]}`,
		`{"type":"user","key":"2"}`,
		`{"type":"user","key":"3","role_assignments":[]}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestConnectionOfAFault(t *testing.T) {
	t.Parallel()
	row := convert.UserRow{Provider: "db"}
	if _, fault := newConverter(t, convert.Options{}).convertUser(&row); fault == nil || fault.Connection != "db" {
		t.Errorf("ReadUser(%+v) = %#v, want a fault of the connection db", row, fault)
	}
}
