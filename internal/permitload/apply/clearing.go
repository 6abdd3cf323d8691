package apply

import (
	"context"
	"reflect"
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// cleared returns the fields that a user has before but not after. It leaves attributes
// out, since they are always written whole.
func cleared(before, after *record.User) record.Fields {
	var fields record.Fields
	note := func(field record.Fields, old, now string) {
		if old != "" && now == "" {
			fields |= field
		}
	}
	note(record.Email, before.Email, after.Email)
	note(record.FirstName, before.FirstName, after.FirstName)
	note(record.LastName, before.LastName, after.LastName)
	return fields
}

// tryClearing finds out how Permit clears a field, on the first users of a run that lose
// one. Whether a PUT clears a field that it leaves out is not documented. It returns the
// users that are still to be written, in a form that clears their fields, and refuses
// those whose fields Permit keeps.
func (a *Applier) tryClearing(ctx context.Context, users []item, b batch) (rest []item, err error) {
	losing, others := split(users, func(it item) bool { return it.cleared != 0 })
	var written int // user that was fully written while finding out
	isWritten := false
	for _, it := range sample(losing, tries) {
		if a.Found.ClearedField != "" {
			break
		}
		written = it.User
		if isWritten, err = a.findOutClearing(ctx, it); err != nil {
			return nil, err
		}
	}
	switch a.Found.ClearedField {
	case neither:
		for _, it := range losing {
			if err := a.sender.noteRefused(it, notClearedFault, b); err != nil {
				return nil, err
			}
		}
		return others, nil
	case null:
		for i := range users {
			users[i].user.Nulls = users[i].cleared.Names()
		}
	}
	done, rest := split(users, func(it item) bool { return isWritten && it.User == written })
	return rest, a.sender.noteDone(done, b)
}

// notClearedFault is the fault of a line that clears a field which Permit keeps.
var notClearedFault = record.Fault{
	Code: "not_cleared",
	Message: "Permit keeps the value of a field that the line takes away:" +
		" a write that leaves it out does not clear it, nor does null",
}

// findOutClearing writes a user as Permit has it, first without the fields that it loses,
// then with null in them, and notes which of the two clears them. A refusal for another
// reason says nothing. It reports whether the user was fully written.
func (a *Applier) findOutClearing(ctx context.Context, it item) (isWritten bool, err error) {
	user, err := a.withoutCleared(it)
	if err != nil {
		return false, err
	}
	if accepted, err := a.tryPut(ctx, user); err != nil || !accepted {
		return false, err
	}
	isWritten = reflect.DeepEqual(user, it.user)
	answer := leftOut
	isCleared, err := a.isCleared(ctx, it)
	if err == nil && !isCleared {
		answer, err = a.tryNull(ctx, it, user)
	}
	if err != nil {
		return false, err
	}
	find(a.Log, &a.Found.ClearedField, "what takes the value of a user's field away is", answer)
	return isWritten, nil
}

// tryNull writes null into the fields that a user loses, since leaving them out seemed to
// have no effect, and returns which of the two cleared them. Leaving them out may only
// have shown late.
func (a *Applier) tryNull(ctx context.Context, it item, user permit.User) (answer string, err error) {
	user.Nulls = it.cleared.Names()
	accepted, err := a.tryPut(ctx, user)
	if err != nil {
		return "", err
	}
	isCleared, err := Poll(ctx, func(time.Duration) (bool, error) { return a.isCleared(ctx, it) })
	switch {
	case err != nil:
		return "", err
	case !isCleared:
		return neither, nil
	case accepted:
		return null, nil
	}
	return leftOut, nil
}

// withoutCleared returns a user as Permit has it, without the fields that it loses.
func (a *Applier) withoutCleared(it item) (permit.User, error) {
	before, err := a.snapshot.Before(it.User)
	if err != nil {
		return permit.User{}, err
	}
	u, _ := reconcile.Overlay(&record.User{Nulls: it.cleared}, before)
	return userOf(&u)
}

// tryPut writes a user, and reports whether Permit accepted it.
func (a *Applier) tryPut(ctx context.Context, user permit.User) (accepted bool, err error) {
	err = a.sender.writes.PutUser(ctx, user)
	switch {
	case err == nil:
		return true, a.Ledger.FlushRejectsOnce()
	case a.sender.isRefusal(ctx, err, 1):
		return false, nil
	}
	return false, a.sender.flushIfUnsure(err, err)
}

// isCleared reports whether Permit shows a user without the fields that it loses.
func (a *Applier) isCleared(ctx context.Context, it item) (bool, error) {
	current, err := a.inPermit(ctx, it)
	if err != nil || current == nil {
		return false, err
	}
	_, same := reconcile.Overlay(&record.User{Nulls: it.cleared}, current)
	return same, nil
}
