// Package reconcile compares what the input asks for with what Permit has, and plans
// what to do. It makes no calls, reads no files and has no clock.
//
// The caller fills a Desired from the input and a Current from Permit. Diff makes a
// Plan from the two, and nothing changes it afterwards. To hold millions of users, none
// of the three holds a user's record, only what tells users apart. Users go by their
// number in the input, by which the caller finds their line.
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

// Rules are the choices of the person who runs permitload.
type Rules struct {
	Tenant            string // the tenant of assignments that name none
	ReplaceAttributes bool   // remove attributes that a line does not name
	Delete            bool   // delete the users of the input
}

// Desired is what the input asks for.
type Desired struct {
	catalogues
	rules       Rules
	hasher      idhash.Hasher
	users       []user
	numbers     map[idhash.Hash]uint32 // users' numbers, by key
	broken      map[idhash.Hash]bool   // keys with an invalid line
	byEmail     []uint32               // users who ask for an email, sorted by it: see Finish
	assignments assignments
	pruneBefore time.Time // only earlier assignments may be pruned; zero: none
	isSelection bool      // somebody removed tenants from the input
}

// catalogues are what the input names beside users.
type catalogues struct {
	resources catalogue[record.Resource]
	roles     catalogue[record.Role]
	tenants   catalogue[record.Tenant]
	mixups    []Mixup // between lines of one resource
}

type user struct {
	sum        uint64 // of the whole line, to tell repeated from differing lines
	email      uint64 // 0 is none
	first      uint32 // its first assignment
	conflicted bool   // its lines differ, or one of them is invalid
	known      bool   // the line has role_assignments, perhaps an empty list
	dropsEmail bool   // the line clears the email
}

// assignments holds the role assignments of the input, by their kind. Those of user i
// begin at users[i].first, and are sorted. There may be millions of them, but few roles
// in few tenants.
type assignments struct {
	list       []uint32
	kinds      kinds
	tenantless bool // some assignment names no tenant
	none       bool // some line has an empty list
}

// kinds numbers the kinds of role assignments: a role and where it applies.
type kinds struct {
	numbers map[record.RoleAssignment]uint32
	values  []record.RoleAssignment
}

// number returns the number of a kind. isNew is true if the kind was added.
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
		catalogues: catalogues{
			resources: newCatalogue[record.Resource](),
			roles:     newCatalogue[record.Role](), tenants: newCatalogue[record.Tenant](),
		},
		numbers: map[idhash.Hash]uint32{}, broken: map[idhash.Hash]bool{},
		assignments: assignments{kinds: newKinds()},
	}
}

// Repeat says how a record relates to the records before it.
type Repeat uint8

// A record is new, repeats an earlier one, or differs from it.
const (
	First Repeat = iota
	Repeated
	Differing
)

// WantUser adds a user line. Users that are First are numbered from 0. A line that
// differs from an earlier line with the same key puts the user in conflict.
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

// MarkConflict puts the user with that key in conflict: one of the user's lines is
// invalid, so the others do not tell everything.
func (d *Desired) MarkConflict(key string) {
	hash := d.hasher.Hash(key)
	d.broken[hash] = true
	if i, ok := d.numbers[hash]; ok {
		d.users[i].conflicted = true
	}
}

// HasInvalidLine reports whether an invalid line is about the user with that key.
func (d *Desired) HasInvalidLine(key string) bool { return d.broken[d.hasher.Hash(key)] }

// wantAssignments adds the assignments of one user, each once.
func (d *Desired) wantAssignments(all []record.RoleAssignment) {
	first := len(d.assignments.list)
	for _, a := range all {
		if a.Tenant == "" && a.ResourceInstance == "" {
			a.Tenant, d.assignments.tenantless = d.rules.Tenant, true
		}
		kind, isNew := d.assignments.kinds.number(a)
		if isNew {
			d.roles.addKey(a.Role)
			if a.Tenant != "" {
				d.tenants.addKey(a.Tenant)
			}
		}
		d.assignments.list = append(d.assignments.list, kind)
	}
	slices.Sort(d.assignments.list[first:])
	own := slices.Compact(d.assignments.list[first:])
	d.assignments.list = d.assignments.list[:first+len(own)]
}

// Finish finds out which user is the first to ask for each email. Call it once all
// lines are in. Users in conflict do not count. It uses a sorted list, because a map
// would take six times as much memory.
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

