package reconcile_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Diff does not change its arguments: a second Diff gives the same plan, and a plan
// yields the same operations each time.
func TestDiffChangesNothing(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]reconcile.Rules{
		"load":                {Tenant: "default"},
		"attributes replaced": {Tenant: "default", ReplaceAttributes: true},
		"users are deleted":   {Delete: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			role := &record.Role{Key: "admin"}
			d, c := newTangle(t, rules, role)
			first, second := reconcile.Diff(d, c), reconcile.Diff(d, c)
			want := contentOf(first)
			if len(want.Operations) < 4 || len(want.Refusals) == 0 {
				t.Errorf("the plan is too small to show much: %+v", want)
			}
			if diff := cmp.Diff(want, contentOf(second)); diff != "" {
				t.Errorf("the second plan (-first +second): %s", diff)
			}
			if diff := cmp.Diff(want, contentOf(first)); diff != "" {
				t.Errorf("the first plan, read again (-first +again): %s", diff)
			}
			if role.Name != "" {
				t.Errorf("the role of the input is called %s", role.Name)
			}
		})
	}
}

// newTangle returns an input and a Permit whose plan has every kind of operation: to
// create (also that role), rename, update, assign, remove and refuse.
func newTangle(t *testing.T, rules reconcile.Rules, role *record.Role) (*reconcile.Desired, *reconcile.Current) {
	t.Helper()
	d := reconcile.NewDesired(rules)
	lines := map[string]*record.User{}
	for _, text := range []string{
		`{"key":"new","email":"new@x.io","role_assignments":[{"role":"admin"},{"role":"lacking"}]}`,
		`{"key":"changed","first_name":"Ann","attributes":{"plan":"pro"},"role_assignments":[]}`,
		`{"key":"chain","email":"changed@x.io","role_assignments":[]}`,
		`{"key":"shares","email":"zoe@x.io"}`,
		`{"key":"conflicted"}`, `{"key":"conflicted","first_name":"C"}`,
	} {
		u := parseUser(t, text)
		if d.WantUser(u) == reconcile.First {
			lines[u.Key] = u
		}
	}
	d.WantRole(role)
	d.WantTenant(&record.Tenant{Key: "acme", Name: "Acme Inc"})
	d.Finish()
	d.PruneBefore(asOf)

	c := reconcile.NewCurrent(d)
	c.HaveTenant("acme", "Acme")
	for _, have := range []*record.User{
		{Key: "zoe", Email: "zoe@x.io"},
		{Key: "conflicted"},
		{Key: "shares"},
		{Key: "chain", Email: "chain@x.io"},
		{Key: "changed", Email: "changed@x.io", Attributes: map[string]any{"theme": "dark"}},
	} {
		if i, ok := c.HaveUser(have.Key, have.Email); ok {
			c.Compare(i, lines[have.Key], have)
		}
	}
	// Not sorted, and with a repeat, as in a list that shifts while it is read.
	haveAssignments(c, asOf.Add(-time.Hour),
		"chain admin acme", "changed admin acme", "chain byhand acme", "changed admin acme", "chain admin acme")
	return d, c
}

// content is everything that a plan contains.
type content struct {
	Operations []reconcile.Operation
	Refusals   map[int]record.Fault
	Counts     reconcile.Counts
	Kept       reconcile.Kept
}

func contentOf(p *reconcile.Plan) content {
	return content{slices.Collect(p.Operations()), maps.Collect(p.Refusals()), p.Counts, p.Kept}
}
