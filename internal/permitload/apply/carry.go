package apply

import (
	"context"
	"net/http"

	"a0permit/internal/permit"
	"a0permit/internal/record"
)

// maxCarried is how many roles a bulk write of users carries. Permit names no limit; this
// keeps the body below a few MiB.
const maxCarried = 10_000

// carrier sends roles along with new users, which saves the calls to assign them. Permit
// does not document whether it makes those assignments: see prove.
type carrier struct {
	a       *Applier
	isOn    bool
	byUser  map[int][]permit.UserRole
	carried map[int]bool // users whose roles went along in a call that succeeded
}

// newCarrier returns a carrier for the assignments of users who are about to be written.
func (a *Applier) newCarrier(assignments []item) *carrier {
	c := &carrier{a: a, isOn: a.Found.mayCarry(), byUser: map[int][]permit.UserRole{}, carried: map[int]bool{}}
	for _, it := range assignments {
		if a.canCarry(it) {
			role := permit.UserRole{Role: it.Assignment.Role, Tenant: it.Assignment.Tenant}
			c.byUser[it.User] = append(c.byUser[it.User], role)
		}
	}
	return c
}

// canCarry reports whether an assignment may go along with its user: the user is new, the
// role is held in a whole tenant, and Permit has both role and tenant.
func (a *Applier) canCarry(it item) bool {
	_, isLacking := a.lacking(it)
	return a.plan.IsNew(it.User) && it.Assignment.ResourceInstance == "" && !isLacking
}

// put writes users together with their roles, as long as Permit accepts that. If it
// refuses the call, a role may be the reason, so put tries again without roles.
func (c *carrier) put(ctx context.Context, items []item) error {
	all := make([]permit.User, len(items))
	var with []item
	roles := 0
	for i, it := range items {
		all[i] = it.user
		own := c.byUser[it.User]
		if c.isOn && len(own) > 0 && roles+len(own) <= maxCarried {
			all[i].RoleAssignments = own
			with, roles = append(with, it), roles+len(own)
		}
	}
	if len(with) == 0 {
		return c.a.sender.writes.PutUsers(ctx, all)
	}
	if err := c.a.findTheEnd(ctx, len(with)); err != nil {
		return err
	}
	err := c.a.sender.writes.PutUsers(ctx, all)
	switch status := permit.Status(err); {
	case err == nil:
		for _, it := range with {
			c.carried[it.User] = true
		}
	case status != http.StatusForbidden && status != http.StatusRequestEntityTooLarge &&
		c.a.sender.isRefusal(ctx, err, len(items)):
		c.isOn = false
		if err = c.put(ctx, items); err == nil && c.a.Found.RolesOfUsers == "" {
			find(c.a.Log, &c.a.Found.RolesOfUsers, "roles sent with new users are", refused)
		}
	}
	return err
}

// prove finds out which of the roles that went along Permit has assigned, and queues the
// others.
func (a *Applier) prove(ctx context.Context, items []item) error {
	if len(items) == 0 {
		return nil
	}
	made, missing, err := a.findCarried(ctx, items)
	if err != nil {
		return err
	}
	if a.Found.RolesOfUsers == "" || a.Found.RolesOfUsers == honoured && len(missing) > 0 {
		answer := partly
		switch {
		case len(missing) == 0:
			answer = honoured
		case len(made) == 0 && a.Found.RolesOfUsers == "":
			answer = ignored
		}
		find(a.Log, &a.Found.RolesOfUsers, "roles sent with new users are", answer)
	}
	a.queue.ready = append(a.queue.ready, missing...)
	return a.sender.noteDone(made, a.assignmentBatch())
}

// findCarried returns which of the assignments Permit has made.
func (a *Applier) findCarried(ctx context.Context, items []item) (made, missing []item, err error) {
	made, missing, err = a.findAtTheEnd(ctx, items)
	if err != nil || len(missing) == 0 {
		return made, missing, err
	}
	should := asTheyAre
	if a.Found.RolesOfUsers != partly { // some may be late, so a few are enough
		few := sample(missing, permit.MaxFilter)
		isMade, _, err := a.recheckAssignments(ctx, few, allMade)
		if err != nil {
			return nil, nil, err
		}
		if _, late := split(few, isMade); len(late) == 0 {
			should = allMade
		}
		more, rest, err := a.findAtTheEnd(ctx, missing)
		if err != nil || len(rest) == 0 {
			return append(made, more...), rest, err
		}
		made, missing = append(made, more...), rest
	}
	isMade, _, err := a.recheckAssignments(ctx, missing, should)
	if err != nil {
		return nil, nil, err
	}
	more, rest := split(missing, isMade)
	if len(made) == 0 && len(more) > permit.MaxFilter { // so the list is not in the order of age
		a.queue.page = 0
	}
	return append(made, more...), rest, nil
}

// findAtTheEnd looks for new assignments at the end of Permit's list. They are there if
// the list is in the order of age; then a call shows a thousand of them, instead of those
// of a hundred users. It reads on from where it ended before.
func (a *Applier) findAtTheEnd(ctx context.Context, items []item) (made, missing []item, err error) {
	q := a.queue
	if q.page == 0 {
		return nil, items, nil
	}
	held, page, err := a.Client.AssignmentsFrom(ctx, q.page)
	if err != nil {
		return nil, items, err
	}
	listed := map[permit.Assignment]bool{}
	for _, one := range held {
		listed[one.Assignment] = true
	}
	for _, it := range q.carried { // the younger ones, which are asked for next
		if listed[it.call()] {
			q.listed[it.call()] = true
		}
	}
	made, missing = split(items, func(it item) bool { return listed[it.call()] || q.listed[it.call()] })
	for _, it := range made {
		delete(q.listed, it.call())
	}
	q.page = page
	return made, missing, nil
}

// findTheEnd notes where Permit's list of role assignments ends before this run adds to
// it. It does nothing if one call shows all its users.
func (a *Applier) findTheEnd(ctx context.Context, users int) error {
	if a.queue.listed != nil {
		return nil
	}
	a.queue.listed = map[permit.Assignment]bool{}
	if users <= permit.MaxFilter {
		return nil
	}
	total, _, err := a.Client.CountAssignments(ctx)
	a.queue.page = total/permit.AssignmentsPageSize + 1
	return err
}

// lacking returns the fault of an assignment whose role or tenant is missing in Permit.
func (a *Applier) lacking(it item) (record.Fault, bool) {
	for _, id := range catalogueOf(it.Assignment) {
		if f, ok := a.queue.lacks[id]; ok {
			return f, true
		}
	}
	return record.Fault{}, false
}
