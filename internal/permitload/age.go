package permitload

import (
	"errors"
	"fmt"
	"time"

	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// How old the input is decides what may be taken away and what may be given
// back. Permit's clock tells: this machine's may be wrong by any amount.

const (
	// grace is by how much older than the input's data an assignment must be to
	// be taken away, for clocks that differ, and since an export takes its time.
	grace = 10 * time.Minute
	// rounding is by how much Permit's time may be ahead of what its answers say.
	rounding = time.Second
	// stale is the age above which input is last week's.
	stale = 5 * 24 * time.Hour
)

// requireAsOf makes sure that it is known when the input was true, if roles are
// replaced. Without, last week's file would take away what was given since; and
// a time to come would take away what was given just now.
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
			errors.New("--roles replace: Permit's answers have no Date, so it is not known how old the input is;"+
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

// checkAge refuses old input that would give roles: they may have been taken
// away since, from the users or with them, and no list tells.
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
