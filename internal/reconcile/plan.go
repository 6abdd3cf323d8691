package reconcile

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"a0permit/internal/record"
)

// Plan is what to do to bring Permit to the desired state. Diff makes it, and nothing
// changes it afterwards.
type Plan struct {
	Resources   []Operation // resources to create, with their actions
	Extensions  []Operation // resources that get more actions
	Roles       []Operation // roles to create, with their permissions
	Grants      []Operation // roles that get more permissions
	Tenants     []Operation // tenants to create
	Renames     []Operation // tenants to rename
	Revocations []Operation // roles that lose permissions
	Counts      Counts
	Kept        Kept

	desired *Desired
	current *Current
	fates   []fate  // by the user's number
	early   []int   // users to write before the others, in this order
	prune   []extra // assignments to remove, sorted by user
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
	Unassign               // a role from a user; this and the following remove something
	Revoke                 // permissions from a role
	Delete                 // a user
)

// Operation is one thing to do with a resource, a role, a tenant or else a user.
type Operation struct {
	Op         Op
	Resource   *record.Resource // with the actions that it gets
	Role       *record.Role     // with the permissions that it gets or loses
	Tenant     *record.Tenant   // with its new name, if it is renamed
	User       int              // the user's number
	Assignment record.RoleAssignment
}

// RecordID names a resource, a role or a tenant.
type RecordID struct{ Type, Key string }

// RecordID returns the resource, role or tenant that an operation is about. It is empty
// for a user.
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

// Counts summarizes a plan.
type Counts struct {
	UserCounts
	AssignmentCounts
	PermissionCounts
}

// PermissionCounts counts actions and permissions.
type PermissionCounts struct {
	Actions int // to create, with a new resource or on an existing one
	Grant   int // permissions to give to roles that exist
	Revoke  int // permissions to take from roles
}

// UserCounts counts the users of the input.
type UserCounts struct {
	Create, Update, Same, Delete, Refused int
	Sharing                               int // to write, but another user has or gets their email
	Strangers                             int // of these: that user is not in the input
}

// AssignmentCounts counts role assignments.
type AssignmentCounts struct {
	Assign, Assigned       int // to make, and in Permit already
	AssignNew, BlockedNew  int // of Assign and of Blocked: may be written along with a new user
	Blocked                int // of Assign: Permit lacks the role or the tenant
	Unassign, UnassignFrom int // to remove, and from how many users
	InScope                int // in Permit, and the input says whether they should be
}

// Kept counts the assignments in Permit that the input lacks but that stay, by reason.
type Kept struct {
	NoRoleLine   int // the input has no line for the role
	NoTenantLine int // the input has no line for the tenant
	MaybeUnsaid  int // they are in Rules.Tenant, which the input may not cover
	TooYoung     int // they may be newer than the input's data
}

// Users returns the number of users in the input.
func (p *Plan) Users() int { return len(p.fates) }

// IsWritten reports whether user i is created or updated.
func (p *Plan) IsWritten(i int) bool { return p.fate(i) == create || p.fate(i) == update }

// IsOrdered reports whether some users must be written before others.
func (p *Plan) IsOrdered() bool { return len(p.early) > 0 }

// CanPrune reports whether the plan may prune assignments.
func (p *Plan) CanPrune() bool { return p.desired.canPrune() }

// IsOld reports whether an assignment is older than the input's data. One without
// a time counts as new.
func (p *Plan) IsOld(created time.Time) bool { return p.desired.isOld(created) }

// OldName returns the name of a tenant in Permit.
func (p *Plan) OldName(tenant string) string { return p.current.tenants[tenant] }

// IsNew reports whether user i is created.
func (p *Plan) IsNew(i int) bool { return p.fate(i) == create }

// SharesEmail reports whether another user has or gets the email that user i is to get.
// Such users are written last.
func (p *Plan) SharesEmail(i int) bool { return p.fates[i]&sharing != 0 }

// FirstToAsk returns the user of the input who gets the email that user i asks for. ok
// is true if an earlier line asks for it and nobody in Permit has it.
func (p *Plan) FirstToAsk(i int) (first int, ok bool) {
	first, _ = p.desired.firstToAsk(p.desired.users[i].email)
	return first, first != i && p.current.holder(i) == 0
}

// UserToWrite returns the user to write for a line. before is the user in Permit, or
// nil for a new user. same is true if Permit has all of this already.
func (p *Plan) UserToWrite(line, before *record.User) (write record.User, same bool) {
	if before == nil {
		write = *line
		write.Nulls, write.Attributes = 0, withoutNulls(line.Attributes)
		return write, false
	}
	return p.desired.overlay(line, before)
}

// Unassignments returns the role assignments to remove from user i.
func (p *Plan) Unassignments(i int) []record.RoleAssignment {
	var list []record.RoleAssignment
	at, _ := slices.BinarySearchFunc(p.prune, i, func(h extra, i int) int { return cmp.Compare(int(h.user), i) })
	for ; at < len(p.prune) && int(p.prune[at].user) == i; at++ {
		list = append(list, p.current.kinds.values[p.prune[at].kind])
	}
	return list
}

// Operations yields all operations, in an order in which they can be done: resources,
// roles, tenants, users and their assignments, and finally the removals.
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

// ByUser yields each user who has operations, with these. The slice is valid until the
// next user.
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
	for j, end := p.desired.assignmentRange(i); j < end && !p.isRefused(i); j++ {
		if !p.current.assigned[j] {
			ops = append(ops, Operation{Op: Assign, User: i, Assignment: p.desired.assignment(j)})
		}
	}
	for _, a := range p.Unassignments(i) {
		ops = append(ops, Operation{Op: Unassign, User: i, Assignment: a})
	}
	if p.fate(i) == remove {
		ops = append(ops, Operation{Op: Delete, User: i})
	}
	return ops
}

// DifferingLines is the fault of lines that have the same key but differ.
var DifferingLines = record.Fault{Code: "differing_lines", Message: "another line has this key and differs"}

// Refusals yields the users for whom the plan does nothing, and why.
func (p *Plan) Refusals() iter.Seq2[int, record.Fault] {
	return func(yield func(int, record.Fault) bool) {
		for i := range p.fates {
			if p.isRefused(i) && !yield(i, DifferingLines) {
				return
			}
		}
	}
}
