package reconcile

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"a0permit/internal/record"
)

// Plan is what is to be done to bring Permit to what the input asks for. Diff
// makes it, and nothing changes it afterwards.
type Plan struct {
	Resources   []Operation // resources to create, with their actions
	Extensions  []Operation // resources to which actions are added
	Roles       []Operation // roles to create, with their permissions
	Grants      []Operation // roles that are to permit more
	Tenants     []Operation // tenants to create
	Renames     []Operation // tenants to rename
	Revocations []Operation // roles that are to permit less
	Counts      Counts
	Kept        Kept

	desired *Desired
	current *Current
	fates   []fate // by the user's number
	early   []int  // users who are written before the others, in this order
	prune   []held // assignments to take away, by user
}

// Op is what an operation does.
type Op uint8

// What operations do.
const (
	Create   Op = iota + 1 // a resource, a role, a tenant or a user
	Extend                 // a resource, by actions
	Grant                  // permissions to a role
	Rename                 // a tenant
	Update                 // a user
	Assign                 // a role to a user
	Unassign               // a role from a user: this and what follows takes away
	Revoke                 // permissions from a role
	Delete                 // a user
)

// Operation is one thing to do: to a resource, to a role, to a tenant, or else to a user.
type Operation struct {
	Op         Op
	Resource   *record.Resource // with the actions that it gets
	Role       *record.Role     // with the permissions that it gets or loses
	Tenant     *record.Tenant   // with its new name, where it is renamed
	User       int              // the number of a user
	Assignment record.RoleAssignment
}

// RecordID names a resource, a role or a tenant.
type RecordID struct{ Type, Key string }

// RecordID returns the resource, the role or the tenant that an operation is about; for a
// user it is empty.
func (op Operation) RecordID() RecordID {
	switch {
	case op.Resource != nil:
		return RecordID{record.TypeResource, op.Resource.Key}
	case op.Role != nil:
		return RecordID{record.TypeRole, op.Role.Key}
	case op.Tenant != nil:
		return RecordID{record.TypeTenant, op.Tenant.Key}
	}
	return RecordID{}
}

// Counts sums a plan up.
type Counts struct {
	UserCounts
	AssignmentCounts
	PermissionCounts
}

// PermissionCounts counts what roles permit.
type PermissionCounts struct {
	Actions int // to create, with their resources or without
	Grant   int // permissions to give to roles that exist
	Revoke  int // permissions to take from roles
}

// UserCounts counts the users of the input.
type UserCounts struct {
	Create, Update, Same, Delete, Refused int
	Sharing                               int // of those to write: another user has their email, or is to have it
	Strangers                             int // of these: that user is none whom the input names
}

// AssignmentCounts counts role assignments.
type AssignmentCounts struct {
	Assign, Assigned       int // to make, and there already
	AssignNew, BlockedNew  int // of those to make, and of those blocked: they may go along with a new user
	Blocked                int // of those to make: Permit lacks the role or the tenant
	Unassign, UnassignFrom int // to take away, and from how many users
	InScope                int // Permit has, and the input says whether it should
}

// Kept counts the assignments in Permit that stay although the input lacks
// them, by the reason.
type Kept struct {
	NoRoleLine   int // the input has no line for the role
	NoTenantLine int // the input has no line for the tenant
	MaybeUnsaid  int // they are in Rules.Tenant, of which the input may say nothing
	TooYoung     int // they may have been made after the input was true
}

// Users returns how many users the input names.
func (p *Plan) Users() int { return len(p.fates) }

// IsWritten reports whether user i is created or updated.
func (p *Plan) IsWritten(i int) bool { return p.fate(i) == create || p.fate(i) == update }

// IsOrdered reports whether some users must be written before others.
func (p *Plan) IsOrdered() bool { return len(p.early) > 0 }

// CanPrune reports whether the input decides which assignments stay.
func (p *Plan) CanPrune() bool { return p.desired.canPrune() }

// IsOld reports whether an assignment was made before the input was true. One
// that does not say when may be new.
func (p *Plan) IsOld(created time.Time) bool { return p.desired.isOld(created) }

// OldName returns the name that Permit has for a tenant.
func (p *Plan) OldName(tenant string) string { return p.current.tenants[tenant] }

