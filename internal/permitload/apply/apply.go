// Package apply carries out a reconcile.Plan: it turns operations into as few Permit
// calls as possible, and tells the ledger what became of each. It never decides what to
// do.
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
	// Found is what Run found out about Permit.
	Found Findings
	// Unasked counts the roles that got permissions nobody asked for.
	Unasked int

	plan     *reconcile.Plan
	snapshot *snapshot.Snapshot
	sender   *sender
	queue    *queue
}

// Options are choices of the person who runs permitload.
type Options struct {
	// CreateMissing allows Run to create resources, roles and tenants. Without it,
	// records that need a missing one are refused.
	CreateMissing bool
	// Grant allows Run to give existing roles more permissions.
	Grant bool
	// DropEmail loads a new user without its email if Permit refuses the email because
	// another user has it.
	DropEmail bool
	// UndoChanges keeps what the plan changes in Undo, and not only what it takes away or
	// what a write may clear.
	UndoChanges bool
}

// Progress receives the progress of Run.
type Progress interface {
	Add(n int)
	// WarnOfRoles receives how many roles were created without permissions.
	WarnOfRoles(n int)
	// WarnOfUnasked receives permissions that a role got without being asked for.
	WarnOfUnasked(role string, permissions []string)
}

// Run carries out a plan that was made from the snapshot. It returns an error only for
// what stops the run; refused records go to the ledger.
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

// eachBatch calls do with up to size operations of one kind at a time. It skips users
// whose line has failed, and ends with the first error.
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
