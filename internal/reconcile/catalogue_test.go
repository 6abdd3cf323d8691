package reconcile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Lines of one key are merged. A field with a value beats an empty one; if both have a
// value, the first wins.
func TestRoleLinesOfOneKeyAreMerged(t *testing.T) {
	t.Parallel()
	type attributes = map[string]any
	tests := []struct {
		name  string
		lines []record.Role
		want  record.Role
	}{
		{
			"name and description from two lines",
			[]record.Role{{Name: "Admin"}, {Description: "All of it"}},
			record.Role{Name: "Admin", Description: "All of it"},
		},
		{
			"the first stands",
			[]record.Role{{Name: "Admin", Description: "A"}, {Name: "Boss", Description: "B"}},
			record.Role{Name: "Admin", Description: "A"},
		},
		{
			"a later name beats none",
			[]record.Role{{}, {Name: "Admin"}, {Name: "Boss"}},
			record.Role{Name: "Admin"},
		},
		{
			"attributes of two lines",
			[]record.Role{
				{Name: "A", Attributes: attributes{"x": "1", "both": "first"}},
				{Attributes: attributes{"y": "2", "both": "second"}},
			},
			record.Role{Name: "A", Attributes: attributes{"x": "1", "y": "2", "both": "first"}},
		},
		{
			"attributes from the second line alone",
			[]record.Role{{Name: "A"}, {Attributes: attributes{"y": "2"}}},
			record.Role{Name: "A", Attributes: attributes{"y": "2"}},
		},
		{
			"an empty attribute is beaten",
			[]record.Role{
				{Name: "A", Attributes: attributes{"x": "", "y": nil, "z": ""}},
				{Attributes: attributes{"x": "1", "y": true}},
			},
			record.Role{Name: "A", Attributes: attributes{"x": "1", "y": true, "z": ""}},
		},
		{
			"an empty attribute beats none",
			[]record.Role{{Name: "A", Attributes: attributes{"x": "1"}}, {Attributes: attributes{"x": "", "y": ""}}},
			record.Role{Name: "A", Attributes: attributes{"x": "1", "y": ""}},
		},
		{
			"without a name the key is the name",
			[]record.Role{{Description: "D"}},
			record.Role{Name: "admin", Description: "D"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
			for i, line := range tt.lines {
				line.Key = "admin"
				want := reconcile.Repeated
				if i == 0 {
					want = reconcile.First
				}
				if got := d.WantRole(&line); got != want {
					t.Errorf("line %d: %v, want %v", i, got, want)
				}
			}
			tt.want.Key = "admin"
			roles, _ := toCreate(planAgainst(d, emptyPermit))
			if diff := cmp.Diff([]record.Role{tt.want}, roles); diff != "" {
				t.Errorf("created (-want +got): %s", diff)
			}
		})
	}
}

// The same holds for tenants.
func TestTenantLinesOfOneKeyAreMerged(t *testing.T) {
	t.Parallel()
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	got := []reconcile.Repeat{
		d.WantTenant(&record.Tenant{Key: "acme", Attributes: map[string]any{"x": "1", "y": ""}}),
		d.WantTenant(&record.Tenant{Key: "acme", Name: "Acme Inc", Attributes: map[string]any{"x": "2", "y": "3"}}),
		d.WantTenant(&record.Tenant{Key: "acme", Name: "Other"}),
		d.WantTenant(&record.Tenant{Key: "beta"}),
	}
	const first, repeated = reconcile.First, reconcile.Repeated
	if want := []reconcile.Repeat{first, repeated, repeated, first}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	_, tenants := toCreate(planAgainst(d, emptyPermit))
	want := []record.Tenant{
		{Key: "acme", Name: "Acme Inc", Attributes: map[string]any{"x": "1", "y": "3"}}, {Key: "beta", Name: "beta"},
	}
	if diff := cmp.Diff(want, tenants); diff != "" {
		t.Errorf("created (-want +got): %s", diff)
	}
}

// Missing roles and tenants come in the order of their first mention in the input, by a
// line of their own or by a user.
func TestMissingRolesAndTenantsComeInOrder(t *testing.T) {
	t.Parallel()
	d := newDesired(t, `{"key":"a","role_assignments":[{"role":"zeta","tenant":"org_2"},{"role":"late"}]}`)
	d.WantRole(&record.Role{Key: "alpha", Name: "Alpha"})
	d.WantRole(&record.Role{Key: "late", Name: "Late", Description: "named before its line"})
	d.WantTenant(&record.Tenant{Key: "org_1", Name: "One"})
	d.WantUser(parseUser(t, `{"key":"b","role_assignments":`+
		`[{"role":"there","tenant":"org_0"},{"role":"alpha","tenant":"org_1"}]}`))
	// Permit lists them in another order.
	p := planAgainst(d, func(c *reconcile.Current) {
		for _, key := range []string{"unheard-of", "there"} {
			c.HaveRole(record.Role{Key: key})
		}
		for _, key := range []string{"org_0", "unheard-of"} {
			c.HaveTenant(key, "")
		}
	})
	roles, tenants := toCreate(p)
	wantRoles := []record.Role{
		{Type: "role", Key: "zeta", Name: "zeta"},
		{Key: "late", Name: "Late", Description: "named before its line"},
		{Key: "alpha", Name: "Alpha"},
	}
	wantTenants := []record.Tenant{
		{Type: "tenant", Key: "org_2", Name: "org_2"},
		{Type: "tenant", Key: "default", Name: "default"},
		{Key: "org_1", Name: "One"},
	}
	if diff := cmp.Diff(wantRoles, roles); diff != "" {
		t.Errorf("roles (-want +got): %s", diff)
	}
	if diff := cmp.Diff(wantTenants, tenants); diff != "" {
		t.Errorf("tenants (-want +got): %s", diff)
	}
}

// Roles and tenants that only refused users name are not created.
func TestNothingIsCreatedForRefusedUsers(t *testing.T) {
	t.Parallel()
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	d.WantUser(&record.User{Key: "a", RoleAssignments: []record.RoleAssignment{{Role: "ghost", Tenant: "nowhere"}}})
	d.WantUser(&record.User{Key: "a", FirstName: "Ann"})
	d.WantUser(&record.User{Key: "b", RoleAssignments: []record.RoleAssignment{{Role: "Admin", Tenant: "acme"}}})
	d.Finish()
	roles, tenants := toCreate(planAgainst(d, func(c *reconcile.Current) { c.HaveTenant("default", "") }))
	if len(roles) != 1 || roles[0].Key != "Admin" || len(tenants) != 1 || tenants[0].Key != "acme" {
		t.Errorf("missing roles %v and tenants %v, want Admin and acme alone", roles, tenants)
	}
}
