package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"a0permit/internal/permit"
)

// fewNew is the most users to ask for who seem to be new although the list is complete:
// a deletion and a sign-up while it was read may hide each other.
const fewNew = 100

// readUsers records the users in Permit. It lists them all or, if that would take more
// calls, asks for each user of the input.
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
		// The limit on deletions is a share of this total, and a wrong total would cost
		// many calls instead of a few. So check that the last of these users exists.
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
		return fmt.Errorf("the users that the input lacks are not known: %w", err)
	}
	if err = r.askForMissing(ctx, s, err == nil); err != nil || r.Extras == nil {
		return err
	}
	return r.Extras.End()
}

// pages returns the number of pages that this many users fill.
func pages(users int) int { return (users + permit.PageSize - 1) / permit.PageSize }

// listUsers lists the users of the environment. If some were deleted meanwhile, it
// lists them again, unless asking for the missing ones takes fewer calls.
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

// listOnce lists the users. first is the first page of the list, or nil.
func (r *Reader) listOnce(ctx context.Context, s *Snapshot, total int, first *permit.UserPage) error {
	s.Current.ForgetUsers()
	clear(s.saved.at)
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

// compare compares a user in Permit with its line, if the input has one, and saves the
// user if they differ.
func (r *Reader) compare(s *Snapshot, have permit.User) error {
	s.Users++
	i, ok := s.Current.HaveUser(have.Key, have.Email)
	if !ok {
		if s.desired.HasInvalidLine(have.Key) { // the input has the user, although its line is refused
			return nil
		}
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
	return s.saved.put(i, s.desired.Users(), have)
}
