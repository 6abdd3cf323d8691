package permitload

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
)

// unassign takes away what --roles replace is to take away, but from users
// whose line could not be loaded.
func (l *loader) unassign(ctx context.Context) error {
	var batch []surplus
	for _, s := range l.takeAway.surplus {
		if l.plan.State(s.user) != reconcile.Failed {
			batch = append(batch, s)
		}
	}
	batch, err := l.stillOld(ctx, batch)
	if err != nil {
		return err
	}
	return l.deliverUnassignments(ctx, batch, func(s surplus) {
		l.takeAway.owed[s.user]--
		if l.plan.State(s.user) == reconcile.Same {
			l.plan.SetState(s.user, reconcile.Touched)
		}
	})
}

// stillOld is what of a batch Permit has still, and has had since before: what
// was taken away and given again while the load ran stays.
func (l *loader) stillOld(ctx context.Context, batch []surplus) ([]surplus, error) {
	old := maps.Clone(l.takeAway.again) // which the list may not show yet
	for held, err := range l.permit.AssignmentsOf(ctx, users(batch)) {
		if err != nil {
			return nil, err
		}
		old[held.Assignment] = old[held.Assignment] || l.takeAway.old(held)
	}
	return slices.DeleteFunc(batch, func(s surplus) bool {
		if !old[s.Assignment] {
			l.takeAway.owed[s.user]--
		}
		return !old[s.Assignment]
	}), nil
}

func (l *loader) deliverUnassignments(ctx context.Context, batch []surplus, done func(surplus)) error {
	return deliver(ctx, l, batch, bulk[surplus]{
		send: l.sendUnassignments,
		one: func(ctx context.Context, s surplus) error {
			return gone(l.permit.UnassignOne(ctx, s.Assignment))
		},
		done: func(s surplus) {
			l.report.Removed++
			done(s)
		},
		refuse: func(s surplus, f fault) error { return l.fail(s.user, f) },
		size:   &l.assignmentSize,
	})
}

// sendUnassignments makes one bulk call, and another without those that are
// gone already: an answer may have been lost.
func (l *loader) sendUnassignments(ctx context.Context, batch []surplus) error {
	for shrunk := false; ; shrunk = true {
		body := make([]permit.Assignment, len(batch))
		for i, s := range batch {
			body[i] = s.Assignment
		}
		err := l.permit.Unassign(ctx, body)
		if shrunk {
			err = unplaced(err)
		}
		if permit.Status(err) != http.StatusNotFound {
			return err
		}
		have, looked := l.assignments(ctx, users(batch))
		if looked != nil {
			return errors.Join(err, looked)
		}
		there := set(have)
		var rest []surplus
		for _, s := range batch {
			if there.has(s.Assignment) {
				rest = append(rest, s)
			}
		}
		switch len(rest) {
		case 0:
			return nil
		case len(batch):
			return err
		}
		batch = rest
	}
}

// gone takes a 404 for what it says: the thing is not there.
func gone(err error) error {
	if permit.Status(err) == http.StatusNotFound {
		return nil
	}
	return err
}
