// Package convert turns rows of Auth0 tables into records. It is pure: it reads
// and writes nothing, has no clock and reports only through what it returns. It
// remembers the catalogue, which is the roles and organizations met so far, and
// no rows: duplicates are for the loader to find.
package convert

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"a0permit/internal/record"
)

// Lines is what one row becomes, in the order in which it is to be written. It
// is good until the next row is converted.
type Lines struct {
	Roles   []record.Role
	Tenants []record.Tenant
	User    *record.User // nil for a row that is no user
	// Unkeyed are roles without a usable key, each named once only: in the
	// first row that names it.
	Unkeyed []Unkeyed
}

// A Fault is why a row is rejected. It never holds what is in a cell, since
// that may be personal data.
type Fault struct {
	Column     string // "" when it is the row as a whole
	Reason     string // one of a few, so that faults can be summed by it
	Detail     string // more about this row alone
	Connection string // of the user, to sum by; "" when unknown
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

// A Converter converts rows. It is not safe for concurrent use.
type Converter struct {
	catalogue catalogue
	tenants   map[string]bool
	memo      map[string]*grants

	// Used again for each row.
	lines       Lines
	user        record.User
	attributes  map[string]any
	assignments []record.RoleAssignment
	memberships []membership

	withoutRole int
}

// New returns a converter that takes role keys from m where it has them.
func New(m RoleMap) *Converter {
	return &Converter{
		catalogue:   newCatalogue(m),
		tenants:     map[string]bool{},
		memo:        map[string]*grants{},
		attributes:  map[string]any{},
		assignments: make([]record.RoleAssignment, 0, 8), // never nil: empty means none, nil unknown
	}
}

// WithoutRole is how many memberships of organizations had no role. Permit has
// no membership without one, so they were left out.
func (c *Converter) WithoutRole() int { return c.withoutRole }

// UnusedMappings are the entries of the role map that no role was looked up
// with, in order.
func (c *Converter) UnusedMappings() []string { return c.catalogue.unused() }

func (c *Converter) begin() *Lines {
	c.lines = Lines{Roles: c.lines.Roles[:0], Tenants: c.lines.Tenants[:0], Unkeyed: c.lines.Unkeyed[:0]}
	return &c.lines
}

// firstNotUTF8 names the first of the columns whose cell is not UTF-8. JSON has
// no other text, and a converted cell would be a guess.
func firstNotUTF8(cells ...[2]string) *Fault {
	for _, cell := range cells {
		if !utf8.ValidString(cell[1]) {
			return &Fault{Column: cell[0], Reason: "not UTF-8"}
		}
	}
	return nil
}
