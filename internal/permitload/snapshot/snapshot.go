// Package snapshot reads into a reconcile.Current what a Permit environment has of the
// records that the input mentions, in as few calls as it can. It writes nothing to
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
	// Extras, if not nil, gets every user in Permit that the input lacks. Users are
	// then listed, whatever that costs.
	Extras Extras
	// Skip, if not nil, reports whether to ignore a user of the input.
	Skip func(user int) bool
}

// Progress shows how far a snapshot has come.
type Progress interface {
	// Begin starts to count something. total is 0 if it is not known.
	Begin(what string, total int)
	Add(n int)
	End()
	// WarnOfUnprovedList warns that this many users are asked for one by one, since the
	// list that lacks them may be incomplete.
	WarnOfUnprovedList(users int)
}

// Extras receives the users in Permit that the input lacks.
type Extras interface {
	// Begin starts from scratch: a list that shrinks while it is read is read again.
	Begin() error
	Add(u *record.User) error
	// End is called only if the list is known to be complete.
	End() error
}

// Snapshot is what Permit has at one time.
type Snapshot struct {
	Current *reconcile.Current
	Users   int // in Permit: those that were read, or the total that Permit gives
	Extra   int // of those, how many the input lacks

	desired *reconcile.Desired
	mu      sync.Mutex // guards what concurrent calls record
	saved   savedUsers
	byKey   bool // users were asked for by key, and not listed
}

// Close releases what is on disk.
func (s *Snapshot) Close() { s.saved.close() }

// Before returns user i as it is in Permit. It returns nil if Permit does not have the
// user, or if the user does not differ from its line.
func (s *Snapshot) Before(i int) (*record.User, error) {
	u, err := s.saved.get(i)
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

// UserRecord converts Permit's user into a record. Numbers in its attributes keep all
// digits.
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

// AssignmentRecord converts Permit's role assignment into a record.
func AssignmentRecord(a permit.Assignment) record.RoleAssignment {
	return record.RoleAssignment{Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance}
}
