package permitload

import (
	"context"

	"github.com/urfave/cli/v2"

	"a0permit/internal/permitload/apply"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// loader is one run of load.
type loader struct {
	*session
	loadSettings
	kept reconcile.Kept // by the plan
}

func runLoad(c *cli.Context, t *tool.Tool) error {
	cfg, err := newLoadSettings(c, t)
	if err != nil {
		return err
	}
	client, err := newClient(c, t, cfg.classes)
	if err != nil {
		return err
	}
	l := &loader{session: newSession(cfg.settings, cfg.rules, t, client), loadSettings: cfg}
	defer l.input.Close()
	t.SetReport(l.report)
	return withHint(l.orAgain(c.Context, l.run(c.Context)))
}

// run checks the key, reads the input, takes a snapshot, makes the plan, carries
// it out and verifies.
func (l *loader) run(ctx context.Context) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	if err := l.read(ctx); err != nil {
		return err
	}
	if err := l.requireAsOf(); err != nil {
		return err
	}
	if err := l.loadByPlan(ctx); err != nil || l.dryRun {
		return err
	}
	if err := l.verify(ctx); err != nil {
		return err
	}
	return l.verdict()
}

// loadByPlan makes the plan, prints it and, unless this is a dry run, carries it out. It
// lets plan and snapshot go before verify makes its own: two of them would take twice the
// memory.
func (l *loader) loadByPlan(ctx context.Context) error {
	snap, err := l.takeWithExtras(ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	plan := reconcile.Diff(l.desired, snap.Current)
	l.ledger.Begin(plan)
	l.kept = plan.Kept
	l.printPlan(plan)
	if err := l.writeOwnPlan(ctx, plan, snap); err != nil {
		return err
	}
	if l.dryRun {
		return l.preview(plan, snap)
	}
	l.printEstimate(plan)
	create, err := l.askToCreate(ctx, plan)
	if err != nil {
		return err
	}
	grant, err := l.askToGrant(ctx, plan)
	if err != nil {
		return err
	}
	if err := l.confirmTwins(ctx, plan); err != nil {
		return err
	}
	if err := l.confirmChanges(ctx, plan, snap); err != nil {
		return err
	}
	if err := l.confirmPruning(ctx, plan); err != nil {
		return err
	}
	l.beginWriting(plan, create)
	err = l.apply(ctx, plan, snap, apply.Options{CreateMissing: create, Grant: grant, DropEmail: l.dropEmail})
	l.printRefusedEmails(plan)
	return err
}

// takeWithExtras takes a snapshot and writes the file of --extra.
func (l *loader) takeWithExtras(ctx context.Context) (*snapshot.Snapshot, error) {
	reader := l.reader()
	if l.extra != "" {
		file := &extraFile{ctx: ctx, tool: l.tool, path: l.extra, now: l.client.Now}
		file.roles = l.desired.ExtraPermissions(snapshot.RoleRecords(l.roles))
		defer file.abort()
		reader.Extras = file
	}
	snap, err := reader.Take(ctx, l.desired, l.roles)
	if err == nil {
		l.report.extra = snap.Extra
	}
	return snap, err
}

// writeOwnPlan writes the file of --plan, without what the flags leave out.
func (l *loader) writeOwnPlan(ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	return l.writePlan(ctx, plan, snap, l.leavesOut(plan))
}

// beginWriting starts the progress line, unless there is nothing to write.
func (l *loader) beginWriting(plan *reconcile.Plan, create bool) {
	c := plan.Counts
	total := c.Create + c.Update + c.Assign + c.Unassign + len(plan.Renames) + len(plan.Grants)
	if create {
		total += len(plan.Resources) + len(plan.Extensions) + len(plan.Roles) + len(plan.Tenants)
	} else {
		total -= c.Blocked
	}
	if total > 0 {
		_, wait := l.estimate(plan, true)
		l.screen.Begin("writing", total)
		l.screen.progress.AtLeast(wait)
	}
}
