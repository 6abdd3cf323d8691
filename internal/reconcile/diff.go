package reconcile

import (
	"cmp"
	"slices"

	"a0permit/internal/record"
)

// fate is what a plan has for a user.
type fate uint8

const (
	leave fate = iota
	create
	update
	remove
	conflicting // its lines differ

	whatFate     fate = 0x0f
	sharing      fate = 0x10 // another user has the email that it asks for, or is to have it
	beforeOthers fate = 0x20 // it is among the early ones
	decided      fate = 0x40 // whether it shares its email is known
)

func (p *Plan) fate(i int) fate { return p.fates[i] & whatFate }

// isRefused reports whether nothing is done for user i.
func (p *Plan) isRefused(i int) bool { return p.fate(i) == conflicting }

// Diff returns what is to be done to bring Permit from what it has to what the
// input asks for. It changes neither.
func Diff(desired *Desired, current *Current) *Plan {
	p := &Plan{desired: desired, current: current, fates: make([]fate, len(desired.users))}
	for i := range p.fates {
		p.fates[i] = p.firstFate(i)
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

func (p *Plan) firstFate(i int) fate {
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

// findShared finds the users who ask for an email that another one has and keeps,
// or that an earlier line asks for. Permit may refuse it to them.
func (p *Plan) findShared() {
	var waiting []int
	for i := range p.fates {
		waiting = p.followEmail(i, waiting[:0])
	}
}

// followEmail decides about user i, and first about those who have what it asks
// for: an email comes free when its holder gets another one. In a ring each
// makes way for the next.
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

// changesEmail reports whether user i is to have an email that it does not have.
func (p *Plan) changesEmail(i int) bool {
	is := p.current.users[i]
	return p.IsWritten(i) && p.desired.users[i].email != 0 && (is&present == 0 || is&otherEmail != 0)
}

// isKeepingEmail reports whether user i stays with an email that it has. A line
// that names none leaves it.
func (p *Plan) isKeepingEmail(i int, email uint64) bool {
	u := p.desired.users[i]
	return u.email == email || u.email == 0 && !u.dropsEmail || p.isRefused(i) || p.fates[i]&sharing != 0
}

// orderWrites has each user who gives up an email that another gets written
// before that one. Where users pass their emails round in a ring, one of them
// has to be the first.
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

// giverTo returns the user of the input whose email user i gets.
func (p *Plan) giverTo(i int) (giver int, ok bool) {
	if !p.changesEmail(i) || p.fates[i]&sharing != 0 {
		return 0, false
	}
	holder := p.current.holder(i)
	return int(holder) - 1, holder != 0 && holder != foreign && int(holder) != i+1
}

// count sums users and assignments up. It returns, by kind of assignment,
// whether a user who is loaded asks for it, how many are to be made, and how many of
// these may go along with a new user.
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
		for j, end := d.own(i); j < end; j++ {
			kind := d.assignments.list[j]
			asked[kind] = true
			if !p.current.made[j] {
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

// planCatalogue plans the roles and tenants that Permit lacks, and the tenants
// that have another name there.
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

// planPrune plans to take away what goes of the assignments that the input
// lacks. A list that shifts may have shown one twice.
func (p *Plan) planPrune() {
	all := slices.Clone(p.current.held)
	slices.SortFunc(all, func(a, b held) int { return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(a.kind, b.kind)) })
	all = slices.CompactFunc(all, func(a, b held) bool { return a.user == b.user && a.kind == b.kind })
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

// pruneOrKeep reports whether an assignment that the input lacks is taken away; it
// counts those that are kept.
func (p *Plan) pruneOrKeep(h held) bool {
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

// isInScope reports whether the input says all there is to say about an
// assignment of user i: the user's line has role_assignments, if none, the role
// has a line, and the tenant is spoken of.
func (p *Plan) isInScope(i int, a record.RoleAssignment) bool {
	d := p.desired
	return !p.isRefused(i) && d.users[i].known && a.ResourceInstance == "" && d.roles.lines[a.Role] != nil &&
		d.speaksOf(a.Tenant)
}
