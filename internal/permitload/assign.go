package permitload

import (
	"context"
	"errors"
	"net/http"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// pending is an assignment to be made, with the user's key.
type pending struct {
	reconcile.Assignment
	key string
}

// queue queues the assignments that user i lacks.
func (l *loader) queue(i int, key string, into *[]pending) error {
	for a := range l.plan.Wanting(i) {
		var err error
		switch {
		case !l.plan.HasRole(a.Role):
			err = l.fail(i, l.lacking(record.TypeRole, a.Role))
		case !l.plan.HasTenant(a.Tenant):
			err = l.fail(i, l.lacking(record.TypeTenant, a.Tenant))
		default:
			*into = append(*into, pending{a, key})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// assign makes the assignments that are ready, as long as there are at least
// so many: calls are scarce, so they go out full.
func (l *loader) assign(ctx context.Context, atLeast int) error {
	for len(l.ready) >= atLeast {
		batch := l.ready[:min(len(l.ready), permit.MaxAssignments)]
		if err := l.putAssignments(ctx, batch); err != nil {
			return err
		}
		l.ready = l.ready[len(batch):]
	}
	return nil
}

func (l *loader) putAssignments(ctx context.Context, batch []pending) error {
	return deliver(ctx, l, batch, bulk[pending]{
		send: l.sendAssignments,
		one:  l.assignOne,
		done: func(a pending) {
			l.plan.Made(a.Assignment)
			l.report.Assigned++
		},
		refuse: func(a pending, f fault) error { return l.fail(a.User, f) },
		size:   &l.assignmentSize,
	})
}

// sendAssignments makes one bulk call, and a few more where the refusal says
// that the server was late or that some are there already.
func (l *loader) sendAssignments(ctx context.Context, batch []pending) error {
	awaited := l.late.Load() // it was late before, so look before the call is spent
	if awaited {
		if _, err := l.await(ctx, batch); err != nil {
			return err
		}
	}
	shrunk := false // then an answer's places are no longer the caller's
	for tries := 0; ; tries++ {
		body := make([]permit.Assignment, len(batch))
		for i, a := range batch {
			body[i] = a.call()
		}
		err := l.permit.Assign(ctx, body)
		if shrunk {
			err = unplaced(err)
		}
		if err == nil || tries == 3 {
			return err
		}
		switch status := permit.Status(err); {
		case status == http.StatusNotFound && aboutUser(err) && !awaited:
			awaited = true
			if visible, failed := l.await(ctx, batch); failed != nil {
				return failed
			} else if !visible {
				return err
			}
		case status == http.StatusConflict:
			rest, looked := l.unmade(ctx, batch, httpapi.Unanswered(err))
			switch {
			case looked != nil:
				return looked
			case len(rest) == 0:
				return nil
			case len(rest) == len(batch):
				return err
			}
			batch, shrunk = rest, true
		default:
			return err
		}
	}
}

func (a pending) holder() string { return a.key }

func (a pending) call() permit.Assignment {
	return permit.Assignment{User: a.key, Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance}
}

// assignOne makes one assignment; 409 says that it is there.
func (l *loader) assignOne(ctx context.Context, a pending) error {
	err := l.there(ctx, a, l.permit.AssignOne(ctx, a.call()))
	if permit.Status(err) != http.StatusNotFound || !aboutUser(err) {
		return err
	}
	if visible, awaited := l.await(ctx, []pending{a}); awaited != nil || !visible {
		return errors.Join(awaited, err)
	}
	return l.there(ctx, a, l.permit.AssignOne(ctx, a.call()))
}

// there takes a 409 for what it says, but on a resource instance: that may be
// another tenant's, and the answer is the same.
func (l *loader) there(ctx context.Context, a pending, err error) error {
	if permit.Status(err) != http.StatusConflict || a.ResourceInstance == "" {
		return there(err)
	}
	rest, looked := l.unmade(ctx, []pending{a}, httpapi.Unanswered(err))
	if looked != nil {
		return looked
	}
	if len(rest) > 0 {
		return err
	}
	return nil
}

// there takes a 409 for what it says: the thing is there already.
func there(err error) error {
	if permit.Status(err) == http.StatusConflict {
		return nil
	}
	return err
}

// unmade is the part of batch that Permit does not have yet. Where an answer was
// lost, some of it must show: the list may be late, and is asked for again.
func (l *loader) unmade(ctx context.Context, batch []pending, lost bool) ([]pending, error) {
	for looks := newLooks(); ; {
		have, err := l.assignments(ctx, users(batch))
		if err != nil {
			return nil, err
		}
		made := set(have)
		var rest []pending
		for _, a := range batch {
			if !made.has(a.call()) {
				rest = append(rest, a)
			}
		}
		if !lost || len(rest) < len(batch) || looks.over() {
			return rest, nil
		}
		if err := looks.next(ctx); err != nil {
			return nil, err
		}
	}
}
