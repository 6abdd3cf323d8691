package reconcile

import (
	"cmp"
	"iter"

	"a0permit/internal/record"
)

// HaveRole notes a role that Permit has.
func (p *Plan) HaveRole(key string) { p.roles.have(key) }

// HaveTenant notes a tenant that Permit has, and its name there.
func (p *Plan) HaveTenant(key, name string) {
	p.tenants.have(key)
	if it, ok := p.tenants.items[key]; ok {
		it.name = name
	}
}

// Renamed is the tenants that the input has another name for, as they are to
// be. Permit gives every tenant a name, so one without has not been looked at.
func (p *Plan) Renamed() []Rename {
	var list []Rename
	for _, key := range p.tenants.order {
		it := p.tenants.items[key]
		if it.there && it.name != "" && it.line != nil && it.line.Name != "" && it.line.Name != it.name {
			list = append(list, Rename{Key: key, From: it.name, To: it.line.Name})
		}
	}
	return list
}

// Rename is a tenant that is to get another name.
type Rename struct{ Key, From, To string }

// HaveUser notes a user that Permit has, and returns its number when the input
// speaks of it. The caller then compares the two by Overlay and says so with
// Found.
func (p *Plan) HaveUser(key, email string) (int, bool) {
	i, ok := p.byKey[p.hash(key)]
	if email != "" {
		h := p.emailHash(email)
		if c, wanted := p.emails[h]; wanted {
			c.holder = foreign
			if ok {
				c.holder = i + 1
			}
			p.emails[h] = c
		}
	}
	return int(i), ok
}

// Found says how Permit's user compares with the line of user i.
func (p *Plan) Found(i int, same bool) {
	if p.users[i].state != Create {
		return
	}
	p.users[i].state = Update
	if same {
		p.users[i].state = Same
	}
}

// ForgetUsers takes back what HaveUser and Found have noted, for a caller who
// begins anew.
func (p *Plan) ForgetUsers() {
	for i := range p.users {
		if s := p.users[i].state; s == Same || s == Update {
			p.users[i].state = Create
		}
	}
	for h, c := range p.emails {
		c.holder = 0
		p.emails[h] = c
	}
}

// HaveAssignment notes an assignment that Permit has, and reports whether the
// input wants it.
func (p *Plan) HaveAssignment(userKey string, a record.RoleAssignment) bool {
	i, ok := p.byKey[p.hash(userKey)]
	if !ok {
		return false
	}
	role, ok := p.roleNumbers[a.Role]
	if !ok {
		return false
	}
	wanted := false
	own := p.own(int(i))
	for j := range own {
		if own[j].role() == role && p.scopes[own[j].scope].means(a) {
			own[j].found()
			wanted = true
		}
	}
	return wanted
}

// Speaks reports whether the input says all there is to say of a user, a role
// and a tenant together, and so whether the user should hold the role there: the
// user's line has assignments, if none, the role has a line and the tenant has
// one, or is the one meant by assignments without. It returns the user's number.
func (p *Plan) Speaks(userKey string, a record.RoleAssignment) (int, bool) {
	i, ok := p.byKey[p.hash(userKey)]
	if !ok || !p.users[i].known || a.ResourceInstance != "" {
		return 0, false
	}
	switch p.users[i].state {
	case Conflicted, TakenEmail, Failed:
		return 0, false
	}
	role, ok := p.roles.items[a.Role]
	if !ok || role.line == nil {
		return 0, false
	}
	tenant, ok := p.tenants.items[a.Tenant]
	return int(i), ok && tenant.line != nil || p.tenantless && a.Tenant == p.tenant
}

// means reports whether Permit's assignment holds where the line says. A line
// may name a resource instance alone; Permit names its tenant too.
func (s scope) means(a record.RoleAssignment) bool {
	return s.instance == a.ResourceInstance && (s.tenant == a.Tenant || s.tenant == "")
}

func (p *Plan) own(i int) []assignment {
	end := len(p.assignments)
	if i+1 < len(p.users) {
		end = int(p.users[i+1].first)
	}
	return p.assignments[p.users[i].first:end]
}

// Settle decides who gets an email that more than one user would have, once
// everything that Permit has was noted: the user who has it and keeps it, else
// the first line that wants it, unless a user whom the input does not name has
// it. Who does not get the email it wants keeps the one it has.
func (p *Plan) Settle() {
	for i := range p.users {
		u := &p.users[i]
		u.settled = u.email == 0 || u.state == Conflicted
		if u.settled {
			continue
		}
		// A line that conflicts claims nothing.
		if c := p.emails[u.email]; p.users[c.first-1].state == Conflicted {
			c.first = uint32(i) + 1
			p.emails[u.email] = c
		}
	}
	var waiting []uint32
	for i := range p.users {
		waiting = p.settle(uint32(i), waiting[:0])
	}
}

