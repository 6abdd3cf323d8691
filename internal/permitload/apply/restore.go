package apply

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// putBackTime is how long after an interrupt cleared assignments are still put back. It
// is longer than a window of bulk calls, since all of them may be used up.
const putBackTime = 12 * time.Minute

// preserveAssignments runs put, which writes users, and then makes the assignments again
// that this has cleared. put returns some of the users of each call. Permit does not
// document whether a PUT of a user clears assignments, and those made by hand are in no
// input, so Permit's list is compared before and after.
func (a *Applier) preserveAssignments(ctx context.Context, users []item, put func() ([][]item, error)) error {
	had, err := a.held(ctx, users)
	if err != nil { // what an incomplete list lacks could not be put back
		return err
	}
	if err := a.keepWritten(users, had); err != nil {
		return err
	}
	written, err := put()
	if len(had) == 0 {
		return errors.Join(err, a.Undo.Settle())
	}
	ctx, cancel := outlast(ctx, putBackTime)
	defer cancel()
	return errors.Join(err, a.restore(ctx, written, had))
}

// held returns the assignments of the users that are updated.
func (a *Applier) held(ctx context.Context, users []item) (had []item, err error) {
	byKey := map[string]int{}
	var keys []string
	for _, it := range users {
		if it.Op == reconcile.Update {
			byKey[it.user.Key] = it.User
			keys = append(keys, it.user.Key)
		}
	}
	list, err := a.assignmentsOf(ctx, keys)
	for _, one := range list {
		if i, ok := byKey[one.User]; ok {
			it := item{Operation: reconcile.Operation{
				Op: reconcile.Assign, User: i, Assignment: snapshot.AssignmentRecord(one.Assignment),
			}}
			it.user.Key = one.User
			had = append(had, it)
		}
	}
	return had, err
}

// byUser yields each user with all its assignments, in the order of the input. Permit
// lists assignments in the order of age.
func byUser(assignments []item) iter.Seq2[item, []record.RoleAssignment] {
	return func(yield func(item, []record.RoleAssignment) bool) {
		sorted := slices.Clone(assignments)
		slices.SortStableFunc(sorted, func(a, b item) int { return cmp.Compare(a.User, b.User) })
		for len(sorted) > 0 {
			user := sorted[0]
			var list []record.RoleAssignment
			for ; len(sorted) > 0 && sorted[0].User == user.User; sorted = sorted[1:] {
				list = append(list, sorted[0].Assignment)
			}
			if !yield(user, list) {
				return
			}
		}
	}
}

// outlast returns a context that ends some time after ctx.
func outlast(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		_ = httpapi.Sleep(longer, by)
		cancel(context.Cause(ctx))
	})
	return longer, func() {
		stop()
		cancel(context.Canceled)
	}
}

// restore makes assignments again that Permit no longer has. Those that it cannot list or
// make go to stdout, as lines that make them.
func (a *Applier) restore(ctx context.Context, written [][]item, had []item) error {
	shown, err := a.awaitWritten(ctx, written)
	var isMade func(item) bool
	if err == nil {
		isMade, err = a.findCleared(ctx, had)
	}
	if err != nil {
		_, failed := a.rejectCleared(had, ledger.NotReachedFault(err))
		return errors.Join(err, failed)
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
		_, failed := a.rejectCleared(gone, ledger.NotReachedFault(err))
		return errors.Join(err, failed)
	}
	if !shown {
		lost, fault = had, lateFault
	}
	out, err := a.rejectCleared(lost, fault)
	if out && (len(lost) == 0 || !a.UndoChanges) { // stdout has it, but the file of --undo has to be complete
		err = errors.Join(err, a.Undo.Settle())
	}
	return err
}

// findCleared returns which assignments Permit still has after their users were written.
// After a first write that cleared none, it looks at a sample, and at all if the sample
// lacks one.
func (a *Applier) findCleared(ctx context.Context, had []item) (isMade func(item) bool, err error) {
	if few := sample(had, permit.MaxFilter); a.Found.PutOfUser == keeps && len(few) < len(had) {
		isMade, _, err := a.recheckAssignments(ctx, few, asTheyAre)
		if _, gone := split(few, isMade); err != nil || len(gone) == 0 {
			return func(item) bool { return true }, err
		}
	}
	isMade, _, err = a.recheckAssignments(ctx, had, asTheyAre)
	if err != nil {
		return nil, err
	}
	answer := keeps
	if _, gone := split(had, isMade); len(gone) > 0 {
		answer = clears
	}
	if a.Found.PutOfUser != clears { // somebody else may have given back what the write cleared
		find(a.Log, &a.Found.PutOfUser, "a write of a user, of the roles that it holds,", answer)
	}
	return isMade, nil
}

// lateFault is the fault of users for whom it is not yet visible what a write has
// cleared.
var lateFault = record.Fault{
	Code: "late_write", Retryable: true,
	Message: "Permit does not show yet what was written; it may clear role assignments when it does",
}

// rejectCleared puts users on stdout with all assignments that Permit may have cleared,
// and reports whether all are out.
func (a *Applier) rejectCleared(had []item, f record.Fault) (out bool, err error) {
	out = true
	for user, held := range byUser(had) {
		isOut, failed := a.Ledger.RejectCleared(user.User, held, f)
		out, err = out && isOut, cmp.Or(err, failed)
	}
	return out, err
}
