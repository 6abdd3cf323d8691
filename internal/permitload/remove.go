package permitload

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// remover is one run of remove.
type remover struct{ *session }

func runRemove(c *cli.Context, t *tool.Tool) error {
	cfg, err := newSettings(c, t)
	if err != nil {
		return err
	}
	client, err := newClient(c, t, cfg.classes)
	if err != nil {
		return err
	}
	r := &remover{newSession(cfg, reconcile.Rules{Delete: true}, t, client)}
	defer r.input.Close()
	t.SetReport(r.report)
	return withHint(r.orAgain(c.Context, r.run(c.Context)))
}

// run checks the key, reads the input, takes a snapshot, makes the plan and
// carries it out.
func (r *remover) run(ctx context.Context) error {
	if err := r.enter(ctx); err != nil {
		return err
	}
	if err := r.read(ctx); err != nil {
		return err
	}
	snap, err := r.reader().Take(ctx, r.desired, r.roles)
	if err != nil {
		return err
	}
	defer snap.Close()
	plan := reconcile.Diff(r.desired, snap.Current)
	r.ledger.Begin(plan)
	r.printRemoval(plan)
	r.printRejects()
	if err := r.writePlan(ctx, plan, snap, nil); err != nil {
		return err
	}
	if r.settings.dryRun {
		return r.preview(plan, snap)
	}
	if err := r.ask(ctx, plan, snap); err != nil {
		return err
	}
	c := plan.Counts
	if n := c.Unassign + c.Delete + len(plan.Revocations); n > 0 {
		r.screen.Begin("taking away", n)
	}
	if err := r.apply(ctx, plan, snap, apply.Options{}); err != nil {
		return err
	}
	return r.verdict()
}

// preview ends a dry run: it prints what the real run would refuse or ask.
func (r *remover) preview(plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	stops := false
	if n := plan.Counts.Delete; n > 0 {
		stops = r.previewRemoval(deletionText(plan), n, snap.Users)
	}
	if n := plan.Counts.Revoke; n > 0 {
		stops = r.previewRemoval(revocationText(plan), n, countPermissions(r.roles)) || stops
	}
	return r.endDryRun(stops)
}

// ask asks before users are deleted, and before roles lose permissions.
func (r *remover) ask(ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	if n := plan.Counts.Delete; n > 0 {
		roles := func() (string, error) { return lostRoles(plan), nil }
		err := r.confirmRemoval(ctx, deletionText(plan), n, snap.Users, roles, "--dry-run --plan FILE writes who would go")
		if err != nil {
			return err
		}
	}
	if plan.Counts.Revoke == 0 {
		return nil
	}
	holders := func() (string, error) { return r.holdersOf(ctx, plan.Revocations) }
	n, all := plan.Counts.Revoke, countPermissions(r.roles)
	return r.confirmRemoval(ctx, revocationText(plan), n, all, holders, "leave the role lines out")
}

// deletionText returns the question about users without its details.
func deletionText(plan *reconcile.Plan) string {
	return fmt.Sprintf("delete %s with %s",
		tool.Count(plan.Counts.Delete, "user"), tool.Count(plan.Counts.Unassign, "role assignment"))
}

// countPermissions returns how many permissions all roles have together.
func countPermissions(roles []permit.Role) (n int) {
	for i := range roles {
		n += len(roles[i].Permissions)
	}
	return n
}

// revocationText returns the question about permissions without its details.
func revocationText(plan *reconcile.Plan) string {
	return fmt.Sprintf("take %s from %s",
		tool.Count(plan.Counts.Revoke, "permission"), tool.Count(len(plan.Revocations), "role"))
}

// printRemoval prints the plan of a removal.
func (r *remover) printRemoval(plan *reconcile.Plan) {
	users, held := plan.Counts.Delete, plan.Counts.Unassign
	if plan.Users() > 0 || plan.Counts.Revoke == 0 {
		r.tool.SayCounts(fmt.Sprintf("users: %s to delete, with %s; %s not in Permit",
			tool.Thousands(users), tool.Count(held, "role assignment"), tool.Thousands(plan.Users()-users)),
			slog.Int("users_to_delete", users), slog.Int("role_assignments_to_take_away", held),
			slog.Int("users_not_in_permit", plan.Users()-users))
	}
	if n := plan.Counts.Revoke; n > 0 {
		r.tool.SayCounts(fmt.Sprintf("permissions: %s to take from %s (%s)", tool.Thousands(n),
			tool.Count(len(plan.Revocations), "role"), names(plan.Revocations, withPermissions)),
			slog.Int("permissions_to_take_away", n))
	}
}
