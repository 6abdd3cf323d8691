package snapshot

import (
	"context"

	"a0permit/internal/permit"
)

// patientPages is how many pages of all assignments are read for each call
// that asking would take.
const patientPages = 4

// readAssignments notes the role assignments that Permit has. All of them are
// listed, unless that turns out to take far more calls than to ask for those of
// the users who are there.
func (r *Reader) readAssignments(ctx context.Context, s *Snapshot) error {
	n := 0
	for i := range s.desired.Users() {
		if s.Current.HasUser(i) {
			n++
		}
	}
	if n == 0 { // nobody who could hold any
		return nil
	}
	r.Progress.Begin("looking at role assignments", 0)
	defer r.Progress.End()
	if !s.byKey && !s.desired.IsDeletion() {
		left := patientPages * (n/permit.MaxFilter + 1) * permit.AssignmentsPageSize
		for a, err := range r.Client.Assignments(ctx) {
			if err != nil {
				return err
			}
			if left--; left < 0 {
				break
			}
			r.noteAssignment(s, a)
		}
		if left >= 0 {
			return nil
		}
		s.Current.ForgetAssignments()
	}
	var users []string
	ask := func() error {
		for a, err := range r.Client.AssignmentsOf(ctx, users) {
			if err != nil {
				return err
			}
			r.noteAssignment(s, a)
		}
		users = users[:0]
		return nil
	}
	for i := range s.desired.Users() {
		if !s.Current.HasUser(i) {
			continue
		}
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

func (r *Reader) noteAssignment(s *Snapshot, a permit.Held) {
	r.Progress.Add(1)
	s.Current.HaveAssignment(a.User, AssignmentRecord(a.Assignment), a.Created())
}
