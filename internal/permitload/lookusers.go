package permitload

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// atOnce is how many single-record calls go side by side.
const atOnce = 4

// lookUsers notes the users that Permit has: by listing them all, or, where
// that would take more calls, by asking for each that the input names.
func (l *loader) lookUsers(ctx context.Context) error {
	total, err := l.permit.CountUsers(ctx)
	if err != nil {
		return err
	}
	pages := batches(total, permit.PageSize)
	l.byKey = l.extra == "" && pages > 2*l.plan.Users()
	if l.byKey {
		l.progress = l.tool.Progress("looking for users", l.plan.Users())
		defer l.progress.End()
		return l.askUsers(ctx, total)
	}
	l.progress = l.tool.Progress("looking at users", total)
	defer func() { l.progress.End() }()
	return l.listUsers(ctx, pages)
}

func (l *loader) listUsers(ctx context.Context, pages int) error {
	begin := func() error {
		l.extras.abort()
		l.plan.ForgetUsers()
		l.overlays.forget()
		clear(l.gives)
		clear(l.released)
		var err error
		l.extras, err = l.newExtras()
		return err
	}
	// To ask for them may cost as much as the list did, and no more.
	few := min(fewNew, pages)
	err := l.allUsers(ctx, begin, l.compare, func() bool { return l.plan.Counts().Create <= few })
	if err == nil && pages > 1 {
		err = l.findMissed(ctx, few)
	}
	if err != nil {
		l.extras.abort()
		return err
	}
	l.report.Extra = l.extras.n
	return l.extras.commit()
}

// Users who are deleted while the list is read push others out of sight. A
// user who is missed would be written as a new one, without what others have
// put on it. A total that has become smaller tells, and then the list is read
// again; one who signed up meanwhile makes up for the total. So where few seem
// to be new, they are asked for by key, which no deletion disturbs.
const (
	listings = 5
	fewNew   = 100
)

// allUsers lists the users of the environment, each time after begin: again
// where some were deleted meanwhile, unless that does no harm.
func (l *loader) allUsers(ctx context.Context, begin func() error, met func(permit.User) error, harmless func() bool) error {
	for tries := 1; ; tries++ {
		if err := begin(); err != nil {
			return err
		}
		err := l.eachUser(ctx, met)
		switch {
		case !errors.Is(err, permit.ErrShrunk):
			return err
		case harmless():
			return nil
		case tries == listings:
			return tool.Hint(fmt.Errorf("%d times: %w", listings, err), "load when fewer users are deleted in Permit")
		}
		l.tool.Log.Info("users were deleted while they were listed: listing them again")
		l.progress.End()
		l.progress = l.tool.Progress("looking at users again", 0)
	}
}

