package apply

import (
	"context"
	"iter"
	"maps"

	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Undo keeps lines that restore what a write changes, takes away or may clear. They
// survive this process.
type Undo interface {
	// Keep keeps lines before the write that makes them necessary. They are on the disk
	// when it returns.
	Keep(lines iter.Seq2[UndoLine, error]) error
	// Settle is called when Permit has again what the lines of the last Keep hold, or
	// stdout has it, or everything is taken away that the plan takes away.
	Settle() error
}

// UndoLine is a line about a role, a tenant or a user that a write changes.
type UndoLine struct {
	// Role has the permissions that the role gets or loses.
	Role   *record.Role
	Tenant *record.Tenant
	User   *record.User
	// Held are assignments that a write of the user may clear although the plan does not
	// take them away. After Settle the line no longer has them.
	Held []record.RoleAssignment
}

// keepWritten keeps one line for each user that is about to be updated. It restores what
// the plan changes, if UndoChanges is set, what the plan takes away later, and what the
// user holds, since the write may clear that.
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

// heldBy yields the numbers of users with what they hold.
func heldBy(had []item) iter.Seq2[int, []record.RoleAssignment] {
	return func(yield func(int, []record.RoleAssignment) bool) {
		for user, held := range byUser(had) {
			if !yield(user.User, held) {
				return
			}
		}
	}
}

// restoring returns the line that restores an updated user.
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
		line = a.plan.Restoring(before, after)
	}
	line.RoleAssignments = a.plan.Unassignments(it.User)
	return line, nil
}

// keepTaken keeps lines that restore what the plan takes away from roles, and from users
// that were not updated. Updated users have their line already.
func (a *Applier) keepTaken() error {
	return a.Undo.Keep(func(yield func(UndoLine, error) bool) {
		for _, op := range a.plan.Revocations {
			if !yield(UndoLine{Role: op.Role}, nil) {
				return
			}
		}
		for i, ops := range a.plan.ByUser() {
			taken := a.plan.Unassignments(i)
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

// taken returns the line of a user without role assignments. For a deleted user, it has
// everything else that Permit has.
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

// keepGrants keeps which permissions roles are about to get.
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

// takeAway takes away what the plan does, after Undo has kept it.
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
