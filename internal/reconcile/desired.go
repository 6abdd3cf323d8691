// Package reconcile compares what the input asks for with what Permit has, and
// says what is to be done. It makes no call, reads no file and asks no clock.
//
// A Desired is filled from the input and a Current from Permit; Diff makes a
// Plan of the two, and nothing changes it afterwards. None of them holds a
// user's record, only what tells users apart, so that millions fit: a user is
// named by its number in the input, and the caller finds its line by that.
package reconcile

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"a0permit/internal/idhash"
	"a0permit/internal/record"
)

// Rules are what the person who runs permitload has chosen.
type Rules struct {
	Tenant            string // of assignments that name none
	ReplaceAttributes bool   // attributes that a line does not name go
	Delete            bool   // the users of the input are to be deleted
}

// Desired is what the input asks for.
type Desired struct {
	rules       Rules
	hasher      idhash.Hasher
	resources   catalogue[record.Resource]
	roles       catalogue[record.Role]
	tenants     catalogue[record.Tenant]
	users       []user
	numbers     map[idhash.Hash]uint32 // of users, by key
	broken      map[idhash.Hash]bool   // keys with a line that breaks a rule
	byEmail     []uint32               // users who ask for an email, sorted by it: see Finish
	assignments assignments
	pruneBefore time.Time // assignments made earlier may be taken away; zero: none
	isSelection bool      // tenants were left out of the input
}

type user struct {
	sum        uint64 // of the whole line, to tell a repeated line from a differing one
	email      uint64 // 0 is none
	first      uint32 // its first assignment
	conflicted bool   // its lines differ, or one of them is broken
	known      bool   // the line says which assignments it has, if none
	dropsEmail bool   // the line takes the email away
}

// assignments holds the role assignments of the input, by what they give; those
// of user i begin at users[i].first, and are in order. There are millions of these,
// but few roles in few tenants.
type assignments struct {
	list       []uint32
	kinds      kinds
	tenantless bool // some name no tenant
	none       bool // a line says that its user has none
}

// kinds numbers what role assignments give: a role and where it holds.
type kinds struct {
	numbers map[record.RoleAssignment]uint32
	values  []record.RoleAssignment
}

// number returns the number of a kind, and whether it was not met before.
func (k *kinds) number(a record.RoleAssignment) (number uint32, isNew bool) {
	if number, ok := k.numbers[a]; ok {
		return number, false
	}
	number = uint32(len(k.values)) //nolint:gosec // fewer than 4 billion
	k.numbers[a] = number
	k.values = append(k.values, a)
	return number, true
}

func newKinds() kinds { return kinds{numbers: map[record.RoleAssignment]uint32{}} }

// NewDesired returns a Desired that asks for nothing yet.
func NewDesired(rules Rules) *Desired {
	return &Desired{
		rules: rules, hasher: idhash.New(),
		resources: newCatalogue[record.Resource](),
		roles:     newCatalogue[record.Role](), tenants: newCatalogue[record.Tenant](),
		numbers: map[idhash.Hash]uint32{}, broken: map[idhash.Hash]bool{},
		assignments: assignments{kinds: newKinds()},
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

// WantUser adds a user line. Users that are First are numbered from 0; a line
// that differs from an earlier one of its key makes the user a conflict.
func (d *Desired) WantUser(u *record.User) Repeat {
	key, sum := d.hasher.Hash(u.Key), d.sum(u)
	if i, ok := d.numbers[key]; ok {
		if d.users[i].sum == sum {
			return Repeated
		}
		d.users[i].conflicted = true
		return Differing
	}
	d.numbers[key] = uint32(len(d.users)) //nolint:gosec // fewer users than 4 billion
	w := user{sum: sum, known: u.RoleAssignments != nil, conflicted: d.broken[key]}
	w.first = uint32(len(d.assignments.list)) //nolint:gosec // fewer than 4 billion, too
	if !d.rules.Delete {
		w.email, w.dropsEmail = d.emailHash(u.Email), u.Nulls.Has(record.Email)
		d.wantAssignments(u.RoleAssignments)
		d.assignments.none = d.assignments.none || w.known && len(u.RoleAssignments) == 0
	}
	d.users = append(d.users, w)
	return First
}

// SpoilUser makes a conflict of the user with that key: a line of it is broken,
// so its other lines do not say all there is to say.
func (d *Desired) SpoilUser(key string) {
	hash := d.hasher.Hash(key)
	d.broken[hash] = true
	if i, ok := d.numbers[hash]; ok {
		d.users[i].conflicted = true
	}
}

// wantAssignments adds the assignments of one user, each once.
func (d *Desired) wantAssignments(all []record.RoleAssignment) {
	first := len(d.assignments.list)
	for _, a := range all {
		if a.Tenant == "" && a.ResourceInstance == "" {
			a.Tenant, d.assignments.tenantless = d.rules.Tenant, true
		}
		kind, isNew := d.assignments.kinds.number(a)
		if isNew {
			d.roles.name(a.Role)
			if a.Tenant != "" {
				d.tenants.name(a.Tenant)
			}
		}
		d.assignments.list = append(d.assignments.list, kind)
	}
	slices.Sort(d.assignments.list[first:])
	own := slices.Compact(d.assignments.list[first:])
	d.assignments.list = d.assignments.list[:first+len(own)]
}

// Finish settles which user asks first for each email, once all lines are in. A
// user whose lines conflict asks for nothing. A map would take six times as much
// memory.
func (d *Desired) Finish() {
	d.nameResources()
	for i, u := range d.users {
		if u.email != 0 && !u.conflicted {
			d.byEmail = append(d.byEmail, uint32(i))
		}
	}
	slices.SortFunc(d.byEmail, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(d.users[a].email, d.users[b].email), cmp.Compare(a, b))
	})
}

