package reconcile_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// world is Permit as a naive model holds it: everything, by key.
type world struct {
	users          map[string]record.User
	assigned       map[string]map[record.RoleAssignment]bool // by user
	roles, tenants map[string]bool
}

// plan holds the lines against the world as permitload does.
func (w *world) plan(lines []record.User) *reconcile.Plan {
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	byNumber := []record.User{}
	for _, line := range lines {
		if d.WantUser(&line) == reconcile.First {
			byNumber = append(byNumber, line)
		}
	}
	d.Finish()
	return diff(d, func(c *reconcile.Current) {
		for key := range w.roles {
			c.HaveRole(record.Role{Key: key})
		}
		for key := range w.tenants {
			c.HaveTenant(key, "")
		}
		for key, have := range w.users {
			if i, ok := c.HaveUser(key, have.Email); ok {
				c.Compare(i, &byNumber[i], &have)
			}
		}
		for key, assigned := range w.assigned {
			for a := range assigned {
				haveAssignment(c, key, a)
			}
		}
	})
}

// apply does what the plan says, and says whose lines were not loaded.
func (w *world) apply(p *reconcile.Plan, lines []record.User) (rejected []string) {
	roles, tenants := created(p)
	for _, r := range roles {
		w.roles[r.Key] = true
	}
	for _, t := range tenants {
		w.tenants[t.Key] = true
	}
	users := distinct(lines)
	for op := range p.Operations() {
		if op.RecordID() != (reconcile.RecordID{}) {
			continue
		}
		line := users[op.User]
		switch op.Op {
		case reconcile.Create:
			u := p.Write(op.User, &line, nil)
			u.RoleAssignments = nil
			w.users[line.Key] = u
		case reconcile.Update:
			have := w.users[line.Key]
			w.users[line.Key] = p.Write(op.User, &line, &have)
		default:
			a := op.Assignment
			if a.ResourceInstance != "" && a.Tenant == "" {
				a.Tenant = tenantOf(a.ResourceInstance)
			}
			if w.assigned[line.Key] == nil {
				w.assigned[line.Key] = map[record.RoleAssignment]bool{}
			}
			w.assigned[line.Key][a] = true
		}
	}
	for i, what := range fates(p) {
		if what == "conflicted" || what == "taken" {
			rejected = append(rejected, users[i].Key+" "+what)
		}
	}
	return rejected
}

// tenantOf is the tenant that an instance is in: "doc:acme1" is in acme.
func tenantOf(instance string) string {
	return strings.TrimSuffix(strings.TrimPrefix(instance, "doc:"), "1")
}

// distinct is the first line of each key.
func distinct(lines []record.User) []record.User {
	var first []record.User
	for _, line := range lines {
		if !slices.ContainsFunc(first, func(u record.User) bool { return u.Key == line.Key }) {
			first = append(first, line)
		}
	}
	return first
}

// FuzzAgain draws an input and a Permit, loads the one into the other by the
// plan, holds the outcome against the lines, and plans again: then there is
// nothing to do.
func FuzzAgain(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		seed := make([]byte, 20+rng.IntN(150))
		for i := range seed {
			seed[i] = byte(rng.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed []byte) {
		d := dice(seed)
		w, lines := d.world(), d.lines()
		before := w.clone()
		p := w.plan(lines)
		counts := p.Counts
		rejected := w.apply(p, lines)
		w.check(t, before, lines, rejected)

		again := w.plan(lines)
		moreRoles, moreTenants := created(again)
		got := again.Counts
		want := reconcile.Counts{
			UserCounts: reconcile.UserCounts{
				Same: counts.Create + counts.Update + counts.Same, Refused: counts.Refused, Strangers: counts.Strangers,
			},
			AssignmentCounts: reconcile.AssignmentCounts{Assigned: counts.Assign + counts.Assigned},
		}
		if diff := cmp.Diff(want, got); diff != "" || len(moreRoles)+len(moreTenants) > 0 {
			t.Errorf("a second load is not idle: missing %v %v, counts (-want +got): %s", moreRoles, moreTenants, diff)
		}
		left := w.clone()
		if diff := cmp.Diff(rejected, w.apply(again, lines)); diff != "" {
			t.Errorf("a second load rejects others: %s", diff)
		}
		if diff := cmp.Diff(left, w, cmp.AllowUnexported(world{})); diff != "" {
			t.Errorf("a second load changed Permit: %s", diff)
		}
	})
}
