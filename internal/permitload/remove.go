package permitload

import (
	"context"
	"fmt"

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
	r.tool.Say("- %s  (%s of the input are not in Permit)", what, tool.Thousands(plan.Users()-users))
	r.printRejects()
	if r.settings.dryRun {
		if err := r.checkLimit(tool.Count(users, "user"), users, snap.Users); err != nil {
			r.tool.Warn("%v", err)
		}
		if err := r.writeRemovals(ctx, plan, snap); err != nil {
			return err
		}
		r.tool.Say("nothing was written (--dry-run)")
		return r.verdict()
	}
	if users > 0 {
		hint := "--dry-run --removed FILE writes down who would go"
		if err := r.confirmRemoval(ctx, "delete "+what, users, snap.Users, hint); err != nil {
			return err
		}
	}
	if err := r.writeRemovals(ctx, plan, snap); err != nil {
		return err
	}
	if users > 0 {
		r.screen.Begin("deleting", held+users)
	}
	if err := r.apply(ctx, plan, snap, apply.Options{}); err != nil {
		return err
	}
	return r.verdict()
}
