package permitload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// refused returns err as that of a run that stops before its first write.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; nothing was written", err)
}

// checkResemblances refuses --create-missing yes if Permit may have a missing role under
// another key.
func (l *loader) checkResemblances(plan *reconcile.Plan) error {
	n := len(plan.Resemblances())
	if n == 0 || l.createMissing != "yes" {
		return nil
	}
	return tool.Hint(
		fmt.Errorf("%s may be in Permit under another key", tool.Count(n, "missing role")),
		"give a0tojsonl the --role-map lines above", "--create-missing ask, on a terminal, creates them anyway")
}

// missing returns for people what Permit lacks and a load may create, or "".
func missing(plan *reconcile.Plan) string {
	var list []string
	if n := len(plan.Resources); n > 0 {
		list = append(list, fmt.Sprintf("%s (%s)", tool.Count(n, "resource"), keys(plan.Resources)))
	}
	if n := countActions(plan.Extensions); n > 0 {
		list = append(list, fmt.Sprintf("%s (of %s)", tool.Count(n, "action"), keys(plan.Extensions)))
	}
	if n := len(plan.Roles); n > 0 {
		list = append(list, fmt.Sprintf("%s (%s)", tool.Count(n, "role"), keys(plan.Roles)))
	}
	if n := len(plan.Tenants); n > 0 {
		list = append(list, fmt.Sprintf("%s (%s)", tool.Count(n, "tenant"), keys(plan.Tenants)))
	}
	if last := len(list) - 1; last > 0 {
		return strings.Join(list[:last], ", ") + " and " + list[last]
	}
	return strings.Join(list, "")
}

// askToCreate asks whether to create what Permit lacks. Without an answer nothing is
// written.
func (l *loader) askToCreate(ctx context.Context, plan *reconcile.Plan) (bool, error) {
	if err := cmp.Or(l.checkMixups(plan), l.checkResemblances(plan)); err != nil {
		return false, refused(err)
	}
	what := missing(plan)
	if what == "" || l.createMissing != "ask" {
		return l.createMissing == "yes", nil
	}
	const without = "--create-missing no loads the users, and puts those that name it on stdout"
	yes, err := l.tool.Ask(ctx, fmt.Sprintf("Permit lacks %s; create in %s?", what, l.report.place.inProject()))
	switch {
	case errors.Is(err, tool.ErrNoTerminal):
		return false, tool.Hint(refused(fmt.Errorf("Permit lacks %s, and %w", what, err)), //nolint:staticcheck // a name
			"--create-missing yes creates what is missing", without)
	case err == nil && !yes:
		return false, tool.Cancelled(without)
	}
	return yes, err
}

// change counts the existing users that a plan changes, of those in the input.
type change struct{ users, of int }

// fewUsers is the number of existing users below which a percentage means nothing.
const fewUsers = 50

// changeToAsk reports whether a plan changes more than --change-limit of the existing
// users, and how many.
func (l *loader) changeToAsk(plan *reconcile.Plan) (c change, due bool) {
	c = change{plan.Counts.Update, plan.Counts.Update + plan.Counts.Same}
	return c, c.of >= fewUsers && float64(c.users)*100 > l.changeLimit*float64(c.of)
}

// String returns the question without its details.
func (c change) String() string {
	return fmt.Sprintf("change %s of %s", tool.Thousands(c.users), tool.Count(c.of, "existing user"))
}

// confirmChanges asks if more existing users change than --change-limit allows.
func (l *loader) confirmChanges(ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	c, due := l.changeToAsk(plan)
	if !due {
		return nil
	}
	detail := func() (string, error) { return l.changedFields(plan, snap) }
	return l.confirm(ctx, c.String(), detail, "--dry-run --plan FILE writes each change, and --change-limit PERCENT"+
		" (now "+percentText(l.changeLimit)+") says when to ask")
}

// changedFields returns the names of the fields that change, with numbers.
func (l *loader) changedFields(plan *reconcile.Plan, snap *snapshot.Snapshot) (string, error) {
	counts := map[string]int{}
	for i, ops := range plan.ByUser() {
		if ops[0].Op != reconcile.Update {
			continue
		}
		line, err := l.input.User(i)
		if err != nil {
			return "", err
		}
		was, is, err := changeOf(plan, snap, i, line)
		if err != nil {
			return "", err
		}
		eachField("", was, is, func(name string, _, _ any) { counts[name]++ })
	}
	return countList(counts), nil
}

// confirmPruning asks before --roles replace takes assignments away.
func (l *loader) confirmPruning(ctx context.Context, plan *reconcile.Plan) error {
	if err := l.checkAge(plan); err != nil || !l.replaceRoles {
		return refused(err)
	}
	c := plan.Counts
	if c.Unassign == 0 {
		return nil
	}
	detail := func() (string, error) { return lostRoles(plan), nil }
	hint := "without --roles replace nothing is taken away"
	return l.confirmRemoval(ctx, pruning(c), c.Unassign, c.InScope, detail, hint)
}

// pruning returns the question of --roles replace without its details.
func pruning(c reconcile.Counts) string {
	return fmt.Sprintf("take %s from %s", tool.Count(c.Unassign, "role assignment"), tool.Count(c.UnassignFrom, "user"))
}

// confirmRemoval refuses a removal above --remove-limit, and asks before any other.
// Without an answer nothing is written. detail returns the rest of the question.
func (s *session) confirmRemoval(
	ctx context.Context, what string, n, inScope int, detail func() (string, error), hint string,
) error {
	if err := s.checkLimit("to "+what, n, inScope); err != nil {
		return refused(err)
	}
	return s.confirm(ctx, what, detail, hint)
}

// confirm asks a question that --yes answers. hint is printed after a no.
func (s *session) confirm(ctx context.Context, what string, detail func() (string, error), hint string) error {
	if s.settings.removal.yes {
		return nil
	}
	if s.tool.Terminal == nil {
		return s.noTerminal(what)
	}
	more, err := detail()
	if err != nil {
		return err
	}
	if more != "" {
		more += "; "
	}
	yes, err := s.tool.Ask(ctx, fmt.Sprintf("%s in %s? %s%s", what, s.report.place.inProject(), more, s.undoWords()))
	switch {
	case errors.Is(err, tool.ErrNoTerminal):
		return s.noTerminal(what)
	case err == nil && !yes:
		return tool.Cancelled(hint)
	}
	return err
}

// noTerminal returns the error for a question that nobody can answer.
func (s *session) noTerminal(what string) error {
	return tool.Hint(refused(fmt.Errorf("to %s in %s needs a yes, and %w", what, s.report.place, tool.ErrNoTerminal)),
		"--yes answers yes; --dry-run shows what would be done")
}

// checkLimit refuses to remove more than --remove-limit percent of what is in scope.
func (s *session) checkLimit(what string, n, inScope int) error {
	if float64(n)*100 <= s.settings.removal.limit*float64(inScope) {
		return nil
	}
	percent, limit := float64(n)*100/float64(max(inScope, 1)), s.settings.removal.limit
	return tool.Hint(
		fmt.Errorf("%s is %.1f%% of the %s in scope, and --remove-limit is %g",
			what, percent, tool.Thousands(inScope), limit),
		fmt.Sprintf("is the input whole? If it is: --remove-limit %d", min(int(percent)+1, 100)))
}

func percentText(limit float64) string { return fmt.Sprintf("%g", limit) }
