package snapshot

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"a0permit/internal/permit"
)

// pagesPerCall is how many pages of the list of all assignments to read for each call
// that asking by user would take.
const pagesPerCall = 4

// errCostly means that the list takes far more calls than asking by user.
var errCostly = errors.New("the list takes too many calls")

// readAssignments records the role assignments in Permit. It lists all of them, unless
// that turns out to take far more calls than asking for those of the input's users.
func (r *Reader) readAssignments(ctx context.Context, s *Snapshot) error {
	n := 0
	for range r.holders(s) {
		n++
	}
	if n == 0 {
		return nil
	}
	r.Progress.Begin("looking at role assignments", 0)
	defer r.Progress.End()
	if !s.byKey && !s.desired.IsDeletion() {
		most := pagesPerCall * (n/permit.MaxFilter + 1) * permit.AssignmentsPageSize
		err := r.noteAssignments(s, r.Client.Assignments(ctx), most)
		if !errors.Is(err, errCostly) {
			return err
		}
		s.Current.ForgetAssignments()
	}
	var users []string
	ask := func() error {
		defer func() { users = users[:0] }()
		return r.noteAssignments(s, r.Client.AssignmentsOf(ctx, users), -1)
	}
	for i := range r.holders(s) {
		line, err := r.Input.User(i)
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

// holders yields the users of the input who are in Permit, and so may hold roles.
func (r *Reader) holders(s *Snapshot) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range s.desired.Users() {
			if s.Current.HasUser(i) && !r.skips(i) && !yield(i) {
				return
			}
		}
	}
}

// noteAssignments records the items of a list. Most plans would only create a missed
// item again, which does no harm. But a plan that removes something would leave it in
// Permit, or lose it without a record. Such a plan needs a list that is known to be
// complete.
func (r *Reader) noteAssignments(s *Snapshot, list iter.Seq2[permit.Held, error], most int) error {
	if !s.desired.TakesAway() {
		if err := r.noteOnce(s, list, most); !permit.IsUnproved(err) {
			return err
		}
		return nil
	}
	err := UntilWhole(func() error { return r.noteOnce(s, list, most) })
	if permit.IsUnproved(err) {
		return fmt.Errorf("the list of role assignments in Permit is incomplete, so nothing is taken away: %w", err)
	}
	return err
}

// noteOnce records the items of a list. It returns errCostly if there are more than
// most; -1 means no limit.
func (r *Reader) noteOnce(s *Snapshot, list iter.Seq2[permit.Held, error], most int) error {
	for a, err := range list {
		switch {
		case err != nil:
			return err
		case most == 0:
			return errCostly
		}
		most--
		r.Progress.Add(1)
		s.Current.HaveAssignment(a.User, AssignmentRecord(a.Assignment), a.Created())
	}
	return nil
}
