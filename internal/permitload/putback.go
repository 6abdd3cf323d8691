package permitload

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
)

// keeping runs put, which writes the users of a batch, and makes again what
// that has cleared of the assignments they had. Whether a PUT of a user who
// exists clears them is not documented, and those made by hand are in no
// input: only Permit's list, before and after, can tell.
func (l *loader) keeping(ctx context.Context, batch []write, put func() error) error {
	var updated []string
	numbers := map[string]int{}
	for _, w := range batch {
		if l.plan.State(w.number) == reconcile.Update {
			updated = append(updated, w.Key)
			numbers[w.Key] = w.number
		}
	}
	list, err := l.assignments(ctx, updated)
	if err != nil {
		return err
	}
	var had []pending
	for _, a := range list {
		if i, ok := numbers[a.User]; ok {
			had = append(had, pending{key: a.User, Assignment: reconcile.Assignment{
				User: i, RoleAssignment: asRoleAssignment(a),
			}})
		}
	}
	err = put()
	if len(had) == 0 {
		return err
	}
	// An interrupt waits: nobody else would know what was there.
	ctx = context.WithoutCancel(ctx)
	return errors.Join(err, l.putBack(ctx, batch, had))
}

// putBack makes again what is gone of had. What it cannot look at, or make, is
// on stdout then, as lines that do.
func (l *loader) putBack(ctx context.Context, batch []write, had []pending) error {
	err := l.awaitWritten(ctx, batch)
	var gone []pending
	if err == nil {
		gone, err = l.unmade(ctx, had, false)
	}
	if err != nil {
		return errors.Join(err, l.putHad(had, notReached(err)))
	}
	var lost []pending
	var f fault
	err = deliver(ctx, l, gone, bulk[pending]{
		send: l.sendAssignments,
		one:  l.assignOne,
		done: func(a pending) {
			l.report.PutBack++
			l.takeAway.restored(a.call())
		},
		refuse: func(a pending, why fault) error {
			lost, f = append(lost, a), why
			return nil
		},
		size: &l.assignmentSize,
	})
	if err != nil {
		lost, f = gone, notReached(err)
	}
	return errors.Join(err, l.putHad(lost, f))
}

// putHad puts the lines of users on stdout, each with all that Permit may have
// cleared: loaded, it makes that again.
func (l *loader) putHad(list []pending, f fault) error {
	if len(list) == 0 {
		return nil
	}
	failed := l.began()
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].User == list[0].User {
			n++
		}
		if err := l.putUserWith(list[:n], f); failed == nil {
			failed = err
		}
		list = list[n:]
	}
	return failed
}

// putUserWith puts the line of one user on stdout, with these assignments too.
func (l *loader) putUserWith(had []pending, f fault) error {
	i := had[0].User
	if l.plan.State(i) == reconcile.Failed {
		return nil // it is there, and was not written
	}
	l.plan.SetState(i, reconcile.Failed)
	u, err := l.in.user(l.in.users[i])
	if err != nil {
		return err
	}
	for _, a := range had {
		if !slices.Contains(u.RoleAssignments, a.RoleAssignment) {
			u.RoleAssignments = append(u.RoleAssignments, a.RoleAssignment)
		}
	}
	text, err := json.Marshal(u)
	if err != nil {
		return err
	}
	return l.left.put(text, f)
}

// awaitWritten waits until Permit shows the last user of a batch as it was
// written: a bulk write may take effect late, and with it what it clears.
func (l *loader) awaitWritten(ctx context.Context, batch []write) error {
	last := -1
	for i, w := range batch {
		if l.plan.State(w.number) == reconcile.Written {
			last = i
		}
	}
	if last < 0 {
		return nil
	}
	want, err := asRecord(batch[last].User)
	if err != nil {
		return err
	}
	for looks := newLooks(); ; {
		have, ok, err := l.permit.User(ctx, want.Key)
		if err != nil {
			return err
		}
		if ok {
			current, err := asRecord(have)
			if err != nil {
				return err
			}
			if _, same := reconcile.Overlay(want, current); same {
				return nil
			}
		}
		if looks.over() {
			l.tool.Log.Warn("an updated user does not show what was written", "waited", patience)
			return nil
		}
		if err := looks.next(ctx); err != nil {
			return err
		}
	}
}

// assignments is what Permit has of the users named.
func (l *loader) assignments(ctx context.Context, users []string) ([]permit.Assignment, error) {
	var list []permit.Assignment
	for a, err := range l.permit.AssignmentsOf(ctx, users) {
		if err != nil {
			return nil, err
		}
		list = append(list, a.Assignment)
	}
	return list, nil
}

// assignmentSet is assignments to be looked up. An instance is one in whatever
// tenant, so that one that is named without its tenant is found too.
type assignmentSet map[permit.Assignment]bool

func set(list []permit.Assignment) assignmentSet {
	s := make(assignmentSet, len(list))
	for _, a := range list {
		s[a] = true
		if a.ResourceInstance != "" {
			a.Tenant = ""
			s[a] = true
		}
	}
	return s
}

func (s assignmentSet) has(a permit.Assignment) bool { return s[a] }
