package permitload

import (
	"errors"
	"fmt"
	"time"

	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// The age of the input decides what may be taken away and what may be given back. It is
// measured by Permit's clock, since the clock of this machine may be wrong.

const (
	// grace is how much older than the export an assignment must be before it is taken
	// away: clocks differ, and an export takes time.
	grace = 10 * time.Minute
	// rounding is how far Permit's time may be ahead of the Date of its answers, which
	// has whole seconds.
	rounding = time.Second
	// stale is the age from which on input counts as old.
	stale = 5 * 24 * time.Hour
)

// requireAsOf refuses to replace roles if the time of the export is unknown or in the
// future. Last week's file would take away what was given since, and a future time would
// take away what was given just now.
func (l *loader) requireAsOf() error {
	if !l.replaceRoles {
		return nil
	}
	asOf, now := l.input.Ends.AsOf, l.client.Now()
	const instead = "without --roles replace nothing is taken away"
	switch {
	case asOf.IsZero():
		return tool.Hint(
			errors.New("--roles replace: the input does not say when it was exported (as_of, in its end line);"+
				" nothing was written"),
			"a0tojsonl --as-of TIME says it", instead)
	case now.IsZero():
		return tool.Hint(
			errors.New("--roles replace: Permit's answers have no Date, so the age of the input is unknown;"+
				" nothing was written"), instead)
	case asOf.After(now.Add(rounding)):
		return tool.Hint(fmt.Errorf("--roles replace: the input was exported at %s, which is in the future:"+
			" Permit's clock says %s; nothing was written",
			asOf.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)),
			"a0tojsonl --as-of TIME says when the export was made", instead)
	}
	l.desired.PruneBefore(asOf.Add(-grace))
	return nil
}

// checkAge refuses old input that would add role assignments: they may have been taken
// away since, and nothing in Permit tells.
func (l *loader) checkAge(plan *reconcile.Plan) error {
	asOf, n := l.input.Ends.AsOf, plan.Counts.Assign
	if !l.replaceRoles || l.client.Now().Sub(asOf) <= stale || n == 0 {
		return nil
	}
	return tool.Hint(fmt.Errorf(
		"--roles replace: the input was exported on %s; the %s it would add may have been taken away since",
		asOf.Format(time.DateOnly), tool.Count(n, "role assignment")),
		"export again, or add them without --roles replace")
}
