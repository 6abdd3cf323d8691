// Package convert turns rows of Auth0 tables into records. It is pure: it reads and
// writes nothing, has no clock, and reports only by what it returns.
//
// A row is converted in two steps. Its Table does what depends on that row alone,
// in any order and on any goroutine. The Catalogue then finds the roles and tenants
// that the user holds, in the order of the rows, since of two roles for one key the
// first one has it. Neither remembers rows: it is the loader that finds duplicates.
package convert

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Options are what people may decide about the mapping. The zero value is the
// default. NewTable checks them against a header.
type Options struct {
	RoleMap    RoleMap
	Attributes []Attribute // in addition to those of Keep, and before them
	Keep       Keep
	// UserKey is the column of the users' keys; "" is user_id. With another column
	// the id is kept as the attribute auth0_user_id.
	UserKey string
	// TenantsByName makes an organization's name the key of its tenant, instead of
	// its id.
	TenantsByName bool
	// MemberRole is the Auth0 name of the role for memberships without one. They
	// are left out when it is "".
	MemberRole     string
	PermissionForm PermissionForm
	PermissionMap  PermissionMap
	// Escaping is that of each table, and Undecided when the rows are to tell. A
	// table of rejected rows has its own.
	Escaping Escaping
}

// A Fault is why a row is rejected. It never contains a cell, which may be personal
// data.
type Fault struct {
	Column     string // "" for the row as a whole
	Reason     string // one of few, so that faults can be counted by reason
	Detail     string // more about this row
	Connection string // of the user, to count by; "" when unknown
	Cure       string // what to do about rows with this reason; may be ""
	Hint       string // set when going on would do harm
}

// Error returns the column and the reason, without the detail.
func (f *Fault) Error() string {
	if f.Column == "" {
		return f.Reason
	}
	return f.Column + ": " + f.Reason
}

// LoneCRCure is what to do about lines that end in CR alone.
const LoneCRCure = `convert the line endings: tr '\r' '\n' < FILE`

// RaggedFault returns the fault of a row with more or fewer cells than its header.
func RaggedFault(cells, columns int) *Fault {
	return &Fault{Reason: "wrong number of cells", Detail: fmt.Sprintf("%d in place of %d", cells, columns)}
}

// keyFault returns the fault of a key for which record has this error.
func keyFault(column, key string, err error) *Fault {
	if fault := invisibleFault(column, key); fault != nil {
		return fault
	}
	return &Fault{Column: column, Reason: err.Error()}
}

// ErrUnkeyed is the error for a row that names a role without a usable key. The
// fault is the role's, not the row's, so the row is not rejected.
var ErrUnkeyed = errors.New("a role that the row names has no key")

// utf8Fault returns the fault of a cell that is not UTF-8, nil for one that is.
func utf8Fault(column, cell string) *Fault {
	if utf8.ValidString(cell) {
		return nil
	}
	return &Fault{Column: column, Reason: "not UTF-8"}
}
