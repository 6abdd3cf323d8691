package permitload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// overlay is where the object stands that an existing user is to be written
// as.
type overlay struct {
	place
	releases bool // the user gives an email up
}

// look notes in the plan what Permit has of what the input speaks of.
func (l *loader) look(ctx context.Context) error {
	if err := l.lookRoles(ctx); err != nil {
		return err
	}
	if l.plan.NamesTenants() {
		if err := l.lookTenants(ctx); err != nil {
			return err
		}
	}
	if l.plan.Users() == 0 {
		return nil
	}
	for have, err := range l.permit.Users(ctx) {
		if err != nil {
			return err
		}
		if err := l.compare(have); err != nil {
			return err
		}
	}
	l.plan.Settle()
	if !l.plan.WantsAssignments() {
		return nil
	}
	for a, err := range l.permit.Assignments(ctx) {
		if err != nil {
			return err
		}
		l.plan.HaveAssignment(a.User, record.RoleAssignment{Role: a.Role, Tenant: a.Tenant, ResourceInstance: a.ResourceInstance})
	}
	return nil
}

func (l *loader) lookRoles(ctx context.Context) error {
	for role, err := range l.permit.Roles(ctx) {
		if err != nil {
			return err
		}
		l.plan.HaveRole(role.Key)
	}
	return nil
}

func (l *loader) lookTenants(ctx context.Context) error {
	for tenant, err := range l.permit.Tenants(ctx) {
		if err != nil {
			return err
		}
		l.plan.HaveTenant(tenant.Key)
	}
	return nil
}

// compare holds Permit's user against its line and keeps what it is to be
// written as where they differ.
func (l *loader) compare(have permit.User) error {
	i, ok := l.plan.HaveUser(have.Key, have.Email)
	if !ok {
		l.report.Extra++
		return nil
	}
	want, err := l.in.user(l.in.users[i])
	if err != nil {
		return err
	}
	current := &record.User{Key: have.Key, Email: have.Email, FirstName: have.FirstName, LastName: have.LastName}
	decoder := json.NewDecoder(bytes.NewReader(have.Attributes))
	decoder.UseNumber()
	if len(have.Attributes) > 0 {
		if err := decoder.Decode(&current.Attributes); err != nil {
			return fmt.Errorf("a user's attributes in Permit are not an object: %w", err)
		}
	}
	write, same := reconcile.Overlay(want, current)
	l.plan.Found(i, same)
	if same {
		return nil
	}
	releases := current.Email != "" && !reconcile.SameEmail(write.Email, current.Email)
	if err := l.keep(i, write, releases); err != nil {
		return err
	}
	if releases {
		l.released[strings.ToLower(current.Email)] = i
	}
	return nil
}

// keep puts what user i is to be written as into a spool of its own, since
// memory must not grow with the number of users that differ.
func (l *loader) keep(i int, write record.User, releases bool) error {
	if l.overlays == nil {
		spool, err := tool.NewSpool()
		if err != nil {
			return err
		}
		l.overlays, l.changed, l.released = spool, map[int]overlay{}, map[string]int{}
	}
	text, err := json.Marshal(write)
	if err != nil {
		return err
	}
	at := place{offset: l.overlays.Size(), size: uint32(len(text))} //nolint:gosec // one user is not 4 GiB
	if _, err := l.overlays.Write(text); err != nil {
		return err
	}
	l.changed[i] = overlay{at, releases}
	return nil
}

// body is user i as it is to be written.
func (l *loader) body(i int) (permit.User, error) {
	source := &l.in.lines
	at := l.in.users[i]
	if o, ok := l.changed[i]; ok {
		source, at = &lines{sources: []io.ReaderAt{l.overlays}}, o.place
	}
	u, err := source.user(at)
	if err != nil {
		return permit.User{}, err
	}
	attributes, err := json.Marshal(u.Attributes)
	if err != nil {
		return permit.User{}, err
	}
	if u.Attributes == nil {
		attributes = nil
	}
	return permit.User{Key: u.Key, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Attributes: attributes}, nil
}
