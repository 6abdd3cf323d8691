package reconcile

import (
	"cmp"
	"slices"

	"a0permit/internal/record"
)

// fate is what a plan does with a user.
type fate uint8

const (
	leave fate = iota
	create
	update
	remove
	conflicting // its lines differ

	fateMask     fate = 0x0f
	sharing      fate = 0x10 // another user has or gets the email that it asks for
	beforeOthers fate = 0x20 // it is in Plan.early
	decided      fate = 0x40 // whether it shares its email is decided
)

func (p *Plan) fate(i int) fate { return p.fates[i] & fateMask }

// isRefused reports whether the plan does nothing for user i.
func (p *Plan) isRefused(i int) bool { return p.fate(i) == conflicting }

// Diff returns the plan that brings Permit from its current to the desired state. It
// changes neither argument.
func Diff(desired *Desired, current *Current) *Plan {
	p := &Plan{desired: desired, current: current, fates: make([]fate, len(desired.users))}
	for i := range p.fates {
		p.fates[i] = p.initialFate(i)
	}
	if !desired.rules.Delete {
		p.findShared()
		p.orderWrites()
	}
	asked, toMake, along := p.count()
	if desired.rules.Delete {
		p.planRevocations()
	} else {
		p.planResources()
		p.planCatalogue(asked, toMake, along)
		p.planGrants()
	}
	p.planPrune()
	return p
}

func (p *Plan) initialFate(i int) fate {
	switch is := p.current.users[i]; {
	case p.desired.users[i].conflicted:
		return conflicting
	case p.desired.rules.Delete && is&present == 0:
		return leave
	case p.desired.rules.Delete:
		return remove
	case is&present == 0:
		return create
	case is&(otherEmail|otherFields) != 0:
		return update
	}
	return leave
}

// findShared finds the users who ask for an email that another user keeps, or that an
// earlier line asks for. Permit may refuse to write them.
func (p *Plan) findShared() {
	var waiting []int
	for i := range p.fates {
		waiting = p.followEmail(i, waiting[:0])
	}
}

// followEmail decides whether user i shares its email, after the users who hold what it
// asks for: an email comes free if its holder gets another one. In a ring of users,
// each makes way for the next. waiting is scratch space.
func (p *Plan) followEmail(i int, waiting []int) []int {
	for p.fates[i]&decided == 0 && p.changesEmail(i) {
		p.fates[i] |= decided
		waiting = append(waiting, i)
		email := p.desired.users[i].email
		first, _ := p.desired.firstToAsk(email)
		holder := int(p.current.holder(i))
		if holder == 0 && first == i {
			break
		}
		if holder == int(foreign) || first != i || p.isKeepingEmail(holder-1, email) {
			for _, one := range waiting {
				p.fates[one] |= sharing
			}
			break
		}
		i = holder - 1
	}
	return waiting
}

// changesEmail reports whether user i gets an email that it does not have yet.
func (p *Plan) changesEmail(i int) bool {
	is := p.current.users[i]
	return p.IsWritten(i) && p.desired.users[i].email != 0 && (is&present == 0 || is&otherEmail != 0)
}

// isKeepingEmail reports whether user i keeps its email. A line without an email leaves
// it unchanged.
func (p *Plan) isKeepingEmail(i int, email uint64) bool {
	u := p.desired.users[i]
	return u.email == email || u.email == 0 && !u.dropsEmail || p.isRefused(i) || p.fates[i]&sharing != 0
}

// orderWrites orders users who pass on emails: whoever gives up an email is written
// before the user who gets it. In a ring, one of them has to be first.
func (p *Plan) orderWrites() {
	gives := map[int]bool{}
	for i := range p.fates {
		if giver, ok := p.giverTo(i); ok {
			gives[giver] = true
		}
	}
	var chain []int
	for i := range p.fates {
		chain = chain[:0]
		at, ok := i, gives[i]
		for ok && p.fates[at]&beforeOthers == 0 {
			p.fates[at] |= beforeOthers
			chain = append(chain, at)
			at, ok = p.giverTo(at)
		}
		slices.Reverse(chain)
		p.early = append(p.early, chain...)
	}
}

// giverTo returns the user of the input from whom user i gets its email.
func (p *Plan) giverTo(i int) (giver int, ok bool) {
	if !p.changesEmail(i) || p.fates[i]&sharing != 0 {
		return 0, false
	}
	holder := p.current.holder(i)
	return int(holder) - 1, holder != 0 && holder != foreign && int(holder) != i+1
}

