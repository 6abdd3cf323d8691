// Package ledger knows what became of each line of the input. It alone writes
// stdout: the lines that were not loaded, as it happens. At the end every line
// is accounted for.
package ledger

import (
	"encoding/json"
	"io"
	"iter"
	"slices"

	"a0permit/internal/permitload/intake"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Ledger holds the outcomes of one run.
type Ledger struct {
	Rejects []intake.Reject // lines for which nothing is done
	Sums    Sums
	Closed  bool // each line is accounted for
	DryRun  bool // what is open is planned, and not left over

	input     *intake.Input
	out       *rejectWriter
	users     []entry                      // by the user's number; nil before there is a plan
	catalogue map[reconcile.RecordID]*item // resources, roles and tenants that have operations
	wrote     bool                         // Permit has been written to, for all that is known
}

// entry is what became of a user, a resource, a role or a tenant so far.
type entry struct {
	open    uint32 // operations that are still to do
	changed bool   // one of them was done
	created bool   // it is new in Permit
	failed  bool   // the line is not loaded
	noEmail bool   // its email is not
}

// item is what became of a resource, a role or a tenant.
type item struct {
	entry
	fault record.Fault
}

// Sums counts what was done in Permit besides writing users, resources, roles and tenants.
type Sums struct {
	Assigned   int
	Restored   int // assignments that a write had cleared, and that are there again
	Unassigned int
	Deleted    int // users
	Granted    int // permissions
	Revoked    int // permissions
	NoEmail    int // users of whom the email of their line is not loaded
}

// New returns a ledger for the lines of input. What is not loaded goes to out,
// in short if that is a terminal.
func New(input *intake.Input, out io.Writer, terminal bool) *Ledger {
	return &Ledger{input: input, out: &rejectWriter{w: out, terminal: terminal}, catalogue: map[reconcile.RecordID]*item{}}
}

// Begin counts the operations of each line, and adds the refused lines to Rejects.
func (l *Ledger) Begin(plan *reconcile.Plan) {
	l.users = make([]entry, plan.Users())
	l.Rejects = slices.Clone(l.input.Rejects)
	for i, fault := range plan.Refusals() {
		l.users[i].failed = true
		l.Rejects = append(l.Rejects, intake.Reject{Line: l.input.UserLine(i), Type: record.TypeUser, Fault: fault})
	}
	for op := range plan.Operations() {
		l.entry(op).open++
	}
}

// HasFailed reports whether the line that an operation is for is not loaded.
func (l *Ledger) HasFailed(op reconcile.Operation) bool { return l.entry(op).failed }

func (l *Ledger) entry(op reconcile.Operation) *entry {
	id := op.RecordID()
	if id == (reconcile.RecordID{}) {
		return &l.users[op.User]
	}
	if l.catalogue[id] == nil {
		l.catalogue[id] = &item{}
	}
	return &l.catalogue[id].entry
}

// Complete notes that an operation was done.
func (l *Ledger) Complete(op reconcile.Operation) error {
	e := l.entry(op)
	e.open--
	e.changed = true
	switch op.Op {
	case reconcile.Assign:
		l.Sums.Assigned++
	case reconcile.Unassign:
		l.Sums.Unassigned++
	case reconcile.Delete:
		l.Sums.Deleted++
	case reconcile.Grant:
		l.Sums.Granted += len(op.Role.Permissions)
	case reconcile.Revoke:
		l.Sums.Revoked += len(op.Role.Permissions)
	case reconcile.Create:
		e.created = true
	case reconcile.Extend, reconcile.Update, reconcile.Rename:
	}
	return l.FlushRejectsOnce()
}

// RuleOut notes in a dry run that the line which an operation is for would be left over.
func (l *Ledger) RuleOut(op reconcile.Operation) { l.entry(op).failed = true }

// Skip notes that an operation is not needed any more.
func (l *Ledger) Skip(op reconcile.Operation) { l.entry(op).open-- }

// Refuse notes that an operation cannot be done. The line of a user comes out
// at once, and once; those of resources, roles and tenants at the end.
func (l *Ledger) Refuse(op reconcile.Operation, f record.Fault) error {
	e := l.entry(op)
	e.open--
	if e.failed {
		return nil
	}
	if id := op.RecordID(); id != (reconcile.RecordID{}) {
		e.failed, l.catalogue[id].fault = true, f
		return nil
	}
	return l.rejectUser(op.User, f)
}

// LeaveEmail notes that the email of user i is not loaded.
func (l *Ledger) LeaveEmail(i int) {
	l.users[i].noEmail = true
	l.Sums.NoEmail++
}

// WithoutEmail yields the users whose emails are not loaded.
func (l *Ledger) WithoutEmail() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range l.users {
			if l.users[i].noEmail && !yield(i) {
				return
			}
		}
	}
}

// CountRestored counts an assignment that a write had cleared and that is there
// again.
func (l *Ledger) CountRestored() { l.Sums.Restored++ }

// RejectCleared puts the line of user i on stdout with the assignments that a
// write may have cleared: loaded, it makes them again. It reports whether stdout has
// a line with all of them now.
func (l *Ledger) RejectCleared(i int, had []record.RoleAssignment, f record.Fault) (out bool, err error) {
	if err := l.FlushRejectsOnce(); err != nil {
		l.users[i].failed = true
		return false, err
	}
	u, err := l.input.User(i)
	if err != nil {
		return false, err
	}
	asked := len(u.RoleAssignments)
	for _, a := range had {
		if !slices.Contains(u.RoleAssignments, a) {
			u.RoleAssignments = append(u.RoleAssignments, a)
		}
	}
	if l.users[i].failed { // the line is out already, as it was
		return len(u.RoleAssignments) == asked && l.out.isWhole(), nil
	}
	l.users[i].failed = true
	text, err := json.Marshal(u)
	if err == nil {
		err = l.out.put(text, f)
	}
	return err == nil && l.out.isWhole(), err
}

// FlushRejectsOnce notes that something was written to Permit, or may have been,
// and puts the rejects on stdout the first time. Until then stdout stays empty: a
// run that stops before has changed nothing anywhere.
func (l *Ledger) FlushRejectsOnce() error {
	if l.wrote {
		return nil
	}
	l.wrote = true
	var first error
	for _, r := range l.Rejects {
		if err := l.put(r.Line, r.Fault); first == nil {
			first = err
		}
	}
	return first
}

func (l *Ledger) rejectUser(i int, f record.Fault) error {
	l.users[i].failed = true
	if err := l.FlushRejectsOnce(); err != nil {
		return err
	}
	return l.put(l.input.UserLine(i), f)
}

func (l *Ledger) put(at intake.Line, f record.Fault) error {
	if at.IsLong() {
		text, err := l.input.LongText(at)
		if err != nil {
			return err
		}
		return l.out.putLong(text, f)
	}
	text, err := l.input.Text(at)
	if err != nil {
		return err
	}
	return l.out.put(text, f)
}
