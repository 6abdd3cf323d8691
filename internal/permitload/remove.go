package permitload

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// doomed is a user who is to be deleted.
type doomed struct {
	permit.User
	number int
}

// removeUsers is the other mode: the users of the input are unassigned and
// deleted. All that their lines say besides the key is of no interest.
func (l *loader) removeUsers(ctx context.Context) error {
	total, users, err := l.lookDoomed(ctx)
	if err != nil {
		return err
	}
	l.tool.Say("project %s, environment %s", l.report.Project, l.report.Environment)
	held, err := l.heldBy(ctx, users)
	if err != nil {
		return err
	}
	l.tool.Say("- %s with %s  (%s of the input are not in Permit)", tool.Count(len(users), "user"), tool.Count(len(held), "role assignment"), tool.Thousands(l.plan.Users()-len(users)))
	l.sayRejected()
	l.countRejected()
	if l.dryRun {
		if err := l.limited(tool.Count(len(users), "user"), len(users), total); err != nil {
			l.tool.Warn("%v", err)
		}
		if err := l.recordDoomed(users, held); err != nil {
			return err
		}
		l.tool.Say("nothing was written (--dry-run)")
		return l.verdict()
	}
	if len(users) > 0 {
		what := fmt.Sprintf("delete %s with %s", tool.Count(len(users), "user"), tool.Count(len(held), "role assignment"))
		if err := l.mayRemove(ctx, what, len(users), total); err != nil {
			return err
		}
	}
	if err := l.recordDoomed(users, held); err != nil {
		return err
	}
	l.progress = l.tool.Progress("deleting", len(held)+len(users))
	defer l.progress.End()
	err = l.deliverUnassignments(ctx, held, func(surplus) {})
	if err == nil {
		err = l.deleteUsers(ctx, users)
	}
	return l.closeRemoval(err)
}

// lookDoomed finds who of the input Permit has, and how many it has in all.
func (l *loader) lookDoomed(ctx context.Context) (total int, users []doomed, err error) {
	if l.plan.Users() == 0 {
		return 0, nil, nil
	}
	if total, err = l.permit.CountUsers(ctx); err != nil {
		return 0, nil, err
	}
	found := make([]*permit.User, l.plan.Users())
	l.progress = l.tool.Progress("looking for users", 0)
	defer func() { l.progress.End() }()
	if batches(total, permit.PageSize) < l.plan.Users() {
		err = l.allUsers(ctx, func() error { clear(found); return nil }, func(have permit.User) error {
			if i, ok := l.plan.HaveUser(have.Key, have.Email); ok {
				found[i] = &have
			}
			return nil
		}, func() bool { return true }) // who is missed is left, and told of
	} else {
		err = l.askForUsers(ctx, func(i int, have permit.User) error {
			found[i] = &have
			return nil
		})
	}
	if err != nil {
		return 0, nil, err
	}
	for i, have := range found {
		switch {
		case l.plan.State(i) == reconcile.Conflicted:
			l.in.reject(l.in.users[i], record.TypeUser, "differing_lines", "another line has this key and differs")
		case have == nil: // nothing is to be done
			l.plan.SetState(i, reconcile.Same)
		default:
			l.plan.SetState(i, reconcile.Update)
			users = append(users, doomed{*have, i})
		}
	}
	return max(total, len(users)), users, nil
}

func (l *loader) heldBy(ctx context.Context, users []doomed) ([]surplus, error) {
	numbers := map[string]int{}
	var names []string
	for _, u := range users {
		names, numbers[u.Key] = append(names, u.Key), u.number
	}
	have, err := l.assignments(ctx, names)
	if err != nil {
		return nil, err
	}
	var held []surplus
	for _, a := range have {
		if i, ok := numbers[a.User]; ok {
			held = append(held, surplus{a, i})
		}
	}
	return held, nil
}

func (l *loader) recordDoomed(users []doomed, held []surplus) error {
	roles := map[int][]record.RoleAssignment{}
	for _, s := range held {
		roles[s.user] = append(roles[s.user], asRoleAssignment(s.Assignment))
	}
	return l.record(func(write func(*record.User) error) error {
		for _, u := range users {
			line, err := asRecord(u.User)
			if err != nil {
				return err
			}
			line.RoleAssignments = append([]record.RoleAssignment{}, roles[u.number]...)
			if err := write(line); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *loader) deleteUsers(ctx context.Context, users []doomed) error {
	users = slices.DeleteFunc(users, func(u doomed) bool { return l.plan.State(u.number) == reconcile.Failed })
	return deliver(ctx, l, users, bulk[doomed]{
		send: l.sendDeletions,
		one:  func(ctx context.Context, u doomed) error { return gone(l.permit.DeleteUser(ctx, u.Key)) },
		done: func(u doomed) {
			l.plan.SetState(u.number, reconcile.Written)
			l.report.Deleted++
		},
		refuse: func(u doomed, f fault) error { return l.fail(u.number, f) },
		size:   &l.userSize,
	})
}

// sendDeletions makes one bulk call, and another without those who are gone
// already: an answer may have been lost.
func (l *loader) sendDeletions(ctx context.Context, users []doomed) error {
	keys := make([]string, len(users))
	for i, u := range users {
		keys[i] = u.Key
	}
	err := l.permit.DeleteUsers(ctx, keys)
	if permit.Status(err) != http.StatusNotFound {
		return err
	}
	var rest []string
	for _, key := range keys {
		there, looked := l.permit.HasUser(ctx, key)
		if looked != nil {
			return looked
		}
		if there {
			rest = append(rest, key)
		}
	}
	switch len(rest) {
	case 0:
		return nil
	case len(keys):
		return err
	}
	return unplaced(l.permit.DeleteUsers(ctx, rest))
}

// closeRemoval settles what became of every line.
func (l *loader) closeRemoval(stopped error) error {
	if stopped != nil && !l.wrote {
		return stopped
	}
	first := l.began()
	t := l.in.tallies[record.TypeUser]
	for i := range l.plan.Users() {
		switch l.plan.State(i) {
		case reconcile.Conflicted: // counted with the plan
		case reconcile.Same:
			t.Unchanged++
		case reconcile.Written:
			t.Loaded++
		case reconcile.Failed:
			t.NotLoaded++
		default:
			t.NotLoaded++
			if err := l.fail(i, notReached(stopped)); first == nil {
				first = err
			}
		}
	}
	for _, line := range l.in.catalogue { // roles and tenants stay as they are
		l.in.tallies[line.kind].Unchanged++
	}
	l.report.closed = true
	if err := l.report.check(); first == nil {
		first = err
	}
	switch {
	case stopped != nil:
		return stopped
	case first != nil:
		return first
	}
	return l.verdict()
}
