// Package snapshot reads what a Permit environment has of what the input speaks
// of, in as few calls as it can, into a reconcile.Current. It writes nothing to
// Permit.
package snapshot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/intake"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Reader reads snapshots.
type Reader struct {
	Client   *permit.Client
	Input    *intake.Input
	Progress Progress
	// Extras, which may be nil, are told of every user in Permit whom the input
	// lacks. Users are then listed, whatever that costs.
	Extras Extras
	// Skip, which may be nil, tells which users of the input are of no interest.
	Skip func(user int) bool
}

// Progress is told how far a snapshot is.
type Progress interface {
	// Begin begins to count something, of a total or of 0 where none is known.
	Begin(what string, total int)
	Add(n int)
	End()
	// WarnOfUnprovedList is told how many users are asked for one by one, since
	// nothing proves that the list which lacks them is whole.
	WarnOfUnprovedList(users int)
}

// Extras takes the users in Permit whom the input lacks.
type Extras interface {
	// Begin begins anew: a list that shrinks while it is read is read again.
	Begin() error
	Add(u *record.User) error
	// End is called once the list has proved itself whole, and not where it does not.
	End() error
}

// Snapshot is what Permit has.
type Snapshot struct {
	Current *reconcile.Current
	Users   int // in Permit: those who were met, or as many as Permit says it has
	Extra   int // of those, how many the input lacks

	desired *reconcile.Desired
	mu      sync.Mutex // guards what calls side by side find out
	befores befores
	byKey   bool // users were asked for by key, and not listed
}

// Close lets go of what is kept on disk.
func (s *Snapshot) Close() { s.befores.close() }

// Before returns what Permit has of user i, or nil where that does not differ
// from its line, or Permit does not have the user.
func (s *Snapshot) Before(i int) (*record.User, error) {
	u, err := s.befores.get(i)
	if u == nil || err != nil {
		return nil, err
	}
	return UserRecord(*u)
}

// Take reads a snapshot. roles are what Roles returned.
func (r *Reader) Take(ctx context.Context, desired *reconcile.Desired, roles []permit.Role) (*Snapshot, error) {
	s := &Snapshot{Current: reconcile.NewCurrent(desired), desired: desired}
	for i, role := range RoleRecords(roles) {
		s.Current.HaveRole(role, roles[i].Extends...)
	}
	if err := r.fill(ctx, s); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (r *Reader) fill(ctx context.Context, s *Snapshot) error {
	if s.desired.NeedsResources() {
		if err := r.readResources(ctx, s); err != nil {
			return err
		}
	}
	if s.desired.Users() > 0 || r.Extras != nil {
		if err := r.readUsers(ctx, s); err != nil {
			return err
		}
		if s.desired.NeedsAssignments() {
			if err := r.readAssignments(ctx, s); err != nil {
				return err
			}
		}
	}
	if !s.Current.NeedsTenants() {
		return nil
	}
	return r.readTenants(ctx, s)
}

func (r *Reader) skips(i int) bool { return r.Skip != nil && r.Skip(i) }

// UserRecord returns a user of Permit's as a line has it. The numbers in its
// attributes stay digit for digit.
func UserRecord(u permit.User) (*record.User, error) {
	r := &record.User{Type: record.TypeUser, Key: u.Key, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName}
	if len(u.Attributes) == 0 {
		return r, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(u.Attributes))
	decoder.UseNumber()
	if err := decoder.Decode(&r.Attributes); err != nil {
		return nil, fmt.Errorf("a user's attributes in Permit are not an object: %w", err)
	}
	return r, nil
}

// AssignmentRecord returns a role assignment of Permit's as a line has it.
func AssignmentRecord(a permit.Assignment) record.RoleAssignment {
	return record.RoleAssignment{Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance}
}