// count fills in Counts. By kind of assignment, it returns whether a user who is loaded
// asks for it, how many to make, and how many of these may be written along with a new
// user.
func (p *Plan) count() (asked []bool, toMake, along []int) {
	c, d := &p.Counts, p.desired
	kinds := len(d.assignments.kinds.values)
	asked, toMake, along = make([]bool, kinds), make([]int, kinds), make([]int, kinds)
	for i, f := range p.fates {
		switch p.fate(i) {
		case create:
			c.Create++
		case update:
			c.Update++
		case leave:
			c.Same++
		case remove:
			c.Delete++
		default:
			c.Refused++
			continue
		}
		if f&sharing != 0 {
			c.Sharing++
			if p.current.holder(i) == foreign {
				c.Strangers++
			}
		}
		for j, end := d.assignmentRange(i); j < end; j++ {
			kind := d.assignments.list[j]
			asked[kind] = true
			if !p.current.assigned[j] {
				c.Assign++
				if p.fate(i) == create && d.assignment(j).ResourceInstance == "" {
					c.AssignNew++
					along[kind]++
				}
				toMake[kind]++
				continue
			}
			c.Assigned++
			if d.canPrune() && p.isInScope(i, d.assignment(j)) {
				c.InScope++
			}
		}
	}
	return asked, toMake, along
}

// planCatalogue plans the roles and tenants that Permit lacks, and the tenants whose
// names differ.
func (p *Plan) planCatalogue(asked []bool, toMake, along []int) {
	d, has := p.desired, map[RecordID]bool{{record.TypeTenant, ""}: true}
	for i := range p.current.roles {
		has[RecordID{record.TypeRole, p.current.roles[i].Key}] = true
	}
	for key := range p.current.tenants {
		has[RecordID{record.TypeTenant, key}] = true
	}
	used := map[RecordID]bool{}
	for kind, a := range d.assignments.kinds.values {
		role, tenant := RecordID{record.TypeRole, a.Role}, RecordID{record.TypeTenant, a.Tenant}
		used[role], used[tenant] = used[role] || asked[kind], used[tenant] || asked[kind]
		if !has[role] || !has[tenant] {
			p.Counts.Blocked += toMake[kind]
			p.Counts.BlockedNew += along[kind]
		}
	}
	for _, key := range d.roles.order {
		if id := (RecordID{record.TypeRole, key}); !has[id] && (d.roles.lines[key] != nil || used[id]) {
			r := *cmp.Or(d.roles.lines[key], &record.Role{Type: record.TypeRole, Key: key})
			r.Name = cmp.Or(r.Name, key)
			p.Roles = append(p.Roles, Operation{Op: Create, Role: &r})
		}
	}
	for _, key := range d.tenants.order {
		line, id := d.tenants.lines[key], RecordID{record.TypeTenant, key}
		name := p.current.tenants[key]
		switch {
		case !has[id] && (line != nil || used[id]):
			t := *cmp.Or(line, &record.Tenant{Type: record.TypeTenant, Key: key})
			t.Name = cmp.Or(t.Name, key)
			p.Tenants = append(p.Tenants, Operation{Op: Create, Tenant: &t})
		case has[id] && line != nil && line.Name != "" && line.Name != name:
			p.Renames = append(p.Renames, Operation{Op: Rename, Tenant: line})
		}
	}
}

// planPrune plans to remove extra assignments. It ignores repeats, since a list that
// shifts while it is read may show one twice.
func (p *Plan) planPrune() {
	all := slices.Clone(p.current.extras)
	slices.SortFunc(all, func(a, b extra) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.kind, b.kind)) })
	all = slices.CompactFunc(all, func(a, b extra) bool { return a.user == b.user && a.kind == b.kind })
	for _, h := range all {
		if !p.pruneOrKeep(h) {
			continue
		}
		if n := len(p.prune); n == 0 || p.prune[n-1].user != h.user {
			p.Counts.UnassignFrom++
		}
		p.prune = append(p.prune, h)
	}
	p.Counts.Unassign = len(p.prune)
}

// pruneOrKeep reports whether to remove an extra assignment. It counts those that are
// kept.
func (p *Plan) pruneOrKeep(h extra) bool {
	i, a := int(h.user), p.current.kinds.values[h.kind]
	if p.desired.rules.Delete {
		return p.fate(i) == remove
	}
	inScope := p.isInScope(i, a)
	if inScope {
		p.Counts.InScope++
	}
	switch {
	case p.isRefused(i) || a.ResourceInstance != "":
	case p.desired.roles.lines[a.Role] == nil:
		p.Kept.NoRoleLine++
	case !inScope && a.Tenant == p.desired.rules.Tenant:
		p.Kept.MaybeUnsaid++
	case !inScope:
		p.Kept.NoTenantLine++
	case !h.old:
		p.Kept.TooYoung++
	default:
		return true
	}
	return false
}

// isInScope reports whether the input is complete about an assignment of user i: the
// user's line has role_assignments, perhaps empty, the role has a line, and the input
// covers the tenant.
func (p *Plan) isInScope(i int, a record.RoleAssignment) bool {
	d := p.desired
	return !p.isRefused(i) && d.users[i].known && a.ResourceInstance == "" && d.roles.lines[a.Role] != nil &&
		d.coversTenant(a.Tenant)
}
