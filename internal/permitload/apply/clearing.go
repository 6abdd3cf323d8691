package apply

import (
	"context"
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// cleared returns the fields that a user has before and not after. Attributes are
// none of them: they are written whole, so that there is no doubt about them.
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

// tryClearing finds out on the first users of a run who lose a field how Permit takes
// it away: whether a PUT clears what it leaves out is not documented. It returns the
// users who are still to be written, such that they lose it, and refuses those whom
// Permit lets lose nothing.
func (a *Applier) tryClearing(ctx context.Context, users []item, b batch) ([]item, error) {
	losing, rest := split(users, func(it item) bool { return it.cleared != 0 })
	for _, it := range sample(losing, tries) {
		if a.Found.ClearedField != "" {
			break
		}
		if err := a.findOutClearing(ctx, it); err != nil {
			return nil, err
		}
	}
	switch a.Found.ClearedField {
	case null:
		for i := range users {
			users[i].user.Nulls = users[i].cleared.Names()
		}
	case neither:
		for _, it := range losing {
			if err := a.sender.noteRefused(it, notClearedFault, b); err != nil {
				return nil, err
			}
		}
		return rest, nil
	}
	return users, nil
}

// notClearedFault is that of a line which takes a field away that Permit keeps.
var notClearedFault = record.Fault{
	Code: "not_cleared",
	Message: "Permit keeps the value of a field that the line takes away:" +
		" a write that leaves it out does not clear it, nor does null",
}

// findOutClearing writes a user as Permit has it but for the fields that it loses: left
// out, and then as null. What it finds out is noted; if Permit refuses the user for
// something else, that is nothing.
func (a *Applier) findOutClearing(ctx context.Context, it item) error {
	user, err := a.withoutCleared(it)
	if err != nil {
		return err
	}
	if accepted, err := a.tryPut(ctx, user); err != nil || !accepted {
		return err
	}
	answer := leftOut
	switch isCleared, err := a.isCleared(ctx, it); {
	case err != nil:
		return err
	case !isCleared: // unless it shows late
		user.Nulls = it.cleared.Names()
		accepted, err := a.tryPut(ctx, user)
		if err != nil {
			return err
		}
		if accepted {
			answer = null
		}
		shows, err := Poll(ctx, func(time.Duration) (bool, error) { return a.isCleared(ctx, it) })
		if err != nil {
			return err
		}
		if !shows {
			answer = neither
		}
	}
	find(a.Log, &a.Found.ClearedField, "what takes the value of a user's field away is", answer)
	return nil
}

// withoutCleared returns a user as Permit has it, but for the fields that it loses.
func (a *Applier) withoutCleared(it item) (permit.User, error) {
	before, err := a.snapshot.Before(it.User)
	if err != nil {
		return permit.User{}, err
	}
	u, _ := reconcile.Overlay(&record.User{Nulls: it.cleared}, before)
	return userOf(&u)
}

// tryPut writes a user, and reports whether Permit takes it.
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
	have, ok, err := a.Client.User(ctx, it.user.Key)
	if err != nil || !ok {
		return false, err
	}
	current, err := snapshot.UserRecord(have)
	if err != nil {
		return false, err
	}
	_, same := reconcile.Overlay(&record.User{Nulls: it.cleared}, current)
	return same, nil
}
