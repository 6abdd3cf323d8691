package reconcile_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

func TestHaveAssignment(t *testing.T) {
	t.Parallel()
	type assignment = record.RoleAssignment
	lines := []string{
		`{"key":"a","role_assignments":[{"role":"r"},{"role":"s","tenant":"acme"},{"role":"r","resource_instance":"doc:1"},{"role":"s","tenant":"acme","resource_instance":"doc:2"}]}`,
		// Names the same instances the other way: with a tenant, and without.
		`{"key":"b","role_assignments":[{"role":"r","tenant":"acme","resource_instance":"doc:1"},{"role":"s","resource_instance":"doc:2"}]}`,
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
		left []string // of user a
	}{
		{"in the default tenant", "a", assignment{Role: "r", Tenant: "default"}, true, less("r@default")},
		{"in another tenant", "a", assignment{Role: "s", Tenant: "acme"}, true, less("s@acme")},
		{"on an instance named without its tenant", "a", assignment{Role: "r", Tenant: "acme", ResourceInstance: "doc:1"}, true, less("r@#doc:1")},
		{"on an instance, whichever its tenant", "a", assignment{Role: "r", Tenant: "beta", ResourceInstance: "doc:1"}, true, less("r@#doc:1")},
		{"on an instance named with its tenant", "a", assignment{Role: "s", Tenant: "acme", ResourceInstance: "doc:2"}, true, less("s@acme#doc:2")},
		{"on that instance in another tenant", "a", assignment{Role: "s", Tenant: "beta", ResourceInstance: "doc:2"}, false, all},
		{"the right role in the wrong tenant", "a", assignment{Role: "r", Tenant: "acme"}, false, all},
		{"the wrong role in the right tenant", "a", assignment{Role: "s", Tenant: "default"}, false, all},
		{"on the wrong instance", "a", assignment{Role: "s", Tenant: "acme", ResourceInstance: "doc:1"}, false, all},
		{"on an instance nobody names", "a", assignment{Role: "r", Tenant: "default", ResourceInstance: "doc:9"}, false, all},
		{"in a tenant nobody names", "a", assignment{Role: "r", Tenant: "beta"}, false, all},
		{"a role nobody names", "a", assignment{Role: "q", Tenant: "default"}, false, all},
		{"of another user", "b", assignment{Role: "r", Tenant: "default"}, false, all},
		{"of a user nobody names", "z", assignment{Role: "r", Tenant: "default"}, false, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := planOf(t, lines...)
			for range 2 { // a list may show one twice
				if got := p.HaveAssignment(tt.user, tt.have); got != tt.want {
					t.Errorf("HaveAssignment = %v, want %v", got, tt.want)
				}
			}
			if got := wanting(p, 0); !slices.Equal(got, tt.left) {
				t.Errorf("still wanting %v, want %v", got, tt.left)
			}
			if got, want := wanting(p, 1), []string{"r@acme#doc:1", "s@#doc:2"}; !slices.Equal(got, want) {
				t.Errorf("the other user wants %v, want %v", got, want)
			}
		})
	}
}

// One line may name an instance with its tenant and without: both are there.
func TestAnInstanceNamedTwice(t *testing.T) {
	t.Parallel()
	p := planOf(t, `{"key":"a","role_assignments":[{"role":"r","resource_instance":"doc:1"},{"role":"r","tenant":"acme","resource_instance":"doc:1"}]}`)
	if !p.HaveAssignment("a", record.RoleAssignment{Role: "r", Tenant: "acme", ResourceInstance: "doc:1"}) {
		t.Error("not wanted")
	}
	if got := wanting(p, 0); len(got) > 0 {
		t.Errorf("still wanting %v", got)
	}
}

