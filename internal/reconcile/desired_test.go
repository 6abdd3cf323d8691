package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// A line of a key is new, repeats an earlier one, or differs from it. Then the user is
// in conflict.
func TestUserLinesOfOneKey(t *testing.T) {
	t.Parallel()
	const first, again, differs = reconcile.First, reconcile.Repeated, reconcile.Differing
	const create, conflicted = "create", "conflicted"
	tests := []struct {
		name  string
		lines []string
		want  []reconcile.Repeat
		fates []string
	}{
		{"two users", []string{`{"key":"a"}`, `{"key":"b"}`}, []reconcile.Repeat{first, first}, []string{create, create}},
		{
			"keys differ by case",
			[]string{`{"key":"a"}`, `{"key":"A"}`},
			[]reconcile.Repeat{first, first},
			[]string{create, create},
		},
		{
			"a line twice",
			[]string{`{"key":"a","email":"a@x.io"}`, `{"key":"a","email":"a@x.io"}`},
			[]reconcile.Repeat{first, again},
			[]string{create},
		},
		{
			"fields in another order",
			[]string{`{"key":"a","attributes":{"x":1,"y":2}}`, `{"attributes":{"y":2,"x":1},"key":"a"}`},
			[]reconcile.Repeat{first, again},
			[]string{create},
		},
		{
			"another email",
			[]string{`{"key":"a","email":"a@x.io"}`, `{"key":"a"}`},
			[]reconcile.Repeat{first, differs},
			[]string{conflicted},
		},
		{
			"another attribute",
			[]string{`{"key":"a","attributes":{"x":1}}`, `{"key":"a","attributes":{"x":2}}`},
			[]reconcile.Repeat{first, differs},
			[]string{conflicted},
		},
		{
			"another role",
			[]string{`{"key":"a","role_assignments":[{"role":"r"}]}`, `{"key":"a","role_assignments":[{"role":"s"}]}`},
			[]reconcile.Repeat{first, differs},
			[]string{conflicted},
		},
		{
			"unknown roles and no roles",
			[]string{`{"key":"a"}`, `{"key":"a","role_assignments":[]}`},
			[]reconcile.Repeat{first, differs},
			[]string{conflicted},
		},
		{
			"the first again, after one that differs",
			[]string{`{"key":"a"}`, `{"key":"a","email":"a@x.io"}`, `{"key":"a"}`, `{"key":"b"}`},
			[]reconcile.Repeat{first, differs, again, first},
			[]string{conflicted, create},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
			var got []reconcile.Repeat
			for _, line := range tt.lines {
				got = append(got, d.WantUser(parseUser(t, line)))
			}
			d.Finish()
			fates := fatesOf(planAgainst(d, emptyPermit))
			if !slices.Equal(got, tt.want) || !slices.Equal(fates, tt.fates) {
				t.Errorf("got %v and fates %v, want %v and %v", got, fates, tt.want, tt.fates)
			}
		})
	}
}

// An assignment without a tenant is in the default tenant, and repeats count once.
func TestAssignmentsOfALine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, roles string
		want        []string
	}{
		{"none", `[]`, nil},
		{"without a tenant it is the default one", `[{"role":"r"}]`, []string{"r@default"}},
		{"said twice, once by name", `[{"role":"r"},{"role":"r","tenant":"default"},{"role":"r"}]`, []string{"r@default"}},
		{"two tenants", `[{"role":"r","tenant":"acme"},{"role":"r"}]`, []string{"r@acme", "r@default"}},
		{"two roles", `[{"role":"s"},{"role":"r"}]`, []string{"s@default", "r@default"}},
		{"roles differ by case", `[{"role":"r"},{"role":"R"}]`, []string{"r@default", "R@default"}},
		{"an instance brings its own tenant", `[{"role":"r","resource_instance":"doc:1"}]`, []string{"r@#doc:1"}},
		{
			"an instance is not its tenant",
			`[{"role":"r","tenant":"acme"},{"role":"r","tenant":"acme","resource_instance":"doc:1"}]`,
			[]string{"r@acme", "r@acme#doc:1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			// Other users come before and after, with assignments of their own.
			d := newDesired(t, `{"key":"before","role_assignments":[{"role":"x"}]}`,
				fmt.Sprintf(`{"key":"a","role_assignments":%s}`, tt.roles),
				`{"key":"after","role_assignments":[{"role":"r"},{"role":"y"}]}`)
			p := planAgainst(d, emptyPermit)
			if got := assignmentsToMake(p, 1); !slices.Equal(got, tt.want) {
				t.Errorf("wants %v, want %v", got, tt.want)
			}
			if got, want := assignmentsToMake(p, 0), []string{"x@default"}; !slices.Equal(got, want) {
				t.Errorf("the user before wants %v, want %v", got, want)
			}
			if got, want := assignmentsToMake(p, 2), []string{"r@default", "y@default"}; !slices.Equal(got, want) {
				t.Errorf("the user after wants %v, want %v", got, want)
			}
		})
	}
}

// What the input does not mention need not be read from Permit.
func TestNeedsTenantsAndAssignments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line                string
		tenants, assignment bool
	}{
		{`{"key":"a"}`, false, false},
		{`{"key":"a","role_assignments":[]}`, false, false},
		{`{"key":"a","role_assignments":[{"role":"r"}]}`, true, true}, // needs the default tenant
		{`{"key":"a","role_assignments":[{"role":"r","resource_instance":"doc:1"}]}`, false, true},
	}
	for _, tt := range tests {
		d := newDesired(t, tt.line)
		c := reconcile.NewCurrent(d)
		if c.NeedsTenants() != tt.tenants || d.NeedsAssignments() != tt.assignment {
			t.Errorf("%s: NeedsTenants %v, NeedsAssignments %v", tt.line, c.NeedsTenants(), d.NeedsAssignments())
		}
		c.HaveAssignment("another", record.RoleAssignment{Role: "r", Tenant: "default"}, time.Time{})
		if c.NeedsTenants() {
			t.Errorf("%s: an assignment in the tenant does not show that it is there", tt.line)
		}
	}
	d := newDesired(t)
	d.WantTenant(&record.Tenant{Key: "acme", Name: "Acme"})
	c := reconcile.NewCurrent(d)
	c.HaveAssignment("another", record.RoleAssignment{Role: "r", Tenant: "acme"}, time.Time{})
	if !c.NeedsTenants() || d.NeedsAssignments() || d.Users() != 0 {
		t.Errorf("a tenant line: NeedsTenants %v, NeedsAssignments %v, Users %d",
			c.NeedsTenants(), d.NeedsAssignments(), d.Users())
	}
}
