package reconcile

import (
	"cmp"
	"iter"

	"a0permit/internal/record"
)

// HaveRole notes a role that Permit has.
func (p *Plan) HaveRole(key string) { p.roles.have(key) }

// HaveTenant notes a tenant that Permit has.
func (p *Plan) HaveTenant(key string) { p.tenants.have(key) }

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
	if ok {
		p.users[i].known = true
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
	s := scope{a.Tenant, a.ResourceInstance}
	number, ok := p.scopeNumbers[s]
	if !ok && s.instance != "" {
		// A line may name the instance alone; Permit names its tenant too.
		number, ok = p.scopeNumbers[scope{"", s.instance}]
	}
	if !ok {
		return false
	}
	own := p.own(int(i))
	for j := range own {
		if own[j].role == role && own[j].scope == number {
			own[j].there = true
			return true
		}
	}
	return false
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
// it.
func (p *Plan) Settle() {
	for i := range p.users {
		u := &p.users[i]
		if u.email == 0 || u.state == Conflicted {
			continue
		}
		if winner := p.winner(u.email); winner != i {
			u.state = TakenEmail
		}
	}
}

func (p *Plan) winner(email uint64) int {
	c := p.emails[email]
	switch {
	case c.holder == foreign:
		return -1
	case c.holder != 0:
		// A line that names no email leaves the user the one it has.
		holder := &p.users[c.holder-1]
		if holder.email == email || holder.email == 0 || holder.state == Conflicted {
			return int(c.holder) - 1
		}
	}
	for i := int(c.first) - 1; i < len(p.users); i++ {
		if p.users[i].email == email && p.users[i].state != Conflicted {
			return i
		}
	}
	return -1
}

// Missing is what the input names and Permit lacks, in the order of the input.
func (p *Plan) Missing() (roles []record.Role, tenants []record.Tenant) {
	for _, key := range p.roles.missing() {
		r := record.Role{Key: key, Name: key}
		if line := p.roles.items[key].line; line != nil {
			r = *line
			r.Name = cmp.Or(r.Name, key)
		}
		roles = append(roles, r)
	}
	for _, key := range p.tenants.missing() {
		t := record.Tenant{Key: key, Name: key}
		if line := p.tenants.items[key].line; line != nil {
			t = *line
			t.Name = cmp.Or(t.Name, key)
		}
		tenants = append(tenants, t)
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
			if a.there {
				continue
			}
			s := p.scopes[a.scope]
			if !yield(Assignment{
				RoleAssignment: record.RoleAssignment{Role: p.roleKeys[a.role], Tenant: s.tenant, ResourceInstance: s.instance},
				User:           i, index: int(p.users[i].first) + j,
			}) {
				return
			}
		}
	}
}

// Made notes that an assignment is in Permit now.
func (p *Plan) Made(a Assignment) { p.assignments[a.index].there = true }

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
			if a.there {
				c.Assigned++
				continue
			}
			c.Assign++
			if !p.HasRole(p.roleKeys[a.role]) || !p.HasTenant(p.scopes[a.scope].tenant) {
				c.Blocked++
			}
		}
	}
	return c
}
