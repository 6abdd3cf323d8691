package permitload

import (
	"context"
	"encoding/json"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// look notes in the plan what Permit has of what the input speaks of.
func (l *loader) look(ctx context.Context) error {
	l.haveRoles()
	if l.plan.NamesTenants() {
		if err := l.lookTenants(ctx); err != nil {
			return err
		}
	}
	if l.plan.Users() == 0 && l.extra == "" {
		return nil
	}
	if err := l.lookUsers(ctx); err != nil {
		return err
	}
	l.plan.Settle()
	if l.dropEmail {
		if err := l.dropEmails(); err != nil {
			return err
		}
	}
	if !l.plan.WantsAssignments() && l.takeAway == nil {
		return nil
	}
	return l.lookAssignments(ctx)
}

func (l *loader) readRoles(ctx context.Context) error {
	l.roles = nil
	for role, err := range l.permit.Roles(ctx) {
		if err != nil {
			return err
		}
		l.roles = append(l.roles, role)
	}
	return nil
}

func (l *loader) haveRoles() {
	for i := range l.roles {
		l.plan.HaveRole(l.roles[i].Key)
	}
}

func (l *loader) lookTenants(ctx context.Context) error {
	for tenant, err := range l.permit.Tenants(ctx) {
		if err != nil {
			return err
		}
		l.plan.HaveTenant(tenant.Key, tenant.Name)
	}
	return nil
}

// compare holds Permit's user against its line and keeps what it is to be
// written as where they differ.
func (l *loader) compare(have permit.User) error {
	i, ok := l.plan.HaveUser(have.Key, have.Email)
	if !ok {
		return l.extras.add(have)
	}
	want, err := l.in.user(l.in.users[i])
	if err != nil {
		return err
	}
	current, err := asRecord(have)
	if err != nil {
		return err
	}
	if l.dropped[i] {
		want.Email = ""
	}
	write, same := l.overlay(want, current)
	l.plan.Found(i, same)
	if same {
		return nil
	}
	o := overlay{Write: write, Bare: write.Attributes != nil && len(write.Attributes) == 0}
	if !reconcile.SameEmail(write.Email, current.Email) {
		want.Email = ""
		_, o.Alone = l.overlay(want, current)
		if current.Email != "" {
			l.gives[i] = current.Email
			l.released[reconcile.FoldEmail(current.Email)] = i
		}
	}
	return l.overlays.put(i, l.plan.Users(), o)
}

func (l *loader) overlay(want, have *record.User) (record.User, bool) {
	if l.replace {
		return reconcile.Replace(want, have)
	}
	return reconcile.Overlay(want, have)
}

// dropEmails has the users whose email is another's loaded without it.
func (l *loader) dropEmails() error {
	for i := range l.plan.Users() {
		if l.plan.State(i) != reconcile.TakenEmail {
			continue
		}
		l.dropped[i] = true
		if email, gives := l.gives[i]; gives {
			delete(l.released, reconcile.FoldEmail(email))
		}
		o, found, err := l.overlays.get(i)
		switch {
		case err != nil:
			return err
		case !found:
			l.plan.SetState(i, reconcile.Create)
		case o.Alone:
			l.plan.SetState(i, reconcile.Same)
		default:
			l.plan.SetState(i, reconcile.Update)
		}
	}
	return nil
}

// body is user i as it is to be written.
func (l *loader) body(i int) (permit.User, error) {
	o, changed, err := l.overlays.get(i)
	if err != nil {
		return permit.User{}, err
	}
	u := &o.Write
	if !changed {
		if u, err = l.in.user(l.in.users[i]); err != nil {
			return permit.User{}, err
		}
	}
	if l.dropped[i] {
		u.Email = l.gives[i]
	}
	written := permit.User{Key: u.Key, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName}
	switch {
	case u.Attributes != nil:
		written.Attributes, err = json.Marshal(u.Attributes)
	case o.Bare:
		written.Attributes = []byte("{}")
	}
	return written, err
}
