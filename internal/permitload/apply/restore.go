package apply

import (
	"context"
	"errors"
	"maps"
	"slices"

	"a0permit/internal/permitload/ledger"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// preserveAssignments runs put, which writes users and returns the last of each
// bulk call and of the single ones, and makes again what that has cleared of the
// assignments they had. Whether a PUT of a user who exists clears them is not
// documented, and those made by hand are in no input: only Permit's list, before
// and after, can tell.
func (a *Applier) preserveAssignments(ctx context.Context, users []item, put func() ([]item, error)) error {
	byKey := map[string]int{}
	var keys []string
	for _, it := range users {
		if it.Op == reconcile.Update {
			byKey[it.user.Key] = it.User
			keys = append(keys, it.user.Key)
		}
	}
	list, err := a.assignmentsOf(ctx, keys)
	if err != nil { // what a list that is not whole lacks could not be put back
		return err
	}
	var had []item
	for _, one := range list {
		if i, ok := byKey[one.User]; ok {
			it := item{Operation: reconcile.Operation{
				Op: reconcile.Assign, User: i, Assignment: snapshot.AssignmentRecord(one.Assignment),
			}}
			it.user.Key = one.User
			had = append(had, it)
		}
	}
	lasts, err := put()
	if len(had) == 0 {
		return err
	}
	// An interrupt waits: nobody else would know what was there.
	return errors.Join(err, a.restore(context.WithoutCancel(ctx), lasts, had))
}

// restore makes the assignments of had again that Permit no longer has. What it
// cannot list or make goes to stdout, as lines that make it.
func (a *Applier) restore(ctx context.Context, lasts, had []item) error {
	err := a.awaitWritten(ctx, lasts)
	var isMade func(item) bool
	if err == nil {
		isMade, _, err = a.recheckAssignments(ctx, had, false)
	}
	if err != nil {
		return errors.Join(err, a.rejectCleared(had, ledger.NotReachedFault(err)))
	}
	_, gone := split(had, isMade)
	var lost []item
	var fault record.Fault
	b := a.assignmentBatch()
	b.done = func(it item) error {
		a.Ledger.CountRestored()
		a.queue.restored[it.call()] = true
		return a.Ledger.FlushRejectsOnce()
	}
	b.refuse = func(it item, why record.Fault) error {
		lost, fault = append(lost, it), why
		return nil
	}
	if err = a.sender.deliver(ctx, gone, b); err != nil {
		lost, fault = gone, ledger.NotReachedFault(err)
	}
	return errors.Join(err, a.rejectCleared(lost, fault))
}

// rejectCleared puts the lines of users on stdout, each with all the assignments
// that Permit may have cleared. Permit lists these in no order.
func (a *Applier) rejectCleared(had []item, f record.Fault) error {
	byUser := map[int][]record.RoleAssignment{}
	for _, it := range had {
		byUser[it.User] = append(byUser[it.User], it.Assignment)
	}
	var failed error
	for _, i := range slices.Sorted(maps.Keys(byUser)) {
		if err := a.Ledger.RejectCleared(i, byUser[i], f); failed == nil {
			failed = err
		}
	}
	return failed
}
