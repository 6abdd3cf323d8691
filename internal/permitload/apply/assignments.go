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

// assign makes the assignments that are ready if there are at least atLeast of them. Bulk
// calls are scarce, so they go out full.
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

// assignmentBatch returns how to send role assignments.
func (a *Applier) assignmentBatch() batch {
	return batch{
		prepare: func(ctx context.Context, items []item) error {
			if !a.queue.late.Load() {
				return nil
			}
			_, err := a.awaitUsers(ctx, items) // users were visible late before: check before a bulk call is spent
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
				if _, missing := split(items, isMade); err == nil && len(missing) == 0 {
					find(a.Log, &a.Found.AssignedRole, "a role that its user holds, in a bulk call, is", skipped)
				}
				return isMade, number == 0, err
			case permit.IsConflict(refusal) && httpapi.Unanswered(refusal):
				isMade, _, err := a.recheckAssignments(ctx, items, someMade)
				return isMade, false, err
			case permit.IsConflict(refusal):
				isMade, _, err := a.recheckAssignments(ctx, items, asTheyAre)
				if err == nil && slices.ContainsFunc(items, isMade) {
					find(a.Log, &a.Found.AssignedRole, "a role that its user holds, in a bulk call, is", refused)
				}
				return isMade, false, err
			}
			return nil, false, nil
		},
		size: &a.sender.assignmentSize,
	}
}

// assignOne makes one assignment. A 409 means that it exists.
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

// tryAssign makes one assignment. A 409 may mean that it exists, or that its resource
// instance belongs to another tenant. The list decides, which may show the assignment
// late.
func (a *Applier) tryAssign(ctx context.Context, it item) error {
	return unlessThere(ctx, a.sender.writes.AssignOne(ctx, it.call()), func() (bool, error) {
		isMade, _, err := a.recheckAssignments(ctx, []item{it}, asTheyAre)
		return err == nil && isMade(it), err
	})
}

// wish is what a list of role assignments has to show before it is believed. Lists may be
// late.
type wish int

const (
	asTheyAre wish = iota // anything: the list is read once
	someMade              // one of the assignments, for example after a lost answer
	allMade
	noneMade // none of the assignments
)

// recheckAssignments returns which of the assignments Permit has, and whether the list
// was complete. It reads again until the list shows what it has to, for a minute at most.
// It reads a sample before it reads everything again.
func (a *Applier) recheckAssignments(
	ctx context.Context, items []item, should wish,
) (isMade func(item) bool, whole bool, err error) {
	made := map[permit.Assignment]bool{}
	isMade = func(it item) bool { return made[it.call()] }
	look := func(some []item) error {
		have, err := a.assignmentsOf(ctx, userKeys(some))
		if whole = err == nil; permit.IsUnproved(err) {
			err = nil
		}
		for _, it := range some {
			delete(made, it.call())
		}
		for _, one := range have {
			made[one.Assignment] = true
			if one.ResourceInstance != "" { // in any tenant, since a line need not name it
				one.Tenant = ""
				made[one.Assignment] = true
			}
		}
		return err
	}
	open := items
	isOpen := func(it item) bool { return isMade(it) != (should == allMade) }
	first := true
	done, err := Poll(ctx, func(time.Duration) (bool, error) {
		if !first && should != someMade {
			few := sample(open, permit.MaxFilter)
			if err := look(few); err != nil || slices.ContainsFunc(few, isOpen) {
				return false, err
			}
		}
		first = false
		if err := look(open); err != nil {
			return false, err
		}
		switch should {
		case asTheyAre:
			return true, nil
		case someMade:
			return slices.ContainsFunc(items, isMade), nil
		case allMade, noneMade:
			open, _ = split(open, isOpen)
		}
		return len(open) == 0, nil
	})
	if err == nil && !done && should != someMade {
		err = look(open)
	}
	return isMade, whole, err
}

// assignmentsOf returns the assignments of the users. It asks for them or lists all
// assignments, whichever takes fewer calls. If nothing proves that the list is complete,
// it also returns an error for which permit.IsUnproved holds.
func (a *Applier) assignmentsOf(ctx context.Context, users []string) ([]permit.Held, error) {
	if calls := len(users) / permit.MaxFilter; calls > 1 {
		total, known, err := a.Client.CountAssignments(ctx)
		if err != nil {
			return nil, err
		}
		if known && total/permit.AssignmentsPageSize < calls-1 {
			return snapshot.Whole(a.Client.Assignments(ctx))
		}
	}
	return snapshot.Whole(a.Client.AssignmentsOf(ctx, users))
}

// unassign takes away the role assignments of the plan, except those of users whose line
// has failed.
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
			isShort, should := errors.Is(refusal, errShort), asTheyAre
			switch {
			case isShort:
				should = noneMade
			case !permit.IsNotFound(refusal):
				return nil, false, nil
			}
			isMade, whole, err := a.recheckAssignments(ctx, items, should)
			if err != nil || !whole {
				return nil, false, nil //nolint:nilerr // the refusal stands, and single calls find out more
			}
			// The list may not yet show what this run has put back.
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

// skipRenewed returns the items whose assignments are still the ones that the plan saw.
// What was taken away and given again during this run stays.
func (a *Applier) skipRenewed(ctx context.Context, items []item) ([]item, error) {
	if !a.plan.CanPrune() {
		return items, nil
	}
	old := maps.Clone(a.queue.restored) // the list may not show them yet
	list, err := a.assignmentsOf(ctx, userKeys(items))
	if err != nil { // an incomplete list would leave some in place
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
