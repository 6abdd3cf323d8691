package reconcile

import (
	"slices"
	"time"

	"a0permit/internal/record"
)

// Current is what Permit has of what a Desired speaks of. Whoever reads Permit
// fills it and gives it to Diff.
type Current struct {
	desired     *Desired
	roles       []record.Role // all that Permit has
	roleNumbers map[string]int
	extends     map[string][]string        // roles, by the role that extends them
	resources   map[string]map[string]bool // actions, by resource
	tenants     map[string]string          // their names
	users       []presence                 // by the user's number
	holders     map[uint64]uint32          // by hash of an email: who has it, see HaveUser
	made        []bool                     // by the assignment's number
	held        []held
	kinds       kinds // of held
}

// presence is how a user in Permit compares with its line.
type presence uint8

const (
	present     presence = 1 << iota // Permit has the user
	otherEmail                       // its email is not the one that the line asks for
	otherFields                      // some other field is not
	holdsEmail                       // it has the email that it is the first to ask for
)

// foreign stands for a user whom the input does not name.
const foreign = ^uint32(0)

// held is an assignment of a user of the input that the input does not ask for.
type held struct {
	user, kind uint32
	old        bool // it was made before the input was true
}

// NewCurrent returns a Current in which Permit has nothing yet.
func NewCurrent(d *Desired) *Current {
	return &Current{
		desired: d, roleNumbers: map[string]int{}, extends: map[string][]string{}, resources: map[string]map[string]bool{},
		tenants: map[string]string{}, users: make([]presence, len(d.users)),
		holders: map[uint64]uint32{}, made: make([]bool, len(d.assignments.list)), kinds: newKinds(),
	}
}

// HaveRole notes a role that Permit has, and the roles whose permissions it has too.
func (c *Current) HaveRole(r record.Role, extends ...string) {
	c.roleNumbers[r.Key], c.extends[r.Key] = len(c.roles), extends
	c.roles = append(c.roles, r)
}

// HaveTenant notes a tenant that Permit has, and its name there.
func (c *Current) HaveTenant(key, name string) { c.tenants[key] = name }

// NeedsTenants reports whether the tenants that Permit has are still to be read:
// the input speaks of one of which nothing is known yet, or says its name.
func (c *Current) NeedsTenants() bool {
	if c.desired.rules.Delete {
		return false
	}
	return slices.ContainsFunc(c.desired.tenants.order, func(key string) bool {
		_, isThere := c.tenants[key]
		line := c.desired.tenants.lines[key]
		return !isThere || line != nil && line.Name != ""
	})
}

// HaveUser notes a user that Permit has, and returns its number when the input
// speaks of it. The caller then compares the two with Compare.
func (c *Current) HaveUser(key, email string) (int, bool) {
	i, ok := c.desired.number(key)
	hash := c.desired.emailHash(email)
	first, wanted := c.desired.firstToAsk(hash)
	switch {
	case !wanted:
	case ok && first == i: // most are, so this takes no memory
		c.users[i] |= holdsEmail
	case ok:
		c.holders[hash] = uint32(i) + 1 //nolint:gosec // fewer users than 4 billion
	default:
		c.holders[hash] = foreign
	}
	return i, ok
}

// Compare holds Permit's user i against its line, and reports whether anything
// is to be written. A user that was met before counts as it was then.
func (c *Current) Compare(i int, want, have *record.User) (differs bool) {
	if c.users[i]&present == 0 {
		c.users[i] |= present
		if c.desired.users[i].email != 0 && !SameEmail(want.Email, have.Email) {
			c.users[i] |= otherEmail
		}
		rest := *want
		rest.Email = ""
		if _, same := c.desired.overlay(&rest, have); !same {
			c.users[i] |= otherFields
		}
	}
	return c.users[i]&(otherEmail|otherFields) != 0 || c.desired.rules.Delete
}

// HasUser reports whether Permit has user i, and its line may be loaded.
func (c *Current) HasUser(i int) bool {
	return c.users[i]&present != 0 && !c.desired.users[i].conflicted
}

// IsNew reports whether user i would be a new one.
func (c *Current) IsNew(i int) bool { return c.users[i]&present == 0 && !c.desired.users[i].conflicted }

// IsNewOrDiffers reports whether user i would be a new one, or differs from its line.
func (c *Current) IsNewOrDiffers(i int) bool {
	return c.IsNew(i) || !c.desired.users[i].conflicted && c.users[i]&(otherEmail|otherFields) != 0
}

// ForgetUsers takes back what is known of users, for a caller who begins anew.
func (c *Current) ForgetUsers() {
	clear(c.users)
	clear(c.holders)
}

// HaveAssignment notes an assignment that Permit has, and so its tenant.
func (c *Current) HaveAssignment(userKey string, a record.RoleAssignment, created time.Time) {
	d := c.desired
	if _, isKnown := c.tenants[a.Tenant]; !isKnown && a.Tenant != "" {
		c.tenants[a.Tenant] = ""
	}
	i, ok := d.number(userKey)
	if !ok {
		return
	}
	wanted := d.numbersOf(i, a)
	for _, j := range wanted {
		c.made[j] = true
	}
	if len(wanted) == 0 && (d.canPrune() && d.users[i].known || d.rules.Delete) {
		kind, _ := c.kinds.number(a)
		c.held = append(c.held, held{uint32(i), kind, d.isOld(created)}) //nolint:gosec // fewer users than 4 billion
	}
}

// ForgetAssignments takes back what is known of assignments, for a caller who
// begins anew.
func (c *Current) ForgetAssignments() {
	clear(c.made)
	c.held = nil
}

// holder returns who has the email that user i asks for: the user's number
// plus 1, foreign, or 0 for nobody.
func (c *Current) holder(i int) uint32 {
	email := c.desired.users[i].email
	if first, ok := c.desired.firstToAsk(email); ok && c.users[first]&holdsEmail != 0 {
		return uint32(first) + 1 //nolint:gosec // fewer users than 4 billion
	}
	return c.holders[email]
}