func TestWantingAndMade(t *testing.T) {
	t.Parallel()
	p := planOf(t, `{"key":"a","role_assignments":[{"role":"r"},{"role":"s"}]}`,
		`{"key":"b","role_assignments":[{"role":"r"},{"role":"s"},{"role":"t"}]}`)
	// Made while they are walked, as a load does.
	for a := range p.Wanting(1) {
		if a.User != 1 {
			t.Errorf("%v is said to be user %d's", a.RoleAssignment, a.User)
		}
		if a.Role != "s" {
			p.Made(a)
		}
	}
	if got, want := wanting(p, 1), []string{"s@default"}; !slices.Equal(got, want) {
		t.Errorf("still wanting %v, want %v", got, want)
	}
	if got, want := wanting(p, 0), []string{"r@default", "s@default"}; !slices.Equal(got, want) {
		t.Errorf("the other user wants %v, want %v", got, want)
	}
	walked := 0
	for range p.Wanting(0) {
		walked++
		break
	}
	if walked != 1 {
		t.Errorf("walked %d", walked)
	}
}

func TestFound(t *testing.T) {
	t.Parallel()
	p := planOf(t, `{"key":"a"}`, `{"key":"b"}`, `{"key":"c"}`, `{"key":"d"}`, `{"key":"d","email":"d@x.io"}`)
	for key, number := range map[string]int{"a": 0, "b": 1, "d": 3} {
		if i, ok := p.HaveUser(key, ""); !ok || i != number {
			t.Errorf("HaveUser(%q) = %d, %v; want %d", key, i, ok, number)
		}
		p.Found(number, key == "a")
	}
	p.Found(1, true) // a list may show one twice, when it shifts
	for i, want := range []reconcile.State{reconcile.Same, reconcile.Update, reconcile.Create, reconcile.Conflicted} {
		if got := p.State(i); got != want {
			t.Errorf("user %d is %s, want %s", i, stateName(got), stateName(want))
		}
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	// Each user wants one that is made, one to make, and two that are blocked.
	const roles = `"role_assignments":[{"role":"r"},{"role":"s"},{"role":"lacking"},{"role":"r","tenant":"lacking"}]}`
	tests := []struct {
		state reconcile.State
		want  reconcile.Counts
	}{
		{reconcile.Create, reconcile.Counts{Create: 1, Assign: 3, Assigned: 1, Blocked: 2}},
		{reconcile.Update, reconcile.Counts{Update: 1, Assign: 3, Assigned: 1, Blocked: 2}},
		{reconcile.Same, reconcile.Counts{Same: 1, Assign: 3, Assigned: 1, Blocked: 2}},
		{reconcile.Written, reconcile.Counts{Same: 1, Assign: 3, Assigned: 1, Blocked: 2}},
		{reconcile.Touched, reconcile.Counts{Same: 1, Assign: 3, Assigned: 1, Blocked: 2}},
		{reconcile.Conflicted, reconcile.Counts{Rejected: 1}},
		{reconcile.TakenEmail, reconcile.Counts{Rejected: 1}},
		{reconcile.Failed, reconcile.Counts{Rejected: 1}},
	}
	whole, sum := reconcile.New("default"), reconcile.Counts{}
	for i, tt := range tests {
		key := stateName(tt.state)
		p := planOf(t, `{"key":"`+key+`",`+roles)
		for _, p := range []*reconcile.Plan{p, whole} {
			p.WantUser(user(t, `{"key":"`+key+`",`+roles))
			p.HaveRole("r")
			p.HaveRole("s")
			p.HaveTenant("default", "")
			p.HaveAssignment(key, record.RoleAssignment{Role: "r", Tenant: "default"})
		}
		p.SetState(0, tt.state)
		whole.SetState(i, tt.state)
		if diff := cmp.Diff(tt.want, p.Counts()); diff != "" {
			t.Errorf("%s (-want +got): %s", key, diff)
		}
		sum.Create += tt.want.Create
		sum.Update += tt.want.Update
		sum.Same += tt.want.Same
		sum.Rejected += tt.want.Rejected
		sum.Assign += tt.want.Assign
		sum.Assigned += tt.want.Assigned
		sum.Blocked += tt.want.Blocked
	}
	if diff := cmp.Diff(sum, whole.Counts()); diff != "" {
		t.Errorf("all of them (-want +got): %s", diff)
	}
	// An assignment on an instance is not blocked for want of a tenant.
	p := planOf(t, `{"key":"a","role_assignments":[{"role":"r","resource_instance":"doc:1"}]}`)
	p.HaveRole("r")
	if got := p.Counts().Blocked; got != 0 {
		t.Errorf("%d blocked", got)
	}
}
