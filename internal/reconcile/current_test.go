package reconcile_test

import (
	"slices"
	"testing"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// An assignment in Permit fulfils one of a line if user, role and resource instance are
// the same, and also the tenant if the line names one.
func TestHaveAssignmentFindsTheLinesAssignment(t *testing.T) {
	t.Parallel()
	type assignment = record.RoleAssignment
	onInstance := func(role, tenant, instance string) assignment {
		return assignment{Role: role, Tenant: tenant, ResourceInstance: instance}
	}
	lines := []string{
		`{"key":"a","role_assignments":[{"role":"r"},{"role":"s","tenant":"acme"},` +
			`{"role":"r","resource_instance":"doc:1"},{"role":"s","tenant":"acme","resource_instance":"doc:2"}]}`,
		// The same instances, but with the tenant given by the other one.
		`{"key":"b","role_assignments":[{"role":"r","tenant":"acme","resource_instance":"doc:1"},` +
			`{"role":"s","resource_instance":"doc:2"}]}`,
	}
	all := []string{"r@default", "s@acme", "r@#doc:1", "s@acme#doc:2"}
	less := func(gone string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == gone })
	}
	tests := []struct {
		name string
		user string
		have assignment
		want bool
		left []string // to make for user a
	}{
		{"in the default tenant", "a", assignment{Role: "r", Tenant: "default"}, true, less("r@default")},
		{"in another tenant", "a", assignment{Role: "s", Tenant: "acme"}, true, less("s@acme")},
		{"on an instance named without its tenant", "a", onInstance("r", "acme", "doc:1"), true, less("r@#doc:1")},
		{"on an instance, whichever its tenant", "a", onInstance("r", "beta", "doc:1"), true, less("r@#doc:1")},
		{"on an instance named with its tenant", "a", onInstance("s", "acme", "doc:2"), true, less("s@acme#doc:2")},
		{"on that instance in another tenant", "a", onInstance("s", "beta", "doc:2"), false, all},
		{"the right role in the wrong tenant", "a", assignment{Role: "r", Tenant: "acme"}, false, all},
		{"the wrong role in the right tenant", "a", assignment{Role: "s", Tenant: "default"}, false, all},
		{"on the wrong instance", "a", onInstance("s", "acme", "doc:1"), false, all},
		{"on an instance nobody names", "a", onInstance("r", "default", "doc:9"), false, all},
		{"in a tenant nobody names", "a", assignment{Role: "r", Tenant: "beta"}, false, all},
		{"a role nobody names", "a", assignment{Role: "q", Tenant: "default"}, false, all},
		{"of another user", "b", assignment{Role: "r", Tenant: "default"}, false, all},
		{"of a user nobody names", "z", assignment{Role: "r", Tenant: "default"}, false, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := planAgainst(newDesired(t, lines...), func(c *reconcile.Current) {
				for range 2 { // a list may show one twice
					haveOldAssignment(c, tt.user, tt.have)
				}
			})
			if got := p.Counts.Assigned == 1; got != tt.want {
				t.Errorf("%d assignments are there, want one: %v", p.Counts.Assigned, tt.want)
			}
			if got := assignmentsToMake(p, 0); !slices.Equal(got, tt.left) {
				t.Errorf("assigns %v, want %v", got, tt.left)
			}
			if got, want := assignmentsToMake(p, 1), []string{"r@acme#doc:1", "s@#doc:2"}; !slices.Equal(got, want) {
				t.Errorf("assigns %v to the other user, want %v", got, want)
			}
		})
	}
}

// A line may name an instance both with and without its tenant. One assignment in
// Permit fulfils both.
func TestInstanceNamedWithAndWithoutTenant(t *testing.T) {
	t.Parallel()
	d := newDesired(t, `{"key":"a","role_assignments":[{"role":"r","resource_instance":"doc:1"},`+
		`{"role":"r","tenant":"acme","resource_instance":"doc:1"}]}`)
	p := planAgainst(d, func(c *reconcile.Current) {
		haveOldAssignment(c, "a", record.RoleAssignment{Role: "r", Tenant: "acme", ResourceInstance: "doc:1"})
	})
	if got := assignmentsToMake(p, 0); len(got) > 0 || p.Counts.Assigned != 2 {
		t.Errorf("assigns %v, and %d are there", got, p.Counts.Assigned)
	}
}

// Compare reports whether a user differs from its line. For the plan, the first answer
// counts.
func TestCompareTellsWhoDiffers(t *testing.T) {
	t.Parallel()
	d := newDesired(t, `{"key":"a"}`, `{"key":"b","first_name":"Bob"}`, `{"key":"c"}`,
		`{"key":"d"}`, `{"key":"d","email":"d@x.io"}`)
	p := planAgainst(d, func(c *reconcile.Current) {
		for _, tt := range []struct {
			key     string
			number  int
			line    record.User
			differs bool
		}{
			{"a", 0, record.User{Key: "a"}, false},
			{"b", 1, record.User{Key: "b", FirstName: "Bob"}, true},
			{"d", 3, record.User{Key: "d"}, false},
		} {
			i, ok := c.HaveUser(tt.key, "")
			if !ok || i != tt.number {
				t.Errorf("HaveUser(%q) = %d, %v; want %d", tt.key, i, ok, tt.number)
			}
			if got := c.Compare(i, &tt.line, &record.User{Key: tt.key}); got != tt.differs {
				t.Errorf("Compare(%q) = %v", tt.key, got)
			}
		}
		// A list that shifts while it is read may show a user twice.
		c.Compare(1, &record.User{Key: "b"}, &record.User{Key: "b"})
	})
	if got, want := fatesOf(p), []string{"same", "update", "create", "conflicted"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
