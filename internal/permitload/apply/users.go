package apply

import (
	"context"
	"encoding/json"
	"slices"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// writeAll writes users in full batches. The assignments of a batch go out one batch
// later, when its users should be visible.
func (a *Applier) writeAll(ctx context.Context) error {
	q := a.queue
	for i, ops := range a.plan.ByUser() {
		if a.plan.SharesEmail(i) && !q.sharing { // and so do all that follow
			if err := a.writeUsers(ctx); err != nil {
				return err
			}
			q.sharing = true
		}
		line, err := a.Input.User(i)
		if err != nil {
			return err
		}
		for _, op := range ops {
			it := item{Operation: op, user: permit.User{Key: line.Key}}
			switch {
			case op.Op == reconcile.Create, op.Op == reconcile.Update:
				err = a.queueUser(ctx, op, line)
			case op.Op == reconcile.Assign && a.plan.IsWritten(i):
				q.gathered = append(q.gathered, it)
			case op.Op == reconcile.Assign:
				q.ready, err = a.enqueue(q.ready, it)
			}
			if err != nil {
				return err
			}
		}
		if err := a.assign(ctx, permit.MaxAssignments); err != nil {
			return err
		}
	}
	if err := a.writeUsers(ctx); err != nil {
		return err
	}
	if err := a.prove(ctx, q.carried); err != nil {
		return err
	}
	q.ready = append(q.ready, q.waiting...)
	return a.assign(ctx, 1)
}

// queueUser queues a user, and writes the queue if it is full.
func (a *Applier) queueUser(ctx context.Context, op reconcile.Operation, line *record.User) error {
	if len(a.queue.users) == permit.MaxUsers {
		if err := a.writeUsers(ctx); err != nil {
			return err
		}
	}
	it, _, err := a.userItem(op, line)
	a.queue.users = append(a.queue.users, it)
	return err
}

// userItem returns a user as it is to be written, and whether Permit already has it like
// that.
func (a *Applier) userItem(op reconcile.Operation, line *record.User) (it item, same bool, err error) {
	before, err := a.snapshot.Before(op.User)
	if err != nil {
		return item{}, false, err
	}
	u, same := a.plan.UserToWrite(line, before)
	it = item{Operation: op}
	if before != nil {
		it.cleared = cleared(before, &u)
	}
	if it.user, err = userOf(&u); a.Found.ClearedField == null {
		it.user.Nulls = it.cleared.Names()
	}
	return it, same, err
}

func userOf(u *record.User) (permit.User, error) {
	user := permit.User{Key: u.Key, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName}
	var err error
	if u.Attributes != nil {
		user.Attributes, err = json.Marshal(u.Attributes)
	}
	return user, err
}

// enqueue appends an assignment to a list, or refuses it if its role or tenant is
// missing.
func (a *Applier) enqueue(list []item, it item) ([]item, error) {
	if f, ok := a.lacking(it); ok {
		return list, a.Ledger.Refuse(it.Operation, f)
	}
	return append(list, it), nil
}

// writeUsers writes the queued users, and then the assignments of earlier ones if they
// fill a call.
func (a *Applier) writeUsers(ctx context.Context) error {
	q := a.queue
	if len(q.users) == 0 {
		return nil
	}
	q.ready, q.waiting = append(q.ready, q.waiting...), nil
	before := q.carried
	q.carried = nil
	carried, err := a.putUsers(ctx, q.users)
	if err != nil {
		return err
	}
	for _, it := range q.gathered {
		switch {
		case q.refused[it.User]:
		case carried[it.User] && a.canCarry(it):
			q.carried = append(q.carried, it)
		default:
			if q.waiting, err = a.enqueue(q.waiting, it); err != nil {
				return err
			}
		}
	}
	q.users, q.gathered = q.users[:0], q.gathered[:0]
	if a.Found.RolesOfUsers == "" { // the next batch depends on the finding
		before, q.carried = append(before, q.carried...), nil
	}
	if err := a.prove(ctx, before); err != nil {
		return err
	}
	return a.assign(ctx, permit.MaxAssignments)
}

// shownOf is how many users of a call are looked at to see whether it has taken effect.
const shownOf = 3

// putUsers writes users, and returns the numbers of those whose roles went along.
func (a *Applier) putUsers(ctx context.Context, users []item) (carried map[int]bool, err error) {
	carrier := a.newCarrier(a.queue.gathered)
	err = a.preserveAssignments(ctx, users, func() (calls [][]item, err error) {
		var latest []item // the users that were written last
		b := batch{
			send: func(ctx context.Context, items []item) error {
				err := carrier.put(ctx, items)
				if err == nil || httpapi.Unanswered(err) {
					calls = append(calls, sample(items, shownOf))
				}
				return err
			},
			one: func(ctx context.Context, it item) error { return a.sender.writes.PutUser(ctx, it.user) },
			done: func(it item) error {
				latest = []item{it}
				return a.Ledger.Complete(it.Operation)
			},
			refuse: func(it item, f record.Fault) error {
				a.queue.refused[it.User] = true
				return a.Ledger.Refuse(it.Operation, f)
			},
			size:    &a.sender.userSize,
			inOrder: a.plan.IsOrdered(),
		}
		if users, err = a.tryClearing(ctx, users, b); err == nil && a.queue.sharing {
			users, err = a.trySharing(ctx, users, b)
		}
		if err == nil {
			err = a.sender.deliver(ctx, users, b)
		}
		if err == nil { // a refused call has no effect, even if an earlier answer was lost
			isWritten := func(it item) bool { return !a.queue.refused[it.User] }
			calls = slices.DeleteFunc(calls, func(call []item) bool { return !slices.ContainsFunc(call, isWritten) })
		}
		if n := len(calls); len(latest) > 0 && (n == 0 || calls[n-1][len(calls[n-1])-1].User != latest[0].User) {
			calls = append(calls, latest)
		}
		return calls, err
	})
	return carrier.carried, err
}

// deleteUsers deletes users, except those from whom something could not be taken away.
func (a *Applier) deleteUsers(ctx context.Context) error {
	b := batch{
		send: func(ctx context.Context, items []item) error {
			return a.sender.writes.DeleteUsers(ctx, userKeys(items))
		},
		one: func(ctx context.Context, it item) error {
			return ignoreNotFound(a.sender.writes.DeleteUser(ctx, it.user.Key))
		},
		recheck: a.recheckUsers,
		size:    &a.sender.userSize,
	}
	return a.eachBatch(reconcile.Delete, permit.MaxUsers, func(items []item) error {
		return a.sender.deliver(ctx, items, b)
	})
}

// recheckUsers returns which users are gone after a 404.
func (a *Applier) recheckUsers(ctx context.Context, items []item, refusal error, _ int) (func(item) bool, bool, error) {
	if !permit.IsNotFound(refusal) {
		return nil, false, nil
	}
	gone := map[string]bool{}
	for _, it := range items {
		has, err := a.Client.HasUser(ctx, it.user.Key)
		if err != nil {
			return nil, false, err
		}
		gone[it.user.Key] = !has
	}
	return func(it item) bool { return gone[it.user.Key] }, false, nil
}