// LeaveEmails has the emails of users stay as they are, whatever their lines say.
func (d *Desired) LeaveEmails(users iter.Seq[int]) {
	for i := range users {
		d.users[i].email = 0
	}
	d.byEmail = nil
	d.Finish()
}

// firstToAsk returns the first user who asks for an email, by its hash.
func (d *Desired) firstToAsk(email uint64) (user int, ok bool) {
	at, ok := slices.BinarySearchFunc(d.byEmail, email, func(i uint32, email uint64) int {
		return cmp.Compare(d.users[i].email, email)
	})
	if !ok {
		return 0, false
	}
	return int(d.byEmail[at]), true
}

// PruneBefore lets a plan take away assignments that were made before that time
// and that the input says nobody should hold.
func (d *Desired) PruneBefore(before time.Time) { d.pruneBefore = before }

// LeaveOutTenants notes that the input lacks tenants that it once had: somebody
// has picked some.
func (d *Desired) LeaveOutTenants() { d.isSelection = true }

// speaksOf reports whether the input says all there is to say about assignments in
// a tenant. It does if the tenant has a line.
//
// It speaks of the tenant that holds assignments without one, too, if somebody has
// such an assignment, or if a line says [], none at all: then tenant-wide roles
// were exported, and whoever is listed without them has none, as when the last
// administrator was taken away. Lines that name other tenants only do not tell.
// They are what a0export --no-roles --organizations gives, which knows nothing of
// tenant-wide roles, and what is left of the lines when one tenant is picked out,
// as examples/select-tenant.sh does. A filter like that may leave [] behind where
// it took assignments out; so [] counts only if the input still has the tenants
// that its end line counts.
func (d *Desired) speaksOf(tenant string) bool {
	if d.tenants.lines[tenant] != nil {
		return true
	}
	a := &d.assignments
	return tenant == d.rules.Tenant && (a.tenantless || a.none && !d.isSelection)
}

func (d *Desired) isOld(created time.Time) bool {
	return !created.IsZero() && created.Before(d.pruneBefore)
}

func (d *Desired) canPrune() bool { return !d.pruneBefore.IsZero() }

// Users returns how many users the input names.
func (d *Desired) Users() int { return len(d.users) }

// Tenants returns the tenants that the input speaks of.
func (d *Desired) Tenants() []string { return d.tenants.order }

// NeedsAssignments reports whether a plan depends on the role assignments that
// Permit has.
func (d *Desired) NeedsAssignments() bool {
	return len(d.assignments.list) > 0 || d.TakesAway()
}

// TakesAway reports whether a plan may take away what Permit has.
func (d *Desired) TakesAway() bool { return d.canPrune() || d.rules.Delete }

// IsDeletion reports whether the users of the input are to be deleted.
func (d *Desired) IsDeletion() bool { return d.rules.Delete }

// number returns the number of the user with that key.
func (d *Desired) number(key string) (int, bool) {
	i, ok := d.numbers[d.hasher.Hash(key)]
	return int(i), ok
}

// own returns where the assignments of user i begin and end.
func (d *Desired) own(i int) (first, end int) {
	end = len(d.assignments.list)
	if i+1 < len(d.users) {
		end = int(d.users[i+1].first)
	}
	return int(d.users[i].first), end
}

// numbersOf returns the numbers of the assignments of user i that one in Permit
// fulfils: that same one, and one that names its resource instance alone, where
// Permit names the tenant too.
func (d *Desired) numbersOf(i int, have record.RoleAssignment) (numbers []int) {
	first, end := d.own(i)
	for _, want := range []record.RoleAssignment{have, {Role: have.Role, ResourceInstance: have.ResourceInstance}} {
		kind, ok := d.assignments.kinds.numbers[want]
		if at, found := slices.BinarySearch(d.assignments.list[first:end], kind); ok && found {
			numbers = append(numbers, first+at)
		}
	}
	return numbers
}

// assignment returns an assignment of the input by its number.
func (d *Desired) assignment(j int) record.RoleAssignment {
	return d.assignments.kinds.values[d.assignments.list[j]]
}

// emailHash returns what stands for an email: 0 for none.
func (d *Desired) emailHash(email string) uint64 {
	if email == "" {
		return 0
	}
	return cmp.Or(d.hasher.Sum([]byte(FoldEmail(email))), 1)
}

// sum returns a user's whole content in one number. JSON of a struct has one
// order of fields and sorted maps.
func (d *Desired) sum(u *record.User) uint64 {
	type plain record.User // whose nulls are not written, which takes its time
	data, err := json.Marshal((*plain)(u))
	if err != nil {
		return 0 // cannot be: u was JSON
	}
	return d.hasher.Sum(append(data, byte(u.Nulls)))
}
