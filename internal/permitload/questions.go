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

// askToCreate settles whether what Permit lacks is created. Without an answer
// nothing at all is written.
func (l *loader) askToCreate(ctx context.Context, plan *reconcile.Plan) (bool, error) {
	if n := len(plan.Resemblances()); n > 0 && l.createMissing == "yes" {
		return false, tool.Hint(
			fmt.Errorf("%s may be in Permit under another key; nothing was written", tool.Count(n, "missing role")),
			"give a0tojsonl the --role-map lines above", "--create-missing ask, on a terminal, creates them all the same")
	}
	if len(plan.Roles)+len(plan.Tenants) == 0 || l.createMissing != "ask" {
		return l.createMissing == "yes", nil
	}
	var missing []string
	if n := len(plan.Roles); n > 0 {
		missing = append(missing, fmt.Sprintf("%s (%s)", tool.Count(n, "role"), keys(plan.Roles)))
	}
	if n := len(plan.Tenants); n > 0 {
		missing = append(missing, fmt.Sprintf("%s (%s)", tool.Count(n, "tenant"), keys(plan.Tenants)))
	}
	what := "Permit lacks " + strings.Join(missing, " and ")
	yes, err := l.tool.Ask(ctx, what+"; create?")
	if err != nil && !errors.Is(err, tool.ErrNoTerminal) {
		return false, err
	}
	if yes {
		return true, nil
	}
	if err != nil {
		what += ", and " + err.Error()
	}
	return false, tool.Hint(errors.New(what+"; nothing was written"),
		"--create-missing yes creates what is missing",
		"--create-missing no loads the users, and puts those that name it on stdout")
}

// confirmPruning asks whether assignments may be taken away, and writes the file of
// --removed before the first write: a run that stops halfway has then taken away
// nothing that the file lacks.
func (l *loader) confirmPruning(ctx context.Context, plan *reconcile.Plan, snap *snapshot.Snapshot) error {
	if err := l.checkAge(plan); err != nil || !l.replaceRoles {
		return err
	}
	if c := plan.Counts; c.Unassign > 0 {
		what := tool.Count(c.Unassign, "role assignment") + " away from " + tool.Count(c.UnassignFrom, "user")
		hint := "without --roles replace nothing is taken away"
		if err := l.confirmRemoval(ctx, "take "+what, c.Unassign, c.InScope, hint); err != nil {
			return err
		}
	}
	return l.writeRemovals(ctx, plan, snap)
}

// confirmRemoval settles whether n of what is in scope may go. Without an answer
// nothing at all is written.
func (s *session) confirmRemoval(ctx context.Context, what string, n, inScope int, hint string) error {
	if err := s.checkLimit("to "+what, n, inScope); err != nil {
		return fmt.Errorf("%w; nothing was written", err)
	}
	if s.settings.removal.yes {
		return nil
	}
	switch yes, err := s.tool.Ask(ctx, what+"?"); {
	case errors.Is(err, tool.ErrNoTerminal):
		err = fmt.Errorf("to %s needs a yes, and %w; nothing was written", what, err)
		return tool.Hint(err, "--yes takes away without asking")
	case err != nil:
		return err
	case !yes:
		return tool.Hint(errors.New("nothing was written"), hint)
	}
	return nil
}

// checkLimit refuses what is more than --remove-limit of what is in scope.
func (s *session) checkLimit(what string, n, inScope int) error {
	if float64(n)*100 <= s.settings.removal.limit*float64(inScope) {
		return nil
	}
	percent, limit := float64(n)*100/float64(max(inScope, 1)), s.settings.removal.limit
	return tool.Hint(fmt.Errorf("%s would be %.1f%% of the %s in scope", what, percent, tool.Thousands(inScope)),
		fmt.Sprintf("is the input whole? If it is: --remove-limit %d (it is %g)", min(int(percent)+1, 100), limit))
}
