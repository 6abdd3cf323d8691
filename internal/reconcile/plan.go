// Package reconcile compares what the input wants with what Permit has and
// says what is to be done. It makes no call, reads no file and asks no clock.
//
// A Plan is filled in two steps: Want... for each record of the input, then
// Have... for each thing that Permit has. After Settle it can be asked. It
// holds no record, only what tells records apart, so that millions of users
// fit: a user is named by its number, and the caller finds its line by that.
package reconcile

import (
	"cmp"
	"encoding/json"
	"hash/maphash"
	"maps"
	"slices"

	"a0permit/internal/record"
)

// Plan is what is wanted, what there is, and so what is to be done.
type Plan struct {
	tenant     string // for assignments that name none
	tenantless bool   // some name none
	seeds      [2]maphash.Seed

	roles   catalogue[record.Role]
	tenants catalogue[record.Tenant]

	users       []user
	byKey       map[keyHash]uint32
	spoilt      map[keyHash]bool
	emails      map[uint64]claim
	assignments []assignment // those of user i begin at users[i].first

	roleNumbers  map[string]uint32
	roleKeys     []string
	scopeNumbers map[scope]uint32
	scopes       []scope
}

// State is how far a user of the input is.
type State uint8

// The states of a user. What Look finds is Same or Update; a user that Permit
// lacks stays Create.
const (
	Create State = iota
	Update
	Same
	Written    // was Create or Update, and is in Permit now
	Touched    // was Same, but lacks assignments
	Conflicted // another line has its key and differs
	TakenEmail // another user has its email
	Failed     // some part of it could not be loaded
)

type user struct {
	sum     uint64 // of the whole line, to tell a repeated line from a differing one
	email   uint64 // 0 is none
	first   uint32 // its first assignment
	state   State
	settled bool // whether it gets its email is known
	known   bool // what it holds is known, if nothing
}

// assignment is the numbers of a role and of a scope, and whether Permit has it,
// which is a bit of the role: there are millions of these.
type assignment struct{ roleAndThere, scope uint32 }

const there = 1 << 31

func (a *assignment) role() uint32 { return a.roleAndThere &^ there }
func (a *assignment) there() bool  { return a.roleAndThere&there != 0 }
func (a *assignment) found()       { a.roleAndThere |= there }

// scope is where an assignment holds.
type scope struct{ tenant, instance string }

// claim is who wants an email, and who has it.
type claim struct {
	first  uint32 // the first user of the input that wants it, plus 1
	holder uint32 // the user of the input that has it, plus 1; or foreign
}

const foreign = ^uint32(0)