// LeaveEmails makes the plan leave the emails of these users as they are.
func (d *Desired) LeaveEmails(users iter.Seq[int]) {
	for i := range users {
		d.users[i].email = 0
	}
	d.byEmail = nil
	d.Finish()
}

// firstToAsk returns the first user who asks for an email. email is its hash.
func (d *Desired) firstToAsk(email uint64) (user int, ok bool) {
	at, ok := slices.BinarySearchFunc(d.byEmail, email, func(i uint32, email uint64) int {
		return cmp.Compare(d.users[i].email, email)
	})
	if !ok {
		return 0, false
	}
	return int(d.byEmail[at]), true
}

// PruneBefore lets a plan remove assignments that were made before that time, if the
// input says that nobody should hold them.
func (d *Desired) PruneBefore(before time.Time) { d.pruneBefore = before }

// LeaveOutTenants records that somebody has removed tenants from the input.
func (d *Desired) LeaveOutTenants() { d.isSelection = true }

// coversTenant reports whether the input is complete about the assignments in a tenant.
// It is if the tenant has a line.
//
// It also covers Rules.Tenant, the tenant of assignments without one, if some user has
// such an assignment, or if a line has an empty list. Then tenant-wide roles were
// exported, and users who are listed without any have none, for example after the last
// administrator lost the role. Lines that name only other tenants prove nothing:
// a0export --no-roles --organizations writes such lines without knowing tenant-wide
// roles, and a filter that selects one tenant, such as examples/select-tenant.sh,
// leaves them behind. It may also leave an empty list where it removed assignments. So
// an empty list counts only if the input still has as many tenants as its end line
// says.
func (d *Desired) coversTenant(tenant string) bool {
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

// Users returns the number of users in the input.
func (d *Desired) Users() int { return len(d.users) }

// Tenants returns the keys of the tenants that the input mentions.
func (d *Desired) Tenants() []string { return d.tenants.order }

// NeedsAssignments reports whether a plan depends on the role assignments in Permit.
func (d *Desired) NeedsAssignments() bool {
	return len(d.assignments.list) > 0 || d.TakesAway()
}

// TakesAway reports whether a plan may remove something from Permit.
func (d *Desired) TakesAway() bool { return d.canPrune() || d.rules.Delete }

// IsDeletion reports whether to delete the users of the input.
func (d *Desired) IsDeletion() bool { return d.rules.Delete }

// number returns the number of the user with that key.
func (d *Desired) number(key string) (int, bool) {
	i, ok := d.numbers[d.hasher.Hash(key)]
	return int(i), ok
}

// assignmentRange returns the numbers of the assignments of user i: from first up to,
// but not including, end.
func (d *Desired) assignmentRange(i int) (first, end int) {
	end = len(d.assignments.list)
	if i+1 < len(d.users) {
		end = int(d.users[i+1].first)
	}
	return int(d.users[i].first), end
}

// numbersOf returns the numbers of the assignments of user i that an assignment in
// Permit fulfils: the same one, and one that names its resource instance without the
// tenant, since Permit always names the tenant.
func (d *Desired) numbersOf(i int, have record.RoleAssignment) (numbers []int) {
	first, end := d.assignmentRange(i)
	for _, want := range []record.RoleAssignment{have, {Role: have.Role, ResourceInstance: have.ResourceInstance}} {
		kind, ok := d.assignments.kinds.numbers[want]
		if at, found := slices.BinarySearch(d.assignments.list[first:end], kind); ok && found {
			numbers = append(numbers, first+at)
		}
	}
	return numbers
}

// assignment returns assignment j of the input.
func (d *Desired) assignment(j int) record.RoleAssignment {
	return d.assignments.kinds.values[d.assignments.list[j]]
}

// emailHash returns the hash of an email, or 0 for none.
func (d *Desired) emailHash(email string) uint64 {
	if email == "" {
		return 0
	}
	return cmp.Or(d.hasher.Sum([]byte(FoldEmail(email))), 1)
}

// sum returns a hash of a user's whole content. It can use JSON, since a struct is
// encoded with a fixed order of fields and with sorted maps.
func (d *Desired) sum(u *record.User) uint64 {
	type plain record.User // without MarshalJSON, which writes nulls and is slow
	data, err := json.Marshal((*plain)(u))
	if err != nil {
		return 0 // impossible: u was decoded from JSON
	}
	return d.hasher.Sum(append(data, byte(u.Nulls)))
}
