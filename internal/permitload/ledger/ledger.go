// Package ledger records the outcome of each line of the input. It alone writes stdout:
// each line that is not loaded, as soon as that is known. At the end every line is
// accounted for.
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
	DryRun  bool // open operations count as planned, not as failed

	input     *intake.Input
	out       *rejectWriter
	users     []entry                      // by the user's number; nil before there is a plan
	catalogue map[reconcile.RecordID]*item // resources, roles and tenants that have operations
	wrote     bool                         // Permit was written to, or may have been
}

// entry is the outcome so far of a user, a resource, a role or a tenant.
type entry struct {
	open    uint32 // operations that are still to do
	changed bool   // one of them was done
	created bool   // it is new in Permit
	failed  bool   // the line is not loaded
	noEmail bool   // the line's email is not loaded
}

// item is the outcome of a resource, a role or a tenant.
type item struct {
	entry
	fault record.Fault
}

// Sums counts what was done in Permit besides writing users, resources, roles and tenants.
type Sums struct {
	Assigned   int
	Restored   int // assignments that a write cleared and that were restored
	Unassigned int
	Deleted    int // users
	Granted    int // permissions
	Revoked    int // permissions
	NoEmail    int // users whose line's email is not loaded
}

// New returns a ledger for the lines of input. Lines that are not loaded go to out, in
// short form if that is a terminal.
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

// HasFailed reports whether the line of an operation is not loaded.
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

// Complete records that an operation was done.
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
	case reconcile.Create:
		e.created = true
	case reconcile.Extend, reconcile.Update, reconcile.Rename, reconcile.Grant, reconcile.Revoke:
	}
	return l.FlushRejectsOnce()
}

// CountPermissions records that an operation has given a role n permissions, or taken
// them. Some of an operation may be refused.
func (l *Ledger) CountPermissions(op reconcile.Operation, n int) {
	switch op.Op { //nolint:exhaustive // a role that is created is not counted
	case reconcile.Grant:
		l.Sums.Granted += n
	case reconcile.Revoke:
		l.Sums.Revoked += n
	}
}

// HasWritten reports whether Permit was written to, or may have been.
func (l *Ledger) HasWritten() bool { return l.wrote }

// CreatedUnlisted returns how many records were created that no line is about, by type.
// Lines of users name them.
func (l *Ledger) CreatedUnlisted() map[string]int {
	isListed := map[reconcile.RecordID]bool{}
	for _, line := range l.input.Catalogue {
		isListed[reconcile.RecordID{Type: line.Type, Key: line.Key}] = true
	}
	counts := map[string]int{}
	for id, it := range l.catalogue {
		if it.created && !isListed[id] {
			counts[id.Type]++
		}
	}
	return counts
}

// RuleOut records in a dry run that the line of an operation would not be loaded.
func (l *Ledger) RuleOut(op reconcile.Operation) { l.entry(op).failed = true }

// Skip records that an operation is not needed any more.
func (l *Ledger) Skip(op reconcile.Operation) { l.entry(op).open-- }

// Refuse records that an operation cannot be done. It writes the line of a user at
// once, but only once. Close writes the lines of resources, roles and tenants.
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

// LeaveEmail records that the email of user i is not loaded.
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

// CountRestored counts an assignment that a write cleared and that was restored.
func (l *Ledger) CountRestored() { l.Sums.Restored++ }

// RejectCleared writes the line of user i to stdout, with the assignments that a write
// may have cleared, so that loading the line restores them. It reports whether stdout
// now has a line with all of them.
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
	if l.users[i].failed { // the line was written already, without had
		return len(u.RoleAssignments) == asked && l.out.isLoadable(), nil
	}
	l.users[i].failed = true
	text, err := json.Marshal(u)
	if err == nil {
		err = l.out.put(text, f)
	}
	return err == nil && l.out.isLoadable(), err
}

// FlushRejectsOnce records that Permit was written to, or may have been. The first call
// writes the rejects to stdout. Until then stdout stays empty: a run that stops earlier
// has changed nothing.
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
