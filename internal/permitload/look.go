package permitload

import (
	"context"
	"encoding/json"
	"io"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// overlay is where the object stands that an existing user is to be written
// as.
type overlay struct {
	place
	email string // that the user gives up
	alone bool   // the email is all that differs
	bare  bool   // all attributes go
}

func (o overlay) releases() bool { return o.email != "" }

// look notes in the plan what Permit has of what the input speaks of.
func (l *loader) look(ctx context.Context) error {
	l.haveRoles()
	if l.plan.NamesTenants() {
		if err := l.lookTenants(ctx); err != nil {
			return err
		}
	}
	if l.plan.Users() == 0 {
		return nil
	}
	if err := l.lookUsers(ctx); err != nil {
		return err
	}
	l.plan.Settle()
	if l.dropEmail {
		l.dropEmails()
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
	current := &record.User{Key: have.Key, Email: have.Email, FirstName: have.FirstName, LastName: have.LastName}
	if current.Attributes, err = attributes(have); err != nil {
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
	o := overlay{bare: write.Attributes != nil && len(write.Attributes) == 0}
	if !reconcile.SameEmail(write.Email, current.Email) {
		o.email = current.Email
		want.Email = ""
		_, o.alone = l.overlay(want, current)
	}
	if err := l.keep(i, write, o); err != nil {
		return err
	}
	if o.releases() {
		l.released[reconcile.FoldEmail(current.Email)] = i
	}
	return nil
}

func (l *loader) overlay(want, have *record.User) (record.User, bool) {
	if l.replace {
		return reconcile.Replace(want, have)
	}
	return reconcile.Overlay(want, have)
}

// dropEmails has the users whose email is another's loaded without it.
func (l *loader) dropEmails() {
	for i := range l.plan.Users() {
		if l.plan.State(i) != reconcile.TakenEmail {
			continue
		}
		l.dropped[i] = true
		o, found := l.changed[i]
		if o.releases() {
			delete(l.released, reconcile.FoldEmail(o.email))
		}
		switch {
		case !found:
			l.plan.SetState(i, reconcile.Create)
		case o.alone:
			l.plan.SetState(i, reconcile.Same)
		default:
			l.plan.SetState(i, reconcile.Update)
		}
	}
}

// keep puts what user i is to be written as into a spool of its own, since
// memory must not grow with the number of users that differ.
func (l *loader) keep(i int, write record.User, o overlay) error {
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
	o.place = place{offset: l.overlays.Size(), size: uint32(len(text))} //nolint:gosec // one user is not 4 GiB
	if _, err := l.overlays.Write(text); err != nil {
		return err
	}
	l.changed[i] = o
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
	if l.dropped[i] {
		u.Email = l.changed[i].email
	}
	attributes, err := json.Marshal(u.Attributes)
	if err != nil {
		return permit.User{}, err
	}
	if u.Attributes == nil {
		attributes = nil
		if l.changed[i].bare {
			attributes = []byte("{}")
		}
	}
	return permit.User{Key: u.Key, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Attributes: attributes}, nil
}
