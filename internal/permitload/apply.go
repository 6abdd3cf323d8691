package permitload

import (
	"context"
	"errors"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
)

// write is a user to be written, with its number in the plan.
type write struct {
	permit.User
	number int
}

// applyShown is apply, with how far it is on the screen.
func (l *loader) applyShown(ctx context.Context, create bool) error {
	c := l.plan.Counts()
	total := c.Create + c.Update + c.Assign + l.takeAway.count() + len(l.plan.Renamed())
	if create {
		roles, tenants := l.plan.Missing()
		total += len(roles) + len(tenants)
	} else {
		total -= c.Blocked
	}
	if total > 0 {
		l.progress = l.tool.Progress("writing", total)
		l.progress.AtLeast(l.least)
		defer l.progress.End()
	}
	return l.apply(ctx, create)
}

// apply brings Permit to the planned state: roles, tenants, then users and
// behind them their assignments.
func (l *loader) apply(ctx context.Context, create bool) error {
	if create {
		if err := l.createRoles(ctx); err != nil {
			return err
		}
		if err := l.createTenants(ctx); err != nil {
			return err
		}
	}
	if err := l.renameTenants(ctx); err != nil {
		return err
	}
	if err := l.applyUsers(ctx); err != nil {
		return err
	}
	l.ready = append(l.ready, l.waiting...)
	l.waiting = nil
	if err := l.assign(ctx, 1); err != nil || l.takeAway == nil {
		return err
	}
	return l.unassign(ctx)
}

// applyUsers writes users in full batches; the assignments of a batch follow
// after the next one, by when its users should be visible.
func (l *loader) applyUsers(ctx context.Context) (failed error) {
	var batch []write
	flush := func() error {
		l.ready = append(l.ready, l.waiting...)
		l.waiting = nil
		if err := l.keeping(ctx, batch, func() error { return l.putUsers(ctx, batch) }); err != nil {
			return err
		}
		batch = batch[:0]
		return l.assign(ctx, permit.MaxAssignments)
	}
	put := func(i int) error {
		switch l.plan.State(i) {
		case reconcile.Create, reconcile.Update:
			u, err := l.body(i)
			if err != nil {
				return err
			}
			if batch = append(batch, write{u, i}); len(batch) == permit.MaxUsers {
				return flush()
			}
		case reconcile.Same:
			if err := l.touch(i); err != nil {
				return err
			}
			return l.assign(ctx, permit.MaxAssignments)
		}
		return nil
	}
	first, rings, err := l.releasing()
	if err != nil {
		return err
	}
	err = l.standIn(ctx, rings)
	// What stands in does not stay, whatever else happens.
	defer func() { failed = errors.Join(failed, l.giveBack(context.WithoutCancel(ctx))) }()
	if err != nil {
		return err
	}
	for _, i := range first {
		if err := put(i); err != nil {
			return err
		}
	}
	for i := range l.plan.Users() {
		if l.releases(i) {
			continue
		}
		if err := put(i); err != nil {
			return err
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return flush()
}

func (l *loader) sendUsers(ctx context.Context, batch []write) error {
	users := make([]permit.User, len(batch))
	for i, w := range batch {
		users[i] = w.User
	}
	return l.permit.PutUsers(ctx, users)
}

func (l *loader) putUser(ctx context.Context, w write) error { return l.permit.PutUser(ctx, w.User) }

// touch queues what a user who is as the line says lacks in assignments.
func (l *loader) touch(i int) error {
	for range l.plan.Wanting(i) {
		u, err := l.in.user(l.in.users[i])
		if err != nil {
			return err
		}
		l.plan.SetState(i, reconcile.Touched)
		return l.queue(i, u.Key, &l.ready)
	}
	return nil
}

func (l *loader) putUsers(ctx context.Context, batch []write) error {
	var faults error
	err := deliver(ctx, l, batch, bulk[write]{
		send: l.sendUsers,
		one:  l.putUser,
		done: func(w write) {
			l.plan.SetState(w.number, reconcile.Written)
			faults = errors.Join(faults, l.queue(w.number, w.Key, &l.waiting))
		},
		refuse:  func(w write, f fault) error { return l.fail(w.number, f) },
		size:    &l.userSize,
		inOrder: len(l.released) > 0,
	})
	return errors.Join(err, faults)
}
