package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"a0permit/internal/permit"
)

// fewNew is how many users who seem to be new are asked for although the list is
// whole: a deletion and a sign-up while it was read may hide each other.
const fewNew = 100

// readUsers notes the users that Permit has: by listing them all, or, where
// that would take more calls, by asking for each that the input names.
func (r *Reader) readUsers(ctx context.Context, s *Snapshot) error {
	first, err := r.Client.FirstUsers(ctx)
	if err != nil {
		return err
	}
	total, known := first.Total()
	calls := 2 * s.desired.Users()
	if s.desired.IsDeletion() {
		calls = s.desired.Users() // nobody's email matters
	}
	s.byKey = known && r.Extras == nil && pages(total) > calls
	if s.byKey && (s.desired.IsDeletion() || calls > fewNew) {
		// What may be deleted is a share of this total, and a false one would have us make
		// many calls instead of a few, so the last of them must be there.
		if s.byKey, err = r.Client.HasUserAt(ctx, total); err != nil {
			return err
		}
	}
	if s.byKey {
		return r.askForUsers(ctx, s, total)
	}
	if err = r.listUsers(ctx, s, first); err != nil && !permit.IsUnproved(err) {
		return err
	}
	if err != nil && r.Extras != nil {
		return fmt.Errorf("nobody can say whom the input lacks: %w", err)
	}
	if err = r.askForMissed(ctx, s, err == nil); err != nil || r.Extras == nil {
		return err
	}
	return r.Extras.End()
}

// pages returns how many pages so many users fill.
func pages(users int) int { return (users + permit.PageSize - 1) / permit.PageSize }

// listUsers lists the users of the environment: again where some were deleted
// meanwhile, unless it takes fewer calls to ask for those who were missed.
func (r *Reader) listUsers(ctx context.Context, s *Snapshot, first *permit.UserPage) error {
	var missed error
	total, _ := first.Total()
	err := UntilWhole(func() error {
		err := r.listOnce(ctx, s, total, first)
		first = nil
		few := min(fewNew, pages(s.Users))
		if errors.Is(err, permit.ErrShrunk) && r.Extras == nil && len(r.newUsers(s, few+1)) <= few {
			missed, err = err, nil
		}
		return err
	})
	return cmp.Or(err, missed)
}

// listOnce lists the users; first may be nil, and is else the first page of the list.
func (r *Reader) listOnce(ctx context.Context, s *Snapshot, total int, first *permit.UserPage) error {
	s.Current.ForgetUsers()
	clear(s.befores.at)
	s.Users, s.Extra = 0, 0
	if r.Extras != nil {
		if err := r.Extras.Begin(); err != nil {
			return err
		}
	}
	r.Progress.Begin("looking at users", total)
	defer r.Progress.End()
	for have, err := range r.Client.UsersFrom(ctx, first) {
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
	s.Users++
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
