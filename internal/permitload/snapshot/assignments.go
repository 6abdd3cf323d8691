package snapshot

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"a0permit/internal/permit"
)

// patientPages is how many pages of all assignments are read for each call
// that asking would take.
const patientPages = 4

// errCostly is the error of a list that takes far more calls than to ask by user.
var errCostly = errors.New("the list takes too many calls")

// readAssignments notes the role assignments that Permit has. All of them are
// listed, unless that turns out to take far more calls than to ask for those of
// the users who are there.
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
		most := patientPages * (n/permit.MaxFilter + 1) * permit.AssignmentsPageSize
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

// noteAssignments notes the items of a list. One that is missed is only made
// again, which does no harm. But where a plan takes away, that would be lost, or
// stay: such a plan needs a list that proved itself whole.
func (r *Reader) noteAssignments(s *Snapshot, list iter.Seq2[permit.Held, error], most int) error {
	if !s.desired.TakesAway() {
		if err := r.noteOnce(s, list, most); !permit.IsUnproved(err) {
			return err
		}
		return nil
	}
	err := UntilWhole(func() error { return r.noteOnce(s, list, most) })
	if permit.IsUnproved(err) {
		return fmt.Errorf("the role assignments in Permit are not all known, and nothing is taken away by guess: %w", err)
	}
	return err
}

// noteOnce notes the items of a list, at most so many.
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