// findMissed asks for the few users by key whom the list did not show.
func (l *loader) findMissed(ctx context.Context, few int) error {
	var missed []int
	for i := range l.plan.Users() {
		if l.plan.State(i) == reconcile.Create {
			if missed = append(missed, i); len(missed) > few {
				return nil
			}
		}
	}
	var mu sync.Mutex // compare writes to the plan and to a spool
	return sideBySide(ctx, len(missed), func(ctx context.Context, n int) error {
		have, ok, err := l.askForUser(ctx, missed[n])
		if err != nil || !ok {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		return l.compare(have)
	})
}

func (l *loader) eachUser(ctx context.Context, met func(permit.User) error) error {
	for have, err := range l.permit.Users(ctx) {
		if err != nil {
			return err
		}
		if err := met(have); err != nil {
			return err
		}
		l.progress.Add(1)
	}
	return nil
}

// askUsers asks for the users of the input by key, and by email for those
// whose email will be new: another user may have it.
func (l *loader) askUsers(ctx context.Context, total int) error {
	l.extras = &extras{}
	var mu sync.Mutex // compare writes to the plan and to a spool
	found := 0
	err := l.askForUsers(ctx, func(_ int, have permit.User) error {
		mu.Lock()
		defer mu.Unlock()
		found++
		return l.compare(have)
	})
	if err != nil {
		return err
	}
	l.report.Extra = max(total-found, 0)
	return sideBySide(ctx, l.plan.Users(), func(ctx context.Context, i int) error {
		mu.Lock()
		state := l.plan.State(i)
		mu.Unlock()
		if state != reconcile.Create && state != reconcile.Update {
			return nil
		}
		line, err := l.in.user(l.in.users[i])
		if err != nil || line.Email == "" {
			return err
		}
		for have, err := range l.permit.Search(ctx, line.Email) {
			if err != nil {
				return err
			}
			if reconcile.SameEmail(have.Email, line.Email) {
				mu.Lock()
				l.plan.HaveUser(have.Key, have.Email)
				mu.Unlock()
			}
		}
		return nil
	})
}

// askForUsers asks for the users of the input by key; those that Permit has are
// met several at once.
func (l *loader) askForUsers(ctx context.Context, met func(i int, have permit.User) error) error {
	return sideBySide(ctx, l.plan.Users(), func(ctx context.Context, i int) error {
		have, ok, err := l.askForUser(ctx, i)
		l.progress.Add(1)
		if err != nil || !ok {
			return err
		}
		return met(i, have)
	})
}

// askForUser asks for user i by its key.
func (l *loader) askForUser(ctx context.Context, i int) (permit.User, bool, error) {
	line, err := l.in.user(l.in.users[i])
	if err != nil {
		return permit.User{}, false, err
	}
	return l.permit.User(ctx, line.Key)
}

// sideBySide does n things, few at once, and ends with the first that fails.
func sideBySide(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// lookAssignments notes the role assignments that Permit has. All of them are
// listed, unless that turns out to take far more calls than to ask for those of
// the users who are there.
func (l *loader) lookAssignments(ctx context.Context) error {
	there := func(i int) bool {
		s := l.plan.State(i)
		return s == reconcile.Same || s == reconcile.Update
	}
	n := 0
	for i := range l.plan.Users() {
		if there(i) {
			n++
		}
	}
	if n == 0 { // nobody who could hold any
		return nil
	}
	l.progress = l.tool.Progress("looking at role assignments", 0)
	defer l.progress.End()
	if !l.byKey {
		whole, err := l.listAssignments(ctx, patientPages*(n/permit.MaxFilter+1)*permit.AssignmentsPageSize)
		if whole || err != nil {
			return err
		}
		l.takeAway.forget()
	}
	var users []string
	ask := func() error {
		for a, err := range l.permit.AssignmentsOf(ctx, users) {
			if err != nil {
				return err
			}
			l.haveAssignment(a)
		}
		users = users[:0]
		return nil
	}
	for i := range l.plan.Users() {
		if !there(i) {
			continue
		}
		line, err := l.in.user(l.in.users[i])
		if err != nil {
			return err
		}
		if users = append(users, line.Key); len(users) == permit.MaxFilter {
			if err := ask(); err != nil {
				return err
			}
		}
	}
	return ask()
}

// patientPages is how many pages of all assignments are read for each call
// that asking would take.
const patientPages = 4

// listAssignments notes at most so many assignments, and reports whether that
// was all.
func (l *loader) listAssignments(ctx context.Context, most int) (whole bool, err error) {
	n := 0
	for a, err := range l.permit.Assignments(ctx) {
		if err != nil {
			return false, err
		}
		if n++; n > most {
			return false, nil
		}
		l.haveAssignment(a)
	}
	return true, nil
}

func (l *loader) haveAssignment(a permit.Held) {
	l.progress.Add(1)
	wanted := l.plan.HaveAssignment(a.User, asRoleAssignment(a.Assignment))
	if l.takeAway != nil {
		l.takeAway.see(l.plan, a, wanted)
	}
}