// New returns an empty plan; tenant is the one meant by assignments that name
// none.
func New(tenant string) *Plan {
	return &Plan{
		tenant:       tenant,
		seeds:        [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		roles:        newCatalogue[record.Role](),
		tenants:      newCatalogue[record.Tenant](),
		byKey:        map[keyHash]uint32{},
		spoilt:       map[keyHash]bool{},
		emails:       map[uint64]claim{},
		roleNumbers:  map[string]uint32{},
		scopeNumbers: map[scope]uint32{},
	}
}

// Repeat is what a record turned out to be to the records before it.
type Repeat uint8

// A record is new, says again what an earlier one said, or contradicts it.
const (
	First Repeat = iota
	Repeated
	Differing
)

// WantUser adds a user of the input. Those that are First are numbered from 0;
// one that differs from an earlier one makes both not loadable.
func (p *Plan) WantUser(u *record.User) Repeat {
	key, sum := p.hash(u.Key), p.sum(u)
	if i, ok := p.byKey[key]; ok {
		if p.users[i].sum == sum {
			return Repeated
		}
		p.users[i].state = Conflicted
		return Differing
	}
	i := uint32(len(p.users)) //nolint:gosec // fewer users than 4 billion
	p.byKey[key] = i
	w := user{known: u.RoleAssignments != nil, sum: sum, first: uint32(len(p.assignments))} //nolint:gosec // as above
	if u.Email != "" {
		w.email = p.emailHash(u.Email)
		if _, taken := p.emails[w.email]; !taken {
			p.emails[w.email] = claim{first: i + 1}
		}
	}
	if p.spoilt[key] {
		w.state = Conflicted
	}
	p.users = append(p.users, w)
	for _, a := range u.RoleAssignments {
		p.wantAssignment(w.first, a)
	}
	return First
}

// Spoil makes the user of that key not loadable: a line of it is broken, so what
// the others say is not all there is to say.
func (p *Plan) Spoil(key string) {
	hash := p.hash(key)
	p.spoilt[hash] = true
	if i, ok := p.byKey[hash]; ok {
		p.users[i].state = Conflicted
	}
}

func (p *Plan) wantAssignment(first uint32, a record.RoleAssignment) {
	s := scope{a.Tenant, a.ResourceInstance}
	if s == (scope{}) {
		s.tenant, p.tenantless = p.tenant, true
	}
	want := assignment{roleAndThere: p.role(a.Role), scope: p.scope(s)}
	if !slices.Contains(p.assignments[first:], want) {
		p.assignments = append(p.assignments, want)
	}
}

func (p *Plan) role(key string) uint32 {
	n, ok := p.roleNumbers[key]
	if !ok {
		n = uint32(len(p.roleKeys)) //nolint:gosec // fewer roles than users
		p.roleNumbers[key] = n
		p.roleKeys = append(p.roleKeys, key)
		p.roles.name(key)
	}
	return n
}

func (p *Plan) scope(s scope) uint32 {
	n, ok := p.scopeNumbers[s]
	if !ok {
		n = uint32(len(p.scopes)) //nolint:gosec // fewer scopes than assignments
		p.scopeNumbers[s] = n
		p.scopes = append(p.scopes, s)
		if s.tenant != "" {
			p.tenants.name(s.tenant)
		}
	}
	return n
}

// keyHash stands for a user's key. Two of ten million keys share its 96 bits
// once in 10^15 loads; 64 bits would be too few, and 128 take half as much again.
type keyHash [3]uint32

func (p *Plan) hash(key string) keyHash {
	a, b := maphash.String(p.seeds[0], key), maphash.String(p.seeds[1], key)
	return keyHash{uint32(a), uint32(a >> 32), uint32(b)} //nolint:gosec // bits, not numbers
}

func (p *Plan) emailHash(email string) uint64 {
	return cmp.Or(maphash.String(p.seeds[0], FoldEmail(email)), 1)
}

// sum is a user's whole content in one number. JSON from a struct has one order
// of fields and sorted maps.
func (p *Plan) sum(u *record.User) uint64 {
	data, err := json.Marshal(u)
	if err != nil {
		return 0 // cannot be: u was JSON
	}
	return maphash.Bytes(p.seeds[1], data)
}

// WantRole adds a role line. It is First for the first line of a key.
func (p *Plan) WantRole(r *record.Role) Repeat {
	return p.roles.want(r.Key, r, func(old *record.Role) {
		old.Name = cmp.Or(old.Name, r.Name)
		old.Description = cmp.Or(old.Description, r.Description)
		old.Attributes = merged(old.Attributes, r.Attributes)
	})
}

// WantTenant adds a tenant line. It is First for the first line of a key.
func (p *Plan) WantTenant(t *record.Tenant) Repeat {
	return p.tenants.want(t.Key, t, func(old *record.Tenant) {
		old.Name = cmp.Or(old.Name, t.Name)
		old.Attributes = merged(old.Attributes, t.Attributes)
	})
}

// merged is a over b: lines of one key are one, and what the first says stands
// unless it is empty.
func merged(a, b map[string]any) map[string]any {
	if len(b) == 0 {
		return a
	}
	both := maps.Clone(b)
	for name, value := range a {
		if nothing(both[name]) || !nothing(value) {
			both[name] = value
		}
	}
	return both
}
