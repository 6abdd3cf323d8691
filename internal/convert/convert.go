// Package convert turns rows of Auth0 tables into records. It is pure: it reads
// and writes nothing, has no clock and reports only through what it returns.
//
// A row passes in two steps. Its Table makes of it all that depends on that row
// alone, in any order and on any goroutine. The Catalogue then names the roles and
// tenants the user holds, in the order of the rows, since of two roles that
// want one key the first has it. Neither remembers rows: duplicates are for the
// loader to find.
package convert

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Options are what people may decide about the mapping. The zero value is the
// default; NewTable holds it against a header.
type Options struct {
	RoleMap    RoleMap
	Attributes []Attribute // beside those of Keep, and before them
	Keep       Keep
	// UserKey is the column of the users' keys; "" is user_id. With another the
	// id is kept as the attribute auth0_user_id.
	UserKey string
	// TenantsByName makes an organization's name its tenant's key, instead of
	// its id.
	TenantsByName bool
	// MemberRole is the Auth0 name of a role for memberships without one, which
	// are left out when it is "".
	MemberRole string
}

// A Fault is why a row is rejected. It never holds what is in a cell, since
// that may be personal data.
type Fault struct {
	Column     string // "" when it is the row as a whole
	Reason     string // one of a few, so that faults can be summed by it
	Detail     string // more about this row alone
	Connection string // of the user, to sum by; "" when unknown
	Hint       string // not "" where to go on would do harm
}

// Error is the column and the reason, without the detail.
func (f *Fault) Error() string {
	if f.Column == "" {
		return f.Reason
	}
	return f.Column + ": " + f.Reason
}

// Ragged is the fault of a row with another number of cells than its header.
func Ragged(cells, columns int) *Fault {
	return &Fault{Reason: "ragged row", Detail: fmt.Sprintf("%d cells under a header of %d", cells, columns)}
}

// ErrUnkeyed ends the conversion of a row that names a role without a usable
// key. The row is right and the roles are at fault, so it is not rejected.
var ErrUnkeyed = errors.New("a role that the row names has no key")

// notUTF8 is the fault of a cell that is no text.
func notUTF8(column, cell string) *Fault {
	if utf8.ValidString(cell) {
		return nil
	}
	return &Fault{Column: column, Reason: "not UTF-8"}
}
