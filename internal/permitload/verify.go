package permitload

import (
	"context"
	"fmt"
	"strings"
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// verify takes a second snapshot and makes a second plan, which must be empty. A
// difference may only be a late write, so it looks again for up to a minute.
func (l *loader) verify(ctx context.Context) error {
	if !l.verifies {
		return nil
	}
	var n int
	var list []string
	_, err := apply.Poll(ctx, func(pause time.Duration) (_ bool, err error) {
		n, list, err = l.differences(ctx)
		if n > 0 {
			l.tool.Log.Info("verify: waiting for late writes", "differences", n, "wait", pause)
		}
		return n == 0, err
	})
	if err != nil {
		return err
	}
	if n == 0 {
		l.tool.Say("verified: Permit has what was loaded")
		l.printNotLookedAt()
		return nil
	}
	l.tool.Problem("verify: Permit differs from what was loaded in %s:", tool.Count(n, "place"))
	for _, text := range list {
		l.tool.Say("%s", text)
	}
	if more := n - len(list); more > 0 {
		l.tool.Say("and %s more", tool.Thousands(more))
	}
	l.printNotLookedAt()
	return tool.ErrRejected
}

// printNotLookedAt prints what verify does not compare.
func (l *loader) printNotLookedAt() {
	var list []string
	left := 0
	for _, t := range l.ledger.Tallies() {
		left += t.NotLoaded
	}
	if left > 0 {
		list = append(list, tool.Count(left, "line")+" left over")
	}
	kept := l.kept.NoRoleLine + l.kept.NoTenantLine + l.kept.MaybeUnsaid + l.kept.TooYoung
	switch {
	case !l.replaceRoles:
		list = append(list, "role assignments that the input lacks")
	case kept > 0:
		list = append(list, tool.Count(kept, "role assignment")+" that the input lacks")
	}
	list = append(list, "fields that lines do not name")
	if n := l.report.extra; n > 0 {
		list = append(list, tool.Count(n, "user")+" in Permit whom the input lacks")
	}
	l.tool.Say("verify did not look at: %s", strings.Join(list, ", "))
}

// differences returns how many operations a plan of a second snapshot still has for
// loaded lines, and the first of them for people: + for what Permit lacks, ~ for what
// differs, - for what it has too much.
func (l *loader) differences(ctx context.Context) (n int, list []string, err error) {
	roles, err := snapshot.Roles(ctx, l.client)
	if err != nil && !permit.IsUnproved(err) {
		return 0, nil, err
	}
	l.desired.LeaveEmails(l.ledger.WithoutEmail())
	reader := l.reader()
	reader.Skip = func(user int) bool { return l.ledger.HasFailed(reconcile.Operation{User: user}) }
	snap, err := reader.Take(ctx, l.desired, roles)
	if err != nil {
		return 0, nil, err
	}
	defer snap.Close()
	plan := reconcile.Diff(l.desired, snap.Current)
	note := func(op reconcile.Operation) error {
		if l.ledger.HasFailed(op) {
			return nil
		}
		if n++; n > shown {
			return nil
		}
		text, err := l.describe(op)
		list = append(list, marks[op.Op]+" "+text)
		return err
	}
	for op := range plan.Operations() {
		if err := note(op); err != nil {
			return 0, nil, err
		}
	}
	for i := range plan.Refusals() {
		if err := note(reconcile.Operation{Op: reconcile.Update, User: i}); err != nil {
			return 0, nil, err
		}
	}
	return n, list, nil
}

var marks = map[reconcile.Op]string{
	reconcile.Create: "+", reconcile.Assign: "+", reconcile.Extend: "+", reconcile.Grant: "+",
	reconcile.Update: "~", reconcile.Rename: "~",
	reconcile.Unassign: "-", reconcile.Delete: "-", reconcile.Revoke: "-",
}

// describe returns for people what an operation is about.
func (l *loader) describe(op reconcile.Operation) (string, error) {
	if id := op.RecordID(); id != (reconcile.RecordID{}) {
		return id.Type + " " + id.Key, nil
	}
	u, err := l.input.User(op.User)
	if err != nil {
		return "", err
	}
	if op.Op == reconcile.Assign || op.Op == reconcile.Unassign {
		a := op.Assignment
		return fmt.Sprintf("role assignment %s %s %s", u.Key, a.Role, a.Tenant+a.ResourceInstance), nil
	}
	return "user " + u.Key, nil
}
