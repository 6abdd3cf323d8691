package apply

import (
	"context"
	"iter"
	"maps"

	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Undo keeps lines, where they outlive this process, that restore what a write
// changes, takes away or may clear.
type Undo interface {
	// Keep keeps lines before the write that makes them needed. It returns when they
	// are on the disk.
	Keep(lines iter.Seq2[UndoLine, error]) error
	// Settle says that what the lines of the last Keep hold is not missing in Permit, or
	// has come out on stdout; and that what a plan takes away is all taken.
	Settle() error
}

// UndoLine is a line about what a write changes: a role, a tenant or a user.
type UndoLine struct {
	// Role has the permissions that the role is given, or loses.
	Role   *record.Role
	Tenant *record.Tenant
	User   *record.User
	// Held are the role assignments of the user that a write may clear, although the
	// plan takes them not away. Once that is settled, the line does without them.
	Held []record.RoleAssignment
}

// keepWritten keeps lines that restore users who are about to be written: what the
// plan changes, if that is asked for, what it takes away from them later on, so that
// there is one line for each, and what they hold, since the write may clear that.
func (a *Applier) keepWritten(users, had []item) error {
	held := maps.Collect(heldBy(had))
	return a.Undo.Keep(func(yield func(UndoLine, error) bool) {
		for _, it := range users {
			if it.Op != reconcile.Update {
				continue
			}
			line, err := a.restoring(it)
			if !yield(UndoLine{User: line, Held: held[it.User]}, err) || err != nil {
				return
			}
		}
	})
}

// heldBy yields users by their number, with what they hold.
func heldBy(had []item) iter.Seq2[int, []record.RoleAssignment] {
	return func(yield func(int, []record.RoleAssignment) bool) {
		for user, held := range byUser(had) {
			if !yield(user.User, held) {
				return
			}
		}
	}
}

// restoring returns the line that restores a user who is updated.
func (a *Applier) restoring(it item) (*record.User, error) {
	line := &record.User{Type: record.TypeUser, Key: it.user.Key}
	if a.UndoChanges {
		before, err := a.snapshot.Before(it.User)
		if err != nil {
			return nil, err
		}
		after, err := snapshot.UserRecord(it.user)
		if err != nil {
			return nil, err
		}
		line = reconcile.Restoring(before, after)
	}
	line.RoleAssignments = a.plan.Taken(it.User)
	return line, nil
}

// keepTaken keeps lines that restore what the plan takes away: from roles, and from
// users who were not updated, since those who were have theirs.
func (a *Applier) keepTaken() error {
	return a.Undo.Keep(func(yield func(UndoLine, error) bool) {
		for _, op := range a.plan.Revocations {
			if !yield(UndoLine{Role: op.Role}, nil) {
				return
			}
		}
		for i, ops := range a.plan.ByUser() {
			taken := a.plan.Taken(i)
			isDeletion := ops[len(ops)-1].Op == reconcile.Delete
			if len(taken) == 0 && !isDeletion || a.plan.IsWritten(i) || a.Ledger.HasFailed(ops[0]) {
				continue
			}
			line, err := a.taken(i, isDeletion)
			if err == nil {
				line.RoleAssignments = append([]record.RoleAssignment{}, taken...)
			}
			if !yield(UndoLine{User: line}, err) || err != nil {
				return
			}
		}
	})
}

// taken returns a line of a user, without its role assignments: of one who is deleted,
// with all that Permit has of it.
func (a *Applier) taken(i int, isDeletion bool) (*record.User, error) {
	if isDeletion {
		return a.snapshot.Before(i)
	}
	line, err := a.Input.User(i)
	if err != nil {
		return nil, err
	}
	return &record.User{Type: record.TypeUser, Key: line.Key}, nil
}

// keepGrants keeps what roles are about to be given.
func (a *Applier) keepGrants() error {
	if !a.UndoChanges || !a.Grant || len(a.plan.Grants) == 0 {
		return nil
	}
	return a.Undo.Keep(func(yield func(UndoLine, error) bool) {
		for _, op := range a.plan.Grants {
			if !yield(UndoLine{Role: op.Role}, nil) {
				return
			}
		}
	})
}

// keepNames keeps lines that restore the names of tenants.
func (a *Applier) keepNames() error {
	if !a.UndoChanges || len(a.plan.Renames) == 0 {
		return nil
	}
	return a.Undo.Keep(func(yield func(UndoLine, error) bool) {
		for _, op := range a.plan.Renames {
			old := a.plan.OldName(op.Tenant.Key)
			line := &record.Tenant{Type: record.TypeTenant, Key: op.Tenant.Key, Name: old}
			if !yield(UndoLine{Tenant: line}, nil) {
				return
			}
		}
	})
}

// takeAway takes away what the plan does, once that is kept.
func (a *Applier) takeAway(ctx context.Context) error {
	if a.plan.Counts.Unassign+a.plan.Counts.Delete+a.plan.Counts.Revoke == 0 {
		return nil
	}
	if err := a.keepTaken(); err != nil {
		return err
	}
	if err := a.revoke(ctx); err != nil {
		return err
	}
	if err := a.unassign(ctx); err != nil {
		return err
	}
	if err := a.deleteUsers(ctx); err != nil {
		return err
	}
	return a.Undo.Settle()
}
