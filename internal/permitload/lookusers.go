package permitload

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
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
	pages := (total + permit.PageSize - 1) / permit.PageSize
	if l.extra == "" && pages > 2*l.plan.Users() {
		l.byKey = true
		return l.askUsers(ctx, total)
	}
	return l.listUsers(ctx)
}

func (l *loader) listUsers(ctx context.Context) error {
	begin := func() error {
		l.extras.abort()
		l.plan.ForgetUsers()
		clear(l.changed)
		clear(l.released)
		var err error
		l.extras, err = l.newExtras()
		return err
	}
	if err := l.allUsers(ctx, begin, l.compare); err != nil {
		l.extras.abort()
		return err
	}
	l.report.Extra = l.extras.n
	return l.extras.commit()
}

// Users who are deleted while the list is read push others out of sight. A
// user who is missed would be written as a new one, without what others have
// put on it, so the list is read again then.
const listings = 5

// allUsers lists the users of the environment; begin is called before each list.
func (l *loader) allUsers(ctx context.Context, begin func() error, met func(permit.User) error) error {
	for tries := 1; ; tries++ {
		if err := begin(); err != nil {
			return err
		}
		err := l.eachUser(ctx, met)
		if !errors.Is(err, permit.ErrShrunk) || tries == listings {
			return err
		}
		l.tool.Log.Info("users were deleted while they were listed: listing them again")
	}
}

func (l *loader) eachUser(ctx context.Context, met func(permit.User) error) error {
	for have, err := range l.permit.Users(ctx) {
		if err != nil {
			return err
		}
		if err := met(have); err != nil {
			return err
		}
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
		line, err := l.in.user(l.in.users[i])
		if err != nil {
			return err
		}
		have, ok, err := l.permit.User(ctx, line.Key)
		if err != nil || !ok {
			return err
		}
		return met(i, have)
	})
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
	var users []string
	for i := range l.plan.Users() {
		if s := l.plan.State(i); s != reconcile.Same && s != reconcile.Update {
			continue
		}
		line, err := l.in.user(l.in.users[i])
		if err != nil {
			return err
		}
		if users = append(users, line.Key); !l.byKey && len(users) > few*permit.MaxFilter {
			users = nil // to ask would take many calls, and their keys much memory
			break
		}
	}
	switch {
	case l.byKey && len(users) == 0:
		return nil
	case users == nil:
		_, err := l.listAssignments(ctx, 0)
		return err
	case !l.byKey:
		whole, err := l.listAssignments(ctx, patientPages*(len(users)/permit.MaxFilter+1)*permit.AssignmentsPageSize)
		if whole || err != nil {
			return err
		}
	}
	for a, err := range l.permit.AssignmentsOf(ctx, users) {
		if err != nil {
			return err
		}
		l.haveAssignment(a)
	}
	return nil
}

// patientPages is how many pages of all assignments are read for each call
// that asking would take.
const patientPages = 4

// listAssignments notes at most so many assignments, 0 for no end, and reports
// whether that was all.
func (l *loader) listAssignments(ctx context.Context, most int) (whole bool, err error) {
	n := 0
	for a, err := range l.permit.Assignments(ctx) {
		if err != nil {
			return false, err
		}
		if n++; most > 0 && n > most {
			return false, nil
		}
		l.haveAssignment(a)
	}
	return true, nil
}

func (l *loader) haveAssignment(a permit.Held) {
	held := record.RoleAssignment{Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance}
	wanted := l.plan.HaveAssignment(a.User, held)
	if l.takeAway != nil {
		l.takeAway.see(l.plan, a, wanted)
	}
}
