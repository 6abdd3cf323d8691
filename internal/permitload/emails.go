package permitload

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"a0permit/internal/reconcile"
)

// releasing is the users who give an email up, which may be another's then:
// each behind the one whose email it takes. Where users pass their emails round
// in a ring, nobody can be the first: rings has one of each ring.
func (l *loader) releasing() (order, rings []int, err error) {
	met := map[int]bool{}
	for i := range l.plan.Users() {
		var chain []int
		j, ok := i, l.releases(i)
		for ok && !met[j] {
			met[j] = true
			chain = append(chain, j)
			u, err := l.body(j)
			if err != nil {
				return nil, nil, err
			}
			j, ok = l.released[reconcile.FoldEmail(u.Email)]
			ok = ok && l.releases(j)
		}
		if ok && len(chain) > 1 && slices.Contains(chain, j) {
			rings = append(rings, j)
		}
		slices.Reverse(chain)
		order = append(order, chain...)
	}
	return order, rings, nil
}

// releases reports whether user i is to be written and gives an email up by
// that.
func (l *loader) releases(i int) bool { return l.gives[i] != "" && l.plan.State(i) == reconcile.Update }

// standIn gives one user of each ring an email that is nobody's, until all of
// the ring are written. An email is told apart by its user's key, and keeps its
// domain, since Permit may look at that. Where it is refused, the ring is too,
// and comes out.
func (l *loader) standIn(ctx context.Context, rings []int) error {
	return singly(ctx, l, rings, bulk[int]{
		one: func(ctx context.Context, i int) error {
			u, err := l.body(i)
			if err != nil {
				return err
			}
			_, domain, _ := strings.Cut(l.gives[i], "@")
			sum := sha256.Sum256([]byte(u.Key))
			return l.permit.SetEmail(ctx, u.Key, fmt.Sprintf("a0permit-%x@%s", sum[:12], domain))
		},
		done:   func(i int) { l.stoodIn = append(l.stoodIn, i) },
		refuse: func(int, fault) error { return nil },
	})
}

// giveBack gives those who stood in and could not be written the email again
// that they had.
func (l *loader) giveBack(ctx context.Context) error {
	var left []int
	for _, i := range l.stoodIn {
		if l.plan.State(i) != reconcile.Written {
			left = append(left, i)
		}
	}
	return singly(ctx, l, left, bulk[int]{
		one: func(ctx context.Context, i int) error {
			u, err := l.in.user(l.in.users[i])
			if err != nil {
				return err
			}
			return l.permit.SetEmail(ctx, u.Key, l.gives[i])
		},
		done: func(int) {},
		refuse: func(i int, f fault) error {
			l.tool.Problem("a user of the input keeps an email a0permit-... that stood in for its own: %s", f.Code)
			return l.fail(i, f)
		},
	})
}
