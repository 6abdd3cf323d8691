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

// putBackTime is how long an interrupt waits for what a write has cleared to be put
// back: longer than a window of bulk calls, since none may be left in it.
const putBackTime = 12 * time.Minute

// preserveAssignments runs put, which writes users and returns some of each call,
// and makes again what that has cleared of the assignments they had. Whether a PUT
// of a user who exists clears them is not documented, and those made by hand are in
// no input: only Permit's list, before and after, can tell.
func (a *Applier) preserveAssignments(ctx context.Context, users []item, put func() ([][]item, error)) error {
	had, err := a.held(ctx, users)
	if err != nil { // what a list that is not whole lacks could not be put back
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

// held returns the assignments of the users who are updated.
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

// byUser yields the users of assignments, in the order of the input, each with all
// of them: Permit lists assignments by their age.
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

// restore makes the assignments of had again that Permit no longer has. What it
// cannot list or make goes to stdout, as lines that make it.
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
	if out && (len(lost) == 0 || !a.UndoChanges) { // stdout has it, but an undo file that is asked for is to have all
		err = errors.Join(err, a.Undo.Settle())
	}
	return err
}

// findCleared tells which assignments Permit still has after a write of their users.
// Once a write has cleared none, it looks at a sample, as long as that is whole.
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
	if a.Found.PutOfUser != clears { // somebody else may have given back what it cleared
		find(a.Log, &a.Found.PutOfUser, "a write of a user, of the roles that it holds,", answer)
	}
	return isMade, nil
}

// lateFault is that of users of whom nobody can tell yet what a write clears.
var lateFault = record.Fault{
	Code: "late_write", Retryable: true,
	Message: "Permit does not show yet what was written; it may clear role assignments when it does",
}

// rejectCleared puts the lines of users on stdout, each with all the assignments
// that Permit may have cleared, and reports whether they are all out.
func (a *Applier) rejectCleared(had []item, f record.Fault) (out bool, err error) {
	out = true
	for user, held := range byUser(had) {
		isOut, failed := a.Ledger.RejectCleared(user.User, held, f)
		out, err = out && isOut, cmp.Or(err, failed)
	}
	return out, err
}
