package ledger

import (
	"fmt"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Tally counts the lines of one type by their outcome.
type Tally struct {
	In        int `json:"in"`
	Loaded    int `json:"loaded"`
	Added     int `json:"added"`   // of those loaded: new in Permit
	Planned   int `json:"planned"` // in a dry run: would be loaded
	Unchanged int `json:"unchanged"`
	Repeated  int `json:"repeated"`
	NotLoaded int `json:"not_loaded"`
}

// NotReachedFault returns the fault of a line that a run did not reach. cause is the
// error that stopped the run, or nil.
func NotReachedFault(cause error) record.Fault {
	message := "not reached"
	if cause != nil {
		message = "the load stopped before: " + cause.Error()
	}
	return record.Fault{Code: "not_reached", Message: message, Retryable: true}
}

// Close writes to stdout the lines that were not loaded and are not there yet. cause is
// the error that stopped the run, or nil. If Close itself fails, it continues, since
// the report needs all lines, and returns the first error. It also checks that each
// line is accounted for.
func (l *Ledger) Close(cause error) error {
	if cause != nil && !l.wrote {
		return nil
	}
	first := l.FlushRejectsOnce()
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, line := range l.input.Catalogue {
		switch it := l.catalogue[reconcile.RecordID{Type: line.Type, Key: line.Key}]; {
		case it == nil:
		case it.failed:
			note(l.put(line.Line, it.fault))
		case it.open > 0:
			it.failed, it.fault = true, NotReachedFault(cause)
			note(l.put(line.Line, it.fault))
		}
	}
	for i := range l.users {
		if e := &l.users[i]; e.open > 0 && !e.failed {
			note(l.rejectUser(i, NotReachedFault(cause)))
		}
	}
	note(l.Check())
	l.Closed = true
	return first
}

// Check checks that for each type in = loaded + planned + unchanged + repeated + not
// loaded. A wrong sum is a bug in permitload, and a reason not to trust the run.
func (l *Ledger) Check() error {
	for kind, t := range l.Tallies() {
		if sum := t.Loaded + t.Planned + t.Unchanged + t.Repeated + t.NotLoaded; sum != t.In {
			return fmt.Errorf("the count of %s lines is off: %d in, %d accounted for (please report this)", kind, t.In, sum)
		}
	}
	return nil
}

// HasFailures reports whether a line is not loaded, or cannot be.
func (l *Ledger) HasFailures() bool {
	for _, t := range l.Tallies() {
		if l.Closed && t.NotLoaded > 0 {
			return true
		}
	}
	return len(l.Rejects) > 0
}

// Tallies returns the outcome of the lines so far, by type. Before there is a plan,
// none of them is loaded.
func (l *Ledger) Tallies() map[string]*Tally {
	tallies := map[string]*Tally{}
	for _, kind := range []string{record.TypeUser, record.TypeRole, record.TypeTenant, record.TypeResource} {
		tallies[kind] = &Tally{In: l.input.In[kind]}
	}
	tallies[record.TypeUser].Repeated = l.input.Repeats
	if l.users == nil {
		for _, t := range tallies {
			t.NotLoaded = t.In - t.Repeated
		}
		return tallies
	}
	for _, r := range l.input.Rejects {
		tallies[r.Type].NotLoaded++
	}
	for i := range l.users {
		tallies[record.TypeUser].add(&l.users[i], l.DryRun)
	}
	seen := map[reconcile.RecordID]bool{}
	for _, line := range l.input.Catalogue {
		id, t := reconcile.RecordID{Type: line.Type, Key: line.Key}, tallies[line.Type]
		switch it := l.catalogue[id]; {
		case it != nil && (it.failed || it.open > 0 && !l.DryRun):
			t.NotLoaded++
		case seen[id]: // lines of one key count as one
			t.Repeated++
		case it != nil:
			t.add(&it.entry, l.DryRun)
		default:
			t.Unchanged++
		}
		seen[id] = true
	}
	return tallies
}

func (t *Tally) add(e *entry, dryRun bool) {
	switch {
	case e.open > 0 && dryRun && !e.failed:
		t.Planned++
	case e.failed || e.open > 0:
		t.NotLoaded++
	case e.changed:
		t.Loaded++
		if e.created {
			t.Added++
		}
	default:
		t.Unchanged++
	}
}