// IsNew reports whether user i is created.
func (p *Plan) IsNew(i int) bool { return p.fate(i) == create }

// SharesEmail reports whether user i is to get an email that another user has, or is
// to have. Such users are the last to be written.
func (p *Plan) SharesEmail(i int) bool { return p.fates[i]&sharing != 0 }

// FirstToAsk returns the user of the input who is to have the email of user i, where
// nobody has it in Permit and an earlier line asks for it.
func (p *Plan) FirstToAsk(i int) (first int, ok bool) {
	first, _ = p.desired.firstToAsk(p.desired.users[i].email)
	return first, first != i && p.current.holder(i) == 0
}

// UserToWrite returns what a user is to be written as, and whether Permit has it as
// that already; before is what Permit has, nil for a new user.
func (p *Plan) UserToWrite(line, before *record.User) (write record.User, same bool) {
	if before == nil {
		write = *line
		write.Nulls, write.Attributes = 0, withoutNulls(line.Attributes)
		return write, false
	}
	return p.desired.overlay(line, before)
}

// Taken returns the role assignments that are taken away from user i.
func (p *Plan) Taken(i int) []record.RoleAssignment {
	var taken []record.RoleAssignment
	at, _ := slices.BinarySearchFunc(p.prune, i, func(h held, i int) int { return cmp.Compare(int(h.user), i) })
	for ; at < len(p.prune) && int(p.prune[at].user) == i; at++ {
		taken = append(taken, p.current.kinds.values[p.prune[at].kind])
	}
	return taken
}

// Operations yields all that is to be done, in the order in which it can be: to
// resources, to roles, to tenants, to users and their assignments, and last what takes
// away.
func (p *Plan) Operations() iter.Seq[Operation] {
	return func(yield func(Operation) bool) {
		for _, list := range [][]Operation{
			p.Resources, p.Extensions, p.Roles, p.Grants, p.Tenants, p.Renames, p.Revocations,
		} {
			for _, op := range list {
				if !yield(op) {
					return
				}
			}
		}
		for _, takesAway := range []bool{false, true} {
			for _, ops := range p.ByUser() {
				for _, op := range ops {
					if (op.Op >= Unassign) == takesAway && !yield(op) {
						return
					}
				}
			}
		}
	}
}

// ByUser yields each user for whom something is to be done, with its operations.
// The slice is good until the next user.
func (p *Plan) ByUser() iter.Seq2[int, []Operation] {
	return func(yield func(int, []Operation) bool) {
		var ops []Operation
		visit := func(i int) bool {
			ops = p.appendOperations(ops[:0], i)
			return len(ops) == 0 || yield(i, ops)
		}
		for _, i := range p.early {
			if !visit(i) {
				return
			}
		}
		for _, last := range []fate{0, sharing} {
			for i, f := range p.fates {
				if f&beforeOthers == 0 && f&sharing == last && !visit(i) {
					return
				}
			}
		}
	}
}

func (p *Plan) appendOperations(ops []Operation, i int) []Operation {
	switch p.fate(i) {
	case create:
		ops = append(ops, Operation{Op: Create, User: i})
	case update:
		ops = append(ops, Operation{Op: Update, User: i})
	}
	for j, end := p.desired.own(i); j < end && !p.isRefused(i); j++ {
		if !p.current.made[j] {
			ops = append(ops, Operation{Op: Assign, User: i, Assignment: p.desired.assignment(j)})
		}
	}
	for _, a := range p.Taken(i) {
		ops = append(ops, Operation{Op: Unassign, User: i, Assignment: a})
	}
	if p.fate(i) == remove {
		ops = append(ops, Operation{Op: Delete, User: i})
	}
	return ops
}

// DifferingLines is the fault of lines of one key that differ.
var DifferingLines = record.Fault{Code: "differing_lines", Message: "another line has this key and differs"}

// Refusals yields the users for whom nothing is done, and why.
func (p *Plan) Refusals() iter.Seq2[int, record.Fault] {
	return func(yield func(int, record.Fault) bool) {
		for i := range p.fates {
			if p.isRefused(i) && !yield(i, DifferingLines) {
				return
			}
		}
	}
}
