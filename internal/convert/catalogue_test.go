package convert_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/convert"
)

func TestCatalogue(t *testing.T) {
	t.Parallel()
	with := func(role string) string {
		return fmt.Sprintf(`{"type":"user","key":"u","role_assignments":[{"role":%q}]}`, role)
	}
	unkeyed := "error: " + convert.ErrUnkeyed.Error()
	tests := []struct {
		name string
		m    convert.RoleMap
		rows []any
		want []string
	}{
		{
			"a key of its own, a slug", nil,
			[]any{userWithRoles("dev_Ops-1"), userWithRoles("Développeur & Co.")},
			[]string{
				`{"type":"role","key":"dev_Ops-1","name":"dev_Ops-1"}`, with("dev_Ops-1"),
				`{"type":"role","key":"developpeur-and-co","name":"Développeur \u0026 Co."}`, with("developpeur-and-co"),
			},
		},
		{
			"two names for one key", nil,
			[]any{
				userWithRoles("Billing Viewer"), userWithRoles("Billing  Viewer"), userWithRoles("New", "Billing  Viewer"),
				userWithRoles("billing-viewer"), userWithRoles("New"),
			},
			[]string{
				`{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`, with("billing-viewer"),
				`unkeyed "Billing  Viewer" "billing-viewer" "Billing Viewer"`, unkeyed,
				unkeyed,
				`unkeyed "billing-viewer" "billing-viewer" "Billing Viewer"`, unkeyed,
				`{"type":"role","key":"New","name":"New"}`, with("New"),
			},
		},
		{
			"nothing left of a name", nil,
			[]any{userWithRoles("!!!"), userWithRoles("!!!", "???")},
			[]string{`unkeyed "!!!" "" ""`, unkeyed, `unkeyed "???" "" ""`, unkeyed},
		},
		{
			"mapped by name",
			convert.RoleMap{"Billing  Viewer": "bv2", "!!!": "bang"},
			[]any{userWithRoles("Billing Viewer"), userWithRoles("Billing  Viewer"), userWithRoles("!!!")},
			[]string{
				`{"type":"role","key":"billing-viewer","name":"Billing Viewer"}`, with("billing-viewer"),
				`{"type":"role","key":"bv2","name":"Billing  Viewer"}`, with("bv2"),
				`{"type":"role","key":"bang","name":"!!!"}`, with("bang"),
			},
		},
		{
			"two mapped to one",
			convert.RoleMap{"Admins": "admin", "Administrators": "admin"},
			[]any{userWithRoles("Admins", "Administrators")},
			[]string{`{"type":"role","key":"admin","name":"Admins"}`, with("admin")},
		},
		{
			"a roles table before users",
			convert.RoleMap{"rol_2": "bv", "Billing Viewer": "loses"},
			[]any{
				convert.RoleRow{ID: "rol_1", Name: "Admin"},
				convert.RoleRow{ID: "rol_2", Name: "Billing Viewer", Description: "Looks"},
				userWithRoles("Billing Viewer"), userWithRoles("Admin"),
				convert.RoleRow{ID: "rol_1", Name: "Admin"},
			},
			[]string{
				`{"type":"role","key":"Admin","name":"Admin","attributes":{"auth0_role_id":"rol_1"}}`,
				`{"type":"role","key":"bv","name":"Billing Viewer","description":"Looks","attributes":{"auth0_role_id":"rol_2"}}`,
				with("bv"), with("Admin"),
			},
		},
		{
			"a roles table after users", nil,
			[]any{
				userWithRoles("Admin"),
				convert.RoleRow{ID: "rol_1", Name: "Admin", Description: "All"},
				userWithRoles("Admin"),
			},
			[]string{
				`{"type":"role","key":"Admin","name":"Admin"}`, with("Admin"),
				`{"type":"role","key":"Admin","name":"Admin","description":"All","attributes":{"auth0_role_id":"rol_1"}}`,
				with("Admin"),
			},
		},
		{
			"a roles table after users, mapped by id",
			convert.RoleMap{"rol_1": "boss"},
			[]any{userWithRoles("Admin"), convert.RoleRow{ID: "rol_1", Name: "Admin"}},
			[]string{
				`{"type":"role","key":"Admin","name":"Admin"}`, with("Admin"),
				`error: role "Admin": --role-map gives its id the key "boss", but users before this row have it as "Admin"`,
			},
		},
		{
			"a roles table of two names for one key", nil,
			[]any{
				convert.RoleRow{ID: "rol_1", Name: "a b"},
				convert.RoleRow{ID: "rol_2", Name: "a  b"},
				userWithRoles("a  b"),
			},
			[]string{
				`{"type":"role","key":"a-b","name":"a b","attributes":{"auth0_role_id":"rol_1"}}`,
				`unkeyed "a  b" "a-b" "a b"`, unkeyed, unkeyed,
			},
		},
		{
			"faults of a roles table", nil,
			[]any{
				convert.RoleRow{Name: "A"},
				convert.RoleRow{ID: "rol_1"},
				convert.RoleRow{ID: "rol_1", Name: "A", Description: "\xff"},
			},
			[]string{"error: role_id: the key is missing", "error: name: no name", "error: description: not UTF-8"},
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
				`{"type":"role","key":"A","name":"A"}`,
				`{"type":"user","key":"u","role_assignments":[{"role":"A","tenant":"org_1"}]}`,
				"error: organization_id: the key is missing",
				"error: organization_id: tenant key: Permit allows only letters, digits, - and _",
				"error: name: not UTF-8",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newConverter(t, convert.Options{RoleMap: tt.m})
			var got []string
			for _, row := range tt.rows {
				got = append(got, c.convert(row)...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCatalogueCounts(t *testing.T) {
	t.Parallel()
	o := convert.Options{RoleMap: convert.RoleMap{"A": "a", "rol_9": "x", "B": "b"}}
	catalogue := convert.NewCatalogue(o)
	holds, fault := o.ReadHolds(`["A"]`, `[{"id":"o"},{"id":"p","roles":[]},{"id":"q","roles":["A"]}]`)
	if fault != nil {
		t.Fatal(fault)
	}
	if lines, err := catalogue.Assign(holds); err != nil || lines.WithoutRole != 2 {
		t.Errorf("Assign = %+v, %v; want 2 memberships without a role", lines, err)
	}
	if diff := cmp.Diff([]string{"B", "rol_9"}, catalogue.UnusedMappings()); diff != "" {
		t.Errorf("UnusedMappings (-want +got):\n%s", diff)
	}
}
