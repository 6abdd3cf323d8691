package permitload

import (
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// began notes that something was written. Until then stdout stays empty, so
// that a load that stops before has changed nothing anywhere.
func (l *loader) began() error {
	if l.wrote {
		return nil
	}
	l.wrote = true
	for _, r := range l.in.rejected {
		if err := l.putLine(r.place, r.fault); err != nil {
			return err
		}
	}
	return nil
}

// fail puts user i's line on stdout, once.
func (l *loader) fail(i int, f fault) error {
	if err := l.began(); err != nil {
		return err
	}
	if l.plan.State(i) == reconcile.Failed {
		return nil
	}
	l.plan.SetState(i, reconcile.Failed)
	return l.putLine(l.in.users[i], f)
}

func (l *loader) putLine(at place, f fault) error {
	text, err := l.in.text(at)
	if err != nil {
		return err
	}
	return l.left.put(text, f)
}

// closing settles what became of every line, and puts those on stdout that a
// load that stopped has not reached. A fault on the way does not end it: the
// report needs all of them.
func (l *loader) closing(stopped error) error {
	if stopped != nil && !l.wrote {
		return nil
	}
	first := l.began()
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	l.closeCatalogue(stopped, note)
	t := l.in.tallies[record.TypeUser]
	for i := range l.plan.Users() {
		switch state := l.plan.State(i); {
		case state == reconcile.Conflicted || state == reconcile.TakenEmail: // counted with the plan
		case state == reconcile.Failed:
			t.NotLoaded++
		case state == reconcile.Same && !l.owed(i):
			t.Unchanged++
		case (state == reconcile.Written || state == reconcile.Touched) && !l.owed(i):
			t.Loaded++
		default:
			t.NotLoaded++
			note(l.fail(i, notReached(stopped)))
		}
	}
	l.report.closed = true
	note(l.report.check())
	return first
}

// foreseen counts what a load would leave as it is, for a dry run's summary.
func (l *loader) foreseen() {
	for i := range l.plan.Users() {
		if l.plan.State(i) == reconcile.Same && !l.owed(i) {
			l.in.tallies[record.TypeUser].Unchanged++
		}
	}
	met := map[outcome]bool{}
	renamed := l.renamed()
	for _, line := range l.in.catalogue {
		what, t := outcome{line.kind, line.key}, l.in.tallies[line.kind]
		switch {
		case met[what]:
			t.Repeated++
		case l.has(line) && (line.kind != record.TypeTenant || !renamed[line.key]):
			t.Unchanged++
		}
		met[what] = true
	}
}

// owed reports whether assignments of user i are still to be made or taken away.
func (l *loader) owed(i int) bool { return l.wants(i) || l.takeAway.owes(i) }

func (l *loader) wants(i int) bool {
	for range l.plan.Wanting(i) {
		return true
	}
	return false
}

func notReached(stopped error) fault {
	message := "not reached"
	if stopped != nil {
		message = "the load stopped before: " + stopped.Error()
	}
	return fault{Code: "not_reached", Message: message, Retryable: true}
}
