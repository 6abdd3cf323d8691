package permitload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// takeAway is what --roles replace is to take away: assignments that Permit
// has, that the input speaks of, and that it does not have.
type takeAway struct {
	before  time.Time // only those made before
	inScope int       // assignments of which the input speaks
	surplus []surplus
	met     map[permit.Assignment]bool
	owed    map[int]int                // how many are still to go, by the user's number
	again   map[permit.Assignment]bool // made again by this load, and so older than they say
}

type surplus struct {
	permit.Assignment
	user int // its number
}

func (s surplus) holder() string { return s.User }

// grace is by how much older than the input's data an assignment must be, for
// clocks that differ, and since an export takes its time.
const grace = 10 * time.Minute

// dated makes sure that it is known when the input was true. Without, last
// week's file would take away what was given since.
func (l *loader) dated() error {
	if l.in.asOf.IsZero() || l.in.undated {
		return tool.Hint(errors.New("--roles replace: the input does not say when it was true (as_of, in its end line); nothing was written"),
			"a0tojsonl --as-of TIME says it", "without --roles replace nothing is taken away")
	}
	l.takeAway = &takeAway{before: l.in.asOf.Add(-grace), met: map[permit.Assignment]bool{}, owed: map[int]int{}, again: map[permit.Assignment]bool{}}
	return nil
}

// see notes an assignment that Permit has.
func (t *takeAway) see(p *reconcile.Plan, a permit.Held, wanted bool) {
	i, ok := p.Speaks(a.User, asRoleAssignment(a.Assignment))
	if !ok {
		return
	}
	t.inScope++
	if wanted || !t.old(a) || t.met[a.Assignment] {
		return
	}
	t.met[a.Assignment] = true
	t.surplus = append(t.surplus, surplus{a.Assignment, i})
	t.owed[i]++
}

// old reports whether an assignment was made before the input was true. One
// that does not say may be new.
func (t *takeAway) old(a permit.Held) bool {
	made := a.Created()
	return !made.IsZero() && made.Before(t.before)
}

// restored notes an assignment that this load has made again.
func (t *takeAway) restored(a permit.Assignment) {
	if t != nil {
		t.again[a] = true
	}
}

// forget takes back what was seen, for a caller who begins anew.
func (t *takeAway) forget() {
	if t != nil {
		t.inScope, t.surplus = 0, nil
		clear(t.met)
		clear(t.owed)
	}
}

func (t *takeAway) count() int {
	if t == nil {
		return 0
	}
	return len(t.surplus)
}

func (t *takeAway) owes(i int) bool { return t != nil && t.owed[i] > 0 }

// mayTakeAway asks, and writes down what goes before anything does: a load that
// is stopped midway has then taken away nothing that the file lacks.
func (l *loader) mayTakeAway(ctx context.Context) error {
	if err := l.fresh(); err != nil {
		return err
	}
	n := l.takeAway.count()
	if n == 0 {
		return l.recordSurplus()
	}
	what := fmt.Sprintf("take %s away from %s", tool.Count(n, "role assignment"), tool.Count(len(l.takeAway.owed), "user"))
	if err := l.mayRemove(ctx, what, n, l.takeAway.inScope); err != nil {
		return err
	}
	return l.recordSurplus()
}

// foresee is mayTakeAway for a dry run: it says what a load would stop at, and
// writes down what would go.
func (l *loader) foresee() error {
	if roles, _ := l.plan.Missing(); l.createMissing == "yes" && len(l.resemblances(roles)) > 0 {
		l.tool.Warn("a load stops before it creates a role that may be in Permit under another key")
	}
	if l.takeAway == nil {
		return nil
	}
	if err := l.fresh(); err != nil {
		l.tool.Warn("%v", err)
	}
	n := l.takeAway.count()
	if err := l.limited(tool.Count(n, "role assignment"), n, l.takeAway.inScope); err != nil {
		l.tool.Warn("%v", err)
	}
	return l.recordSurplus()
}

// stale is the age above which input is last week's.
const stale = 5 * 24 * time.Hour

// fresh refuses old input that would give roles: they may have been taken away
// since, from the users or with them, and no list tells.
func (l *loader) fresh() error {
	if l.takeAway == nil || time.Since(l.in.asOf) <= stale {
		return nil
	}
	n := l.plan.Counts().Assign
	if n == 0 {
		return nil
	}
	return tool.Hint(fmt.Errorf("--roles replace: the input was true on %s; the %s it would give may have been taken away since; nothing was written",
		l.in.asOf.Format(time.DateOnly), tool.Count(n, "role assignment")),
		"export anew", "--roles add gives them all the same")
}

// mayRemove settles whether n of what is in scope may go. Without an answer
// nothing at all is written.
func (l *loader) mayRemove(ctx context.Context, what string, n, inScope int) error {
	if err := l.limited("to "+what, n, inScope); err != nil {
		return fmt.Errorf("%w; nothing was written", err)
	}
	if l.yes {
		return nil
	}
	yes, err := l.tool.Ask(ctx, what+"?")
	switch {
	case errors.Is(err, tool.ErrNoTerminal):
		return tool.Hint(fmt.Errorf("to %s needs a yes, and %w; nothing was written", what, err), "--yes takes away without asking")
	case err != nil:
		return err
	case !yes:
		return tool.Hint(errors.New("nothing was written"), "without --roles replace or --remove nothing is taken away")
	}
	return nil
}

// limited refuses what is more than --remove-limit of what is in scope.
func (l *loader) limited(what string, n, inScope int) error {
	if float64(n)*100 <= l.removeLimit*float64(inScope) {
		return nil
	}
	percent := float64(n) * 100 / float64(max(inScope, 1))
	return tool.Hint(fmt.Errorf("%s would be %.1f%% of the %s in scope", what, percent, tool.Thousands(inScope)),
		fmt.Sprintf("is the input whole? If it is: --remove-limit %d (it is %g)", min(int(percent)+1, 100), l.removeLimit))
}
