package apply

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
)

// assign makes the assignments that are ready, as long as there are at least
// so many: calls are scarce, so they go out full.
func (a *Applier) assign(ctx context.Context, atLeast int) error {
	for len(a.queue.ready) >= atLeast {
		some := a.queue.ready[:min(len(a.queue.ready), permit.MaxAssignments)]
		if err := a.sender.deliver(ctx, some, a.assignmentBatch()); err != nil {
			return err
		}
		a.queue.ready = a.queue.ready[len(some):]
	}
	return nil
}

// assignmentBatch returns how role assignments are made.
func (a *Applier) assignmentBatch() batch {
	return batch{
		prepare: func(ctx context.Context, items []item) error {
			if !a.queue.late.Load() {
				return nil
			}
			_, err := a.awaitUsers(ctx, items) // they were late before: look before the call is spent
			return err
		},
		send: func(ctx context.Context, items []item) error {
			created, err := a.sender.writes.Assign(ctx, calls(items))
			return checkCount(created, len(items), err)
		},
		one: a.assignOne,
		recheck: func(ctx context.Context, items []item, refusal error, number int) (func(item) bool, bool, error) {
			switch {
			case isAboutUser(refusal) && number == 0 && !a.queue.late.Load():
				visible, err := a.awaitUsers(ctx, items)
				return nil, visible, err
			case errors.Is(refusal, errShort):
				isMade, _, err := a.recheckAssignments(ctx, items, allMade)
				return isMade, number == 0, err
			case permit.IsConflict(refusal) && httpapi.Unanswered(refusal):
				isMade, _, err := a.recheckAssignments(ctx, items, someMade)
				return isMade, false, err
			case permit.IsConflict(refusal):
				isMade, _, err := a.recheckAssignments(ctx, items, nil)
				return isMade, false, err
			}
			return nil, false, nil
		},
		size: &a.sender.assignmentSize,
	}
}

// assignOne makes one assignment; 409 says that it is there.
func (a *Applier) assignOne(ctx context.Context, it item) error {
	err := a.tryAssign(ctx, it)
	if !isAboutUser(err) {
		return err
	}
	if visible, awaited := a.awaitUsers(ctx, []item{it}); awaited != nil || !visible {
		return errors.Join(awaited, err)
	}
	return a.tryAssign(ctx, it)
}

// tryAssign makes one assignment. 409 may mean that it exists, or another
// conflict: so Permit answers where a resource instance is another tenant's. The
// list decides, which may show the assignment late.
func (a *Applier) tryAssign(ctx context.Context, it item) error {
	return unlessThere(ctx, a.sender.writes.AssignOne(ctx, it.call()), func() (bool, error) {
		isMade, _, err := a.recheckAssignments(ctx, []item{it}, nil)
		return err == nil && isMade(it), err
	})
}

// How many of a call's assignments a list must show that may be late.
var (
	someMade = slices.ContainsFunc[[]item] // after a lost answer
	allMade  = func(items []item, isMade func(item) bool) bool {
		_, missing := split(items, isMade)
		return len(missing) == 0
	}
	noneMade = func(items []item, isMade func(item) bool) bool { return !someMade(items, isMade) } // after a removal
)

// recheckAssignments tells which of the items' assignments Permit has, and whether
// it tells of all of them. It asks again until the list shows enough; nil asks once.
func (a *Applier) recheckAssignments(
	ctx context.Context, items []item, isEnough func([]item, func(item) bool) bool,
) (isMade func(item) bool, whole bool, err error) {
	var made map[permit.Assignment]bool
	isMade = func(it item) bool { return made[it.call()] }
	_, err = Poll(ctx, func(time.Duration) (bool, error) {
		have, err := a.assignmentsOf(ctx, userKeys(items))
		if whole = err == nil; snapshot.IsUnproved(err) {
			err = nil
		}
		made = map[permit.Assignment]bool{}
		for _, one := range have {
			made[one.Assignment] = true
			if one.ResourceInstance != "" { // one in whatever tenant: a line may name it without
				one.Tenant = ""
				made[one.Assignment] = true
			}
		}
		return isEnough == nil || isEnough(items, isMade), err
	})
	return isMade, whole, err
}

// assignmentsOf returns what Permit has of the users. Where nothing proves that it
// is all, it returns what there is with an error for which snapshot.IsUnproved
// holds.
func (a *Applier) assignmentsOf(ctx context.Context, users []string) ([]permit.Held, error) {
	return snapshot.Whole(a.Client.AssignmentsOf(ctx, users))
}

// unassign removes the role assignments that the plan removes, but from users
// whose line has failed.
func (a *Applier) unassign(ctx context.Context) error {
	b := batch{
		send: func(ctx context.Context, items []item) error {
			removed, err := a.sender.writes.Unassign(ctx, calls(items))
			return checkCount(removed, len(items), err)
		},
		one: func(ctx context.Context, it item) error {
			return ignoreNotFound(a.sender.writes.UnassignOne(ctx, it.call()))
		},
		recheck: func(ctx context.Context, items []item, refusal error, number int) (func(item) bool, bool, error) {
			var isEnough func([]item, func(item) bool) bool
			isShort := errors.Is(refusal, errShort)
			switch {
			case isShort:
				isEnough = noneMade
			case !permit.IsNotFound(refusal):
				return nil, false, nil
			}
			isMade, whole, err := a.recheckAssignments(ctx, items, isEnough)
			if err != nil || !whole {
				return nil, false, nil //nolint:nilerr // the refusal stands, and single calls find out
			}
			// What this run has put back may be listed late.
			return func(it item) bool { return !isMade(it) && !a.queue.restored[it.call()] }, isShort && number == 0, nil
		},
		size: &a.sender.assignmentSize,
	}
	return a.eachBatch(reconcile.Unassign, permit.MaxAssignments, func(items []item) error {
		items, err := a.skipRenewed(ctx, items)
		if err != nil {
			return err
		}
		return a.sender.deliver(ctx, items, b)
	})
}

// skipRenewed returns the items whose assignments Permit still has, and has had
// since before the input was true. What was taken away and given again while this
// run went on stays.
func (a *Applier) skipRenewed(ctx context.Context, items []item) ([]item, error) {
	if !a.plan.CanPrune() {
		return items, nil
	}
	old := maps.Clone(a.queue.restored) // which the list may not show yet
	list, err := a.assignmentsOf(ctx, userKeys(items))
	if err != nil { // what a list that is not whole lacks would stay
		return nil, err
	}
	for _, held := range list {
		old[held.Assignment] = old[held.Assignment] || a.plan.IsOld(held.Created())
	}
	due, renewed := split(items, func(it item) bool { return old[it.call()] })
	for _, it := range renewed {
		a.Ledger.Skip(it.Operation)
	}
	return due, nil
}
