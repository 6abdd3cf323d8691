package snapshot

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
)

// askForMissing asks by key for the users of the input that the list of users lacks. If
// the list is complete and lacks many, it first asks for a sample, and stops if Permit
// has none of these.
func (r *Reader) askForMissing(ctx context.Context, s *Snapshot, whole bool) error {
	missing := r.newUsers(s, s.desired.Users())
	few := 0
	if n := pages(s.Users); n > 1 {
		few = min(fewNew, n) // at most as many calls as the list took
	}
	if whole && len(missing) > few {
		switch hasSome, err := r.hasSomeOf(ctx, missing); {
		case err != nil || !hasSome:
			return err
		case r.Extras != nil:
			return errors.New("the users that the input lacks are not known: Permit has users that are not in its list")
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if len(missing) > fewNew {
		r.Progress.WarnOfUnprovedList(len(missing))
	}
	r.Progress.Begin("looking for users whom the list lacks", len(missing))
	defer r.Progress.End()
	return r.askByKey(ctx, s, missing)
}

// sampleSize is the number of users to ask for if many seem to be new.
const sampleSize = 2

// hasSomeOf reports whether Permit has some of the missing users, although the list
// claims to be complete. It asks for a sample. In a second snapshot it asks for none,
// since nobody is written after that.
func (r *Reader) hasSomeOf(ctx context.Context, missing []int) (bool, error) {
	if r.Skip != nil {
		return false, nil
	}
	n := min(sampleSize, len(missing))
	for i := range n {
		line, err := r.Input.User(missing[i*len(missing)/n])
		if err != nil {
			return false, err
		}
		if has, err := r.Client.HasUser(ctx, line.Key); has || err != nil {
			return has, err
		}
	}
	return false, nil
}

// newUsers returns the users of the input that seem to be missing in Permit, but no
// more than most.
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

// askForUsers asks for all users of the input by key, and for those who get a new email
// also by email, since another user may have it. total is the number of users in
// Permit.
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
	return concurrently(ctx, len(all), func(ctx context.Context, n int) error {
		return r.askByEmail(ctx, s, all[n])
	})
}

// askByKey asks for users of the input by key.
func (r *Reader) askByKey(ctx context.Context, s *Snapshot, users []int) error {
	return concurrently(ctx, len(users), func(ctx context.Context, n int) error {
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

// concurrently calls do with 0 to n-1, at most permit.AtOnce calls at a time. It
// returns the first error, after which it starts no more calls.
func concurrently(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
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
