package snapshot

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
)

// readUsers notes the users that Permit has: by listing them all, or, where
// that would take more calls, by asking for each that the input names.
func (r *Reader) readUsers(ctx context.Context, s *Snapshot) error {
	total, err := r.Client.CountUsers(ctx)
	if err != nil {
		return err
	}
	s.Users = total
	pages, calls := (total+permit.PageSize-1)/permit.PageSize, 2*s.desired.Users()
	if s.desired.IsDeletion() {
		calls = s.desired.Users() // nobody's email matters
	}
	if s.byKey = r.Extras == nil && pages > calls; s.byKey {
		r.Progress.Begin("looking for users", s.desired.Users())
		defer r.Progress.End()
		return r.askForUsers(ctx, s)
	}
	r.Progress.Begin("looking at users", total)
	defer r.Progress.End()
	// To ask for users may cost as much as the list did, and no more.
	few := min(fewNew, pages)
	err = r.listUsers(ctx, s, few)
	if missed := newUsers(s, few+1); err == nil && pages > 1 && len(missed) <= few {
		_, err = r.askByKey(ctx, s, missed)
	}
	if err != nil || r.Extras == nil {
		return err
	}
	return r.Extras.End()
}

// newUsers returns at most so many users of the input whom Permit lacks.
func newUsers(s *Snapshot, most int) []int {
	var list []int
	for i := range s.desired.Users() {
		if len(list) == most {
			break
		}
		if s.Current.IsNew(i) {
			list = append(list, i)
		}
	}
	return list
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

// listUsers lists the users of the environment: again where some were deleted
// meanwhile, unless the input has so few new users that they can be asked for.
func (r *Reader) listUsers(ctx context.Context, s *Snapshot, few int) error {
	for tries := 1; ; tries++ {
		s.Current.ForgetUsers()
		clear(s.befores.at)
		s.Extra = 0
		if r.Extras != nil {
			if err := r.Extras.Begin(); err != nil {
				return err
			}
		}
		err := r.eachUser(ctx, s)
		switch {
		case !errors.Is(err, permit.ErrShrunk):
			return err
		case s.desired.IsDeletion() || len(newUsers(s, few+1)) <= few:
			return nil // who is missed is asked for, or left and told of
		case tries == listings:
			return fmt.Errorf("%d times: %w", listings, err)
		}
		r.Log.Info("users were deleted while they were listed: listing them again")
		r.Progress.End()
		r.Progress.Begin("looking at users again", 0)
	}
}

func (r *Reader) eachUser(ctx context.Context, s *Snapshot) error {
	for have, err := range r.Client.Users(ctx) {
		if err != nil {
			return err
		}
		if err := r.compare(s, have); err != nil {
			return err
		}
		r.Progress.Add(1)
	}
	return nil
}

// compare holds Permit's user against its line, where the input has one, and
// keeps it where they differ.
func (r *Reader) compare(s *Snapshot, have permit.User) error {
	i, ok := s.Current.HaveUser(have.Key, have.Email)
	if !ok {
		s.Extra++
		if r.Extras == nil {
			return nil
		}
		u, err := UserRecord(have)
		if err != nil {
			return err
		}
		return r.Extras.Add(u)
	}
	want, err := r.Input.User(i)
	if err != nil {
		return err
	}
	current, err := UserRecord(have)
	if err != nil {
		return err
	}
	if !s.Current.Compare(i, want, current) {
		return nil
	}
	return s.befores.put(i, s.desired.Users(), have)
}

// askForUsers asks for all users of the input by key, and by email for those
// whose email will be new: another user may have it.
func (r *Reader) askForUsers(ctx context.Context, s *Snapshot) error {
	all := make([]int, s.desired.Users())
	for i := range all {
		all[i] = i
	}
	found, err := r.askByKey(ctx, s, all)
	if err != nil {
		return err
	}
	s.Extra = max(s.Users-found, 0)
	if s.desired.IsDeletion() {
		return nil
	}
	return sideBySide(ctx, len(all), func(ctx context.Context, i int) error {
		s.mu.Lock()
		writes := s.Current.IsNewOrDiffers(i)
		s.mu.Unlock()
		if !writes {
			return nil
		}
		line, err := r.Input.User(i)
		if err != nil || line.Email == "" {
			return err
		}
		for have, err := range r.Client.Search(ctx, line.Email) {
			if err != nil {
				return err
			}
			if reconcile.SameEmail(have.Email, line.Email) {
				s.mu.Lock()
				s.Current.HaveUser(have.Key, have.Email)
				s.mu.Unlock()
			}
		}
		return nil
	})
}

// askByKey asks for users of the input by key, and returns how many there are.
func (r *Reader) askByKey(ctx context.Context, s *Snapshot, users []int) (found int, err error) {
	err = sideBySide(ctx, len(users), func(ctx context.Context, n int) error {
		line, err := r.Input.User(users[n])
		if err != nil {
			return err
		}
		have, ok, err := r.Client.User(ctx, line.Key)
		r.Progress.Add(1)
		if err != nil || !ok {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		found++
		return r.compare(s, have)
	})
	return found, err
}

// sideBySide does n things, few at once, and ends with the first that fails.
func sideBySide(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(permit.AtOnce)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
