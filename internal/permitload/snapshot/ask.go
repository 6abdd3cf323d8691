package snapshot

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
)

// askForMissed asks by key for users of the input whom a list of users lacks: for
// all of them, or, where the list is whole, for a few.
func (r *Reader) askForMissed(ctx context.Context, s *Snapshot, whole bool) error {
	missed := r.newUsers(s, s.desired.Users())
	few := 0
	if n := pages(s.Users); n > 1 {
		few = min(fewNew, n) // calls, as many as the list took
	}
	if whole && len(missed) > few {
		switch hasSome, err := r.hasSomeOf(ctx, missed); {
		case err != nil || !hasSome:
			return err
		case r.Extras != nil:
			return errors.New("nobody can say whom the input lacks: Permit has users whom its list lacks")
		}
	}
	if len(missed) == 0 {
		return nil
	}
	if len(missed) > fewNew {
		r.Progress.WarnOfUnprovedList(len(missed))
	}
	r.Progress.Begin("looking for users whom the list lacks", len(missed))
	defer r.Progress.End()
	return r.askByKey(ctx, s, missed)
}

// sampled is how many of many users who seem to be new are asked for.
const sampled = 2

// hasSomeOf reports whether Permit has one of the users whom a list lacks that says
// it is whole: then it only says so. It looks at a sample, and at none in a second
// snapshot, after which nobody is written.
func (r *Reader) hasSomeOf(ctx context.Context, missed []int) (bool, error) {
	if r.Skip != nil {
		return false, nil
	}
	n := min(sampled, len(missed))
	for i := range n {
		line, err := r.Input.User(missed[i*len(missed)/n])
		if err != nil {
			return false, err
		}
		if has, err := r.Client.HasUser(ctx, line.Key); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// newUsers returns at most so many users of the input whom Permit lacks, as far
// as is known.
func (r *Reader) newUsers(s *Snapshot, most int) []int {
	var list []int
	for i := range s.desired.Users() {
		if len(list) == most {
			break
		}
		if s.Current.IsNew(i) && !r.skips(i) {
			list = append(list, i)
		}
	}
	return list
}

// askForUsers asks for all users of the input by key, and by email for those
// whose email will be new: another user may have it. Permit says that it has
// total users.
func (r *Reader) askForUsers(ctx context.Context, s *Snapshot, total int) error {
	var all []int
	for i := range s.desired.Users() {
		if !r.skips(i) {
			all = append(all, i)
		}
	}
	r.Progress.Begin("looking for users", len(all))
	defer r.Progress.End()
	if err := r.askByKey(ctx, s, all); err != nil {
		return err
	}
	s.Extra = max(total-s.Users, 0)
	s.Users += s.Extra
	if s.desired.IsDeletion() {
		return nil
	}
	return sideBySide(ctx, len(all), func(ctx context.Context, n int) error {
		return r.askByEmail(ctx, s, all[n])
	})
}

// askByKey asks for users of the input by key.
func (r *Reader) askByKey(ctx context.Context, s *Snapshot, users []int) error {
	return sideBySide(ctx, len(users), func(ctx context.Context, n int) error {
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
		return r.compare(s, have)
	})
}

// askByEmail asks who has the email of user i, if that user is to be written.
func (r *Reader) askByEmail(ctx context.Context, s *Snapshot, i int) error {
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
