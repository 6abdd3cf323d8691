package permitload

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// refused returns err, which stops a run before its first write.
func refused(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w; nothing was written", err)
}

// checkResemblances refuses to create roles that Permit may have under other keys.
func (l *loader) checkResemblances(plan *reconcile.Plan) error {
	n := len(plan.Resemblances())
	if n == 0 || l.createMissing != "yes" {
		return nil
	}
	return tool.Hint(
		fmt.Errorf("%s may be in Permit under another key", tool.Count(n, "missing role")),
		"give a0tojsonl the --role-map lines above", "--create-missing ask, on a terminal, creates them all the same")
}

// missing returns what Permit lacks and a load may create, "" for nothing.
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

// askToCreate settles whether what Permit lacks is created. Without an answer
// nothing at all is written.
func (l *loader) askToCreate(ctx context.Context, plan *reconcile.Plan) (bool, error) {
	if err := l.checkResemblances(plan); err != nil {
		return false, refused(err)
	}
	what := missing(plan)
	if what == "" || l.createMissing != "ask" {
		return l.createMissing == "yes", nil
	}
	const without = "--create-missing no loads the users, and puts those that name it on stdout"
	yes, err := l.tool.Ask(ctx, fmt.Sprintf("Permit lacks %s; create in %s?", what, l.report.place))
	switch {
	case errors.Is(err, tool.ErrNoTerminal):
		return false, tool.Hint(refused(fmt.Errorf("Permit lacks %s, and %w", what, err)), //nolint:staticcheck // a name
			"--create-missing yes creates what is missing", without)
	case err == nil && !yes:
		return false, tool.Cancelled(without)
	}
	return yes, err
}

// change is what the plan changes of users whom Permit has.
type change struct{ users, of int }

// fewUsers is how many existing users are too few for their share to mean anything.
const fewUsers = 50

// changeToAsk returns what is changed, if it is more than --change-limit of the users
// of the input whom Permit has.
func (l *loader) changeToAsk(plan *reconcile.Plan) (c change, due bool) {
	c = change{plan.Counts.Update, plan.Counts.Update + plan.Counts.Same}
	return c, c.of >= fewUsers && float64(c.users)*100 > l.changeLimit*float64(c.of)
}

// String says what is to be done.
func (c change) String() string {
	return fmt.Sprintf("change %s of %s", tool.Thousands(c.users), tool.Count(c.of, "existing user"))
}

// confirmChanges asks whether so many users may be changed.
func (l *loader) confirmChanges(ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	c, due := l.changeToAsk(plan)
	if !due {
		return nil
	}
	detail := func() (string, error) { return l.changedFields(plan, snap) }
	return l.confirm(ctx, c.String(), detail, "--dry-run --plan FILE writes each change, and --change-limit PERCENT"+
		" (now "+percentText(l.changeLimit)+") says when to ask")
}

// changedFields returns which fields of users change, and how often.
func (l *loader) changedFields(plan *reconcile.Plan, snap *snapshot.Snapshot) (string, error) {
	counts := map[string]int{}
	for i, ops := range plan.ByUser() {
		if ops[0].Op != reconcile.Update {
			continue
		}
		was, is, err := l.changeOf(plan, snap, i)
		if err != nil {
			return "", err
		}
		eachField("", was, is, func(name string, _, _ any) { counts[name]++ })
	}
	return countList(counts), nil
}

// confirmPruning asks whether assignments may be taken away.
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

// pruning says what --roles replace takes away.
func pruning(c reconcile.Counts) string {
	return fmt.Sprintf("take %s from %s", tool.Count(c.Unassign, "role assignment"), tool.Count(c.UnassignFrom, "user"))
}

// confirmRemoval settles whether n of what is in scope may go. Without an answer
// nothing at all is written. detail returns what else the question says.
func (s *session) confirmRemoval(
	ctx context.Context, what string, n, inScope int, detail func() (string, error), hint string,
) error {
	if err := s.checkLimit("to "+what, n, inScope); err != nil {
		return refused(err)
	}
	return s.confirm(ctx, what, detail, hint)
}

// confirm asks whether something may be done that --yes allows, too. hint is for
// somebody who answers no.
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
	yes, err := s.tool.Ask(ctx, fmt.Sprintf("%s in %s? %s%s", what, s.report.place, more, s.undoWords()))
	switch {
	case errors.Is(err, tool.ErrNoTerminal):
		return s.noTerminal(what)
	case err == nil && !yes:
		return tool.Cancelled(hint)
	}
	return err
}

// noTerminal returns the error of a question that nobody can answer.
func (s *session) noTerminal(what string) error {
	return tool.Hint(refused(fmt.Errorf("to %s in %s needs a yes, and %w", what, s.report.place, tool.ErrNoTerminal)),
		"--yes answers yes; --dry-run shows what would be done")
}

// checkLimit refuses what is more than --remove-limit of what is in scope.
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
