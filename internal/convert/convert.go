// Package convert turns rows of Auth0 tables into records. It is pure: it does no I/O,
// has no clock, and reports only through its results.
//
// A row is converted in two steps. Its Table does what depends on that row alone, in
// any order and on any goroutine. The Catalogue then finds the roles and tenants that
// the user holds. It needs the rows in input order, because the first of two roles with
// the same key gets it. Neither remembers rows: the loader finds duplicates.
package convert

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Options configure the mapping. The zero value is the default. NewTable checks them
// against a header.
type Options struct {
	RoleMap    RoleMap
	Attributes []Attribute // in addition to those of Keep, and before them
	Keep       Keep
	// UserKey is the column with the users' keys; "" means user_id. With another
	// column, the id is kept as the attribute auth0_user_id.
	UserKey string
	// TenantsByName makes an organization's name the key of its tenant, instead of
	// its id.
	TenantsByName bool
	// MemberRole is the Auth0 name of the role for memberships without one. If it is
	// "", they are left out.
	MemberRole     string
	PermissionForm PermissionForm
	PermissionMap  PermissionMap
	// Escaping is the escaping of every table, except those of rejected rows. Undecided
	// means that the rows decide.
	Escaping Escaping
}

// A Fault says why a row is rejected. It never contains a cell, which may be personal
// data.
type Fault struct {
	Column     string // "" for the row as a whole
	Reason     string // from a small set, so that faults can be counted by reason
	Detail     string // more about this row
	Connection string // the user's, to count faults by; "" if unknown
	Cure       string // what to do about rows with this reason; may be ""
	Hint       string // what to do if the run must stop; "" if it may go on
}

// Error returns the column and the reason, without the detail.
func (f *Fault) Error() string {
	if f.Column == "" {
		return f.Reason
	}
	return f.Column + ": " + f.Reason
}

// LoneCRCure says what to do about lines that end in CR alone.
const LoneCRCure = `convert the line endings: tr '\r' '\n' < FILE`

// RaggedFault returns the fault of a row with more or fewer cells than its header.
func RaggedFault(cells, columns int) *Fault {
	return &Fault{Reason: "wrong number of cells", Detail: fmt.Sprintf("%d in place of %d", cells, columns)}
}

// keyFault returns the fault of a key that record refuses with err.
func keyFault(column, key string, err error) *Fault {
	if fault := invisibleFault(column, key); fault != nil {
		return fault
	}
	return &Fault{Column: column, Reason: err.Error()}
}

// ErrUnkeyed means that a row names a role without a usable key. The role is at fault,
// not the row, so the row is not rejected.
var ErrUnkeyed = errors.New("a role that the row names has no key")

// utf8Fault returns the fault of a cell that is not UTF-8, and nil if it is.
func utf8Fault(column, cell string) *Fault {
	if utf8.ValidString(cell) {
		return nil
	}
	return &Fault{Column: column, Reason: "not UTF-8"}
}
