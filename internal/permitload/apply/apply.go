// Package apply carries out a reconcile.Plan: it makes Permit calls of its
// operations, in as few as it can, and tells the ledger what became of each. It
// decides nothing about what is to be done.
package apply

import (
	"context"
	"log/slog"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/intake"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Applier carries out a plan.
type Applier struct {
	Client   *permit.Client
	Input    *intake.Input
	Ledger   *ledger.Ledger
	Undo     Undo
	Progress Progress
	Log      *slog.Logger
	Options
	// Found is what Run finds out of Permit.
	Found Findings
	// Unasked is how many roles have got permissions that nobody asked for.
	Unasked int

	plan     *reconcile.Plan
	snapshot *snapshot.Snapshot
	sender   *sender
	queue    *queue
}

// Options are what the person who runs permitload has chosen.
type Options struct {
	// CreateMissing lets resources, roles and tenants be created. Without it, what
	// names one that Permit lacks is refused.
	CreateMissing bool
	// Grant lets roles that exist be given more permissions.
	Grant bool
	// DropEmail has users loaded without their email, where Permit refuses it since
	// another user has it.
	DropEmail bool
	// UndoChanges has Undo keep what the plan changes, too, and not only what it takes
	// away and what a write may clear.
	UndoChanges bool
}

// Progress is told how far the plan is.
type Progress interface {
	Add(n int)
	// WarnOfRoles is told how many roles without permissions were created.
	WarnOfRoles(n int)
	// WarnOfUnasked is told of permissions that a role has got by itself.
	WarnOfUnasked(role string, permissions []string)
}

// Run carries out a plan that was made of that snapshot. An error is a reason to
// stop; what a single record meets goes to the ledger alone.
func (a *Applier) Run(ctx context.Context, plan *reconcile.Plan, s *snapshot.Snapshot) error {
	a.plan, a.snapshot, a.sender = plan, s, newSender(a.Client, a.Ledger, a.Progress)
	a.queue = &queue{
		refused: map[int]bool{}, lacks: map[reconcile.RecordID]record.Fault{}, restored: map[permit.Assignment]bool{},
		others:    map[string]bool{},
		grantSize: permit.MaxPermissions,
	}
	for _, step := range []func(context.Context) error{
		a.createResources, a.createRoles, a.grantToExisting, a.createTenants, a.renameTenants, a.writeAll, a.takeAway,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// eachBatch calls do with the operations of one kind on users, so many at once,
// but for users whose line has failed. It ends with the first error.
func (a *Applier) eachBatch(op reconcile.Op, size int, do func([]item) error) error {
	var items []item
	for o := range a.plan.Operations() {
		if o.Op != op || a.Ledger.HasFailed(o) {
			continue
		}
		line, err := a.Input.User(o.User)
		if err != nil {
			return err
		}
		if items = append(items, item{Operation: o, user: permit.User{Key: line.Key}}); len(items) < size {
			continue
		}
		if err := do(items); err != nil {
			return err
		}
		items = nil
	}
	return do(items)
}
