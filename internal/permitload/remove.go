package permitload

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"a0permit/internal/permitload/apply"
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
	return withHint(orAgain(c.Context, r.run(c.Context)))
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
	users, held := plan.Counts.Delete, plan.Counts.Unassign
	what := fmt.Sprintf("%s with %s", tool.Count(users, "user"), tool.Count(held, "role assignment"))
	r.tool.SayCounts(fmt.Sprintf("users: %s to delete, with %s; %s not in Permit",
		tool.Thousands(users), tool.Count(held, "role assignment"), tool.Thousands(plan.Users()-users)),
		slog.Int("users_to_delete", users), slog.Int("role_assignments_to_take_away", held),
		slog.Int("users_not_in_permit", plan.Users()-users))
	r.printRejects()
	if err := r.writePlan(ctx, plan, snap, nil); err != nil {
		return err
	}
	if r.settings.dryRun {
		if users > 0 {
			r.previewRemoval("delete "+what, users, snap.Users)
		}
		return r.endDryRun()
	}
	if users > 0 {
		detail := func() (string, error) { return lostRoles(plan), nil }
		hint := "--dry-run --plan FILE writes who would go"
		if err := r.confirmRemoval(ctx, "delete "+what, users, snap.Users, detail, hint); err != nil {
			return err
		}
	}
	if users > 0 {
		r.screen.Begin("deleting", held+users)
	}
	if err := r.apply(ctx, plan, snap, apply.Options{}); err != nil {
		return err
	}
	return r.verdict()
}