// settle decides about user i, and first about those who have what it waits
// for: an email comes free when its holder gets another one. In a ring each
// makes way for the next.
func (p *Plan) settle(i uint32, waiting []uint32) []uint32 {
	for !p.users[i].settled {
		u := &p.users[i]
		u.settled = true
		waiting = append(waiting, i)
		c := p.emails[u.email]
		if c.holder == i+1 || c.holder == 0 && c.first == i+1 {
			break
		}
		if c.holder == foreign || c.first != i+1 || p.keeps(c.holder-1, u.email) {
			for _, loser := range waiting {
				p.users[loser].state = TakenEmail
			}
			break
		}
		i = c.holder - 1
	}
	return waiting
}

// HeldElsewhere reports whether the email that user i wants is that of a user
// whom the input does not name.
func (p *Plan) HeldElsewhere(i int) bool { return p.emails[p.users[i].email].holder == foreign }

// keeps reports whether user i stays with an email that it has. A line that
// names none leaves it.
func (p *Plan) keeps(i uint32, email uint64) bool {
	u := &p.users[i]
	return u.email == email || u.email == 0 || u.state == Conflicted || u.state == TakenEmail
}

// Missing is what the input names and Permit lacks, in the order of the input.
// What only users name who are not loaded is not missed.
func (p *Plan) Missing() (roles []record.Role, tenants []record.Tenant) {
	usedRoles, usedTenants := p.used()
	for _, key := range p.roles.missing(usedRoles) {
		r := record.Role{Key: key, Name: key}
		if line := p.roles.items[key].line; line != nil {
			r = *line
			r.Name = cmp.Or(r.Name, key)
		}
		roles = append(roles, r)
	}
	for _, key := range p.tenants.missing(usedTenants) {
		t := record.Tenant{Key: key, Name: key}
		if line := p.tenants.items[key].line; line != nil {
			t = *line
			t.Name = cmp.Or(t.Name, key)
		}
		tenants = append(tenants, t)
	}
	return roles, tenants
}

// used is the roles and tenants that users name who can be loaded.
func (p *Plan) used() (roles, tenants map[string]bool) {
	roles, tenants = map[string]bool{}, map[string]bool{}
	byRole, byScope := make([]bool, len(p.roleKeys)), make([]bool, len(p.scopes))
	for i := range p.users {
		if p.users[i].state == Conflicted || p.users[i].state == TakenEmail {
			continue
		}
		for _, a := range p.own(i) {
			byRole[a.role()], byScope[a.scope] = true, true
		}
	}
	for n, named := range byRole {
		if named {
			roles[p.roleKeys[n]] = true
		}
	}
	for n, named := range byScope {
		if named {
			tenants[p.scopes[n].tenant] = true
		}
	}
	return roles, tenants
}

// NamesTenants reports whether the input speaks of tenants at all.
func (p *Plan) NamesTenants() bool { return len(p.tenants.order) > 0 }

// WantsAssignments reports whether the input wants any.
func (p *Plan) WantsAssignments() bool { return len(p.assignments) > 0 }

// Users is how many users the input names.
func (p *Plan) Users() int { return len(p.users) }

// State is how far user i is.
func (p *Plan) State(i int) State { return p.users[i].state }

// SetState records what became of user i.
func (p *Plan) SetState(i int, s State) { p.users[i].state = s }

// Assignment is a role assignment of user i that is to be made.
type Assignment struct {
	record.RoleAssignment
	User  int
	index int
}

// Wanting yields the assignments of user i that Permit lacks.
func (p *Plan) Wanting(i int) iter.Seq[Assignment] {
	return func(yield func(Assignment) bool) {
		for j, a := range p.own(i) {
			if a.there() {
				continue
			}
			s := p.scopes[a.scope]
			if !yield(Assignment{
				RoleAssignment: record.RoleAssignment{Role: p.roleKeys[a.role()], Tenant: s.tenant, ResourceInstance: s.instance},
				User:           i, index: int(p.users[i].first) + j,
			}) {
				return
			}
		}
	}
}

// Made notes that an assignment is in Permit now.
func (p *Plan) Made(a Assignment) { p.assignments[a.index].found() }

// HasRole reports whether Permit has a role.
func (p *Plan) HasRole(key string) bool { return p.roles.there(key) }

// HasTenant reports whether Permit has a tenant; a scope without one is in
// order.
func (p *Plan) HasTenant(key string) bool { return key == "" || p.tenants.there(key) }

// Counts is the plan in numbers.
type Counts struct {
	Create, Update, Same, Rejected int // users
	Assign, Assigned               int // assignments to make, and made already
	Blocked                        int // of those to make: Permit lacks the role or the tenant
}

// Counts sums the plan up.
func (p *Plan) Counts() Counts {
	var c Counts
	for i := range p.users {
		switch p.users[i].state {
		case Create:
			c.Create++
		case Update:
			c.Update++
		case Same, Touched, Written:
			c.Same++
		case Conflicted, TakenEmail, Failed:
			c.Rejected++
			continue
		}
		for _, a := range p.own(i) {
			if a.there() {
				c.Assigned++
				continue
			}
			c.Assign++
			if !p.HasRole(p.roleKeys[a.role()]) || !p.HasTenant(p.scopes[a.scope].tenant) {
				c.Blocked++
			}
		}
	}
	return c
}
