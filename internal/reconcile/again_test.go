package reconcile_test

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
)

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
		moreRoles, moreTenants := toCreate(again)
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
