package reconcile

import (
	"slices"
	"time"

	"a0permit/internal/record"
)

// Current is what Permit has of what a Desired mentions. Whoever reads Permit fills it
// and passes it to Diff.
type Current struct {
	desired     *Desired
	roles       []record.Role // all roles in Permit
	roleNumbers map[string]int
	extends     map[string][]string        // roles, by the role that extends them
	resources   map[string]map[string]bool // actions, by resource
	origins     map[string]Origin          // of actions, by permission
	tenants     map[string]string          // their names
	users       []presence                 // by the user's number
	holders     map[uint64]uint32          // by hash of an email: its holder, see HaveUser
	assigned    []bool                     // by the assignment's number
	extras      []extra
	kinds       kinds // of extras
}

// presence is how a user in Permit compares with its line.
type presence uint8

const (
	present     presence = 1 << iota // Permit has the user
	otherEmail                       // its email differs from the line's
	otherFields                      // another field differs from the line's
	holdsEmail                       // it has the email, and its line is the first to ask for it
)

// foreign stands for a user who is not in the input.
const foreign = ^uint32(0)

// extra is an assignment in Permit of a user of the input, whose line does
// not ask for it.
type extra struct {
	user, kind uint32
	old        bool // it is older than the input's data
}

// NewCurrent returns a Current in which Permit has nothing yet.
func NewCurrent(d *Desired) *Current {
	return &Current{
		desired: d, roleNumbers: map[string]int{}, extends: map[string][]string{}, resources: map[string]map[string]bool{},
		origins: map[string]Origin{},
		tenants: map[string]string{}, users: make([]presence, len(d.users)),
		holders: map[uint64]uint32{}, assigned: make([]bool, len(d.assignments.list)), kinds: newKinds(),
	}
}

// HaveRole records a role in Permit, and the roles that it extends.
func (c *Current) HaveRole(r record.Role, extends ...string) {
	c.roleNumbers[r.Key], c.extends[r.Key] = len(c.roles), extends
	c.roles = append(c.roles, r)
}

// HaveTenant records a tenant in Permit, and its name there.
func (c *Current) HaveTenant(key, name string) { c.tenants[key] = name }

// NeedsTenants reports whether the tenants in Permit must still be read: the input
// mentions a tenant that is not known yet, or names one.
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

// HaveUser records a user in Permit. If the input has the user, it returns the user's
// number, and the caller then calls Compare.
func (c *Current) HaveUser(key, email string) (int, bool) {
	i, ok := c.desired.number(key)
	hash := c.desired.emailHash(email)
	first, wanted := c.desired.firstToAsk(hash)
	switch {
	case !wanted:
	case ok && first == i: // the usual case, which takes no memory
		c.users[i] |= holdsEmail
	case ok:
		c.holders[hash] = uint32(i) + 1 //nolint:gosec // fewer users than 4 billion
	default:
		c.holders[hash] = foreign
	}
	return i, ok
}

// Compare compares user i in Permit with its line, and reports whether there is
// something to write. If it is called again for a user, the first comparison counts.
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

// HasUser reports whether Permit has user i, and the user's line may be loaded.
func (c *Current) HasUser(i int) bool {
	return c.users[i]&present != 0 && !c.desired.users[i].conflicted
}

// IsNew reports whether user i is not in Permit, and the user's line may be loaded.
func (c *Current) IsNew(i int) bool { return c.users[i]&present == 0 && !c.desired.users[i].conflicted }

// IsNewOrDiffers reports whether user i is new, or differs from its line.
func (c *Current) IsNewOrDiffers(i int) bool {
	return c.IsNew(i) || !c.desired.users[i].conflicted && c.users[i]&(otherEmail|otherFields) != 0
}

// ForgetUsers forgets all users, for a caller that reads them again from the start.
func (c *Current) ForgetUsers() {
	clear(c.users)
	clear(c.holders)
}

// HaveAssignment records an assignment in Permit, and so its tenant.
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
		c.assigned[j] = true
	}
	if len(wanted) == 0 && (d.canPrune() && d.users[i].known || d.rules.Delete) {
		kind, _ := c.kinds.number(a)
		c.extras = append(c.extras, extra{uint32(i), kind, d.isOld(created)}) //nolint:gosec // fewer users than 4 billion
	}
}

// ForgetAssignments forgets all assignments, for a caller that reads them again from
// the start.
func (c *Current) ForgetAssignments() {
	clear(c.assigned)
	c.extras = nil
}

// holder returns who has the email that user i asks for: the user's number plus 1,
// foreign, or 0 for nobody.
func (c *Current) holder(i int) uint32 {
	email := c.desired.users[i].email
	if first, ok := c.desired.firstToAsk(email); ok && c.users[first]&holdsEmail != 0 {
		return uint32(first) + 1 //nolint:gosec // fewer users than 4 billion
	}
	return c.holders[email]
}
