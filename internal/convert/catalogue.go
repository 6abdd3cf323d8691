package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"a0permit/internal/record"
)

// Lines is what a row becomes beside a user's own fields. It is good until the
// next row.
type Lines struct {
	// Roles and Tenants are to be written before the user.
	Roles   []record.Role
	Tenants []record.Tenant
	// Assignments are the user's, nil when nothing is known of them.
	Assignments []record.RoleAssignment
	// WithoutRole is how many memberships were left out for want of a role.
	WithoutRole int
	// Unkeyed are roles without a usable key, each named once only: in the
	// first row that names it.
	Unkeyed []Unkeyed
}

// A Catalogue is the roles and the tenants met so far. Rows must come to it in
// their order. It is not safe for concurrent use.
type Catalogue struct {
	options Options
	roles   roleBook
	tenants map[string]writtenTenant // by their keys

	// Used again for each row.
	lines Lines
	held  []held
	seen  map[record.RoleAssignment]bool
}

// writtenTenant is a tenant that a line has been written of. One without a name gets
// another line when its name is met: to a loader the lines of one key are one.
type writtenTenant struct {
	id    string // the organization's
	named bool
}

// held is a role that a user holds. In no tenant it is a tenant-wide one.
type held struct {
	role   *role
	tenant *record.Tenant
}

// NewCatalogue returns an empty catalogue.
func NewCatalogue(o Options) *Catalogue {
	return &Catalogue{
		options: o, roles: newRoleBook(o.RoleMap), tenants: map[string]writtenTenant{},
		seen: map[record.RoleAssignment]bool{},
	}
}

// UnusedMappings are the entries of the role map that no role was looked up
// with, in order.
func (c *Catalogue) UnusedMappings() []string { return c.roles.unused() }

func (c *Catalogue) begin() *Lines {
	c.lines = Lines{Roles: c.lines.Roles[:0], Tenants: c.lines.Tenants[:0], Unkeyed: c.lines.Unkeyed[:0]}
	c.held = c.held[:0]
	return &c.lines
}

// Assign makes assignments of what a user holds, and lines of the roles and
// tenants that nobody has held before. The same holds come to the same
// assignments each time. The error is ErrUnkeyed, or a *TenantError, which ends
// the run.
func (c *Catalogue) Assign(h *Holds) (*Lines, error) {
	lines := c.begin()
	for _, name := range h.Roles {
		c.hold(name, nil)
	}
	for i := range h.Memberships {
		if err := c.join(&h.Memberships[i]); err != nil {
			return lines, err
		}
	}
	for _, held := range c.held {
		c.reportUnkeyed(held.role)
	}
	if slices.ContainsFunc(c.held, func(h held) bool { return h.role.unkeyed != nil }) {
		return lines, ErrUnkeyed
	}
	// Nothing counts as written for a row that is not.
	clear(c.seen)
	if h.Roles != nil || len(c.held) > 0 {
		lines.Assignments = []record.RoleAssignment{}
	}
	for _, held := range c.held {
		c.writeRole(held.role)
		c.assign(held)
	}
	return lines, nil
}

func (c *Catalogue) hold(name string, tenant *record.Tenant) {
	c.held = append(c.held, held{role: c.roles.named(name), tenant: tenant})
}

// join adds the roles of a membership.
func (c *Catalogue) join(m *Membership) error {
	roles := m.Roles
	if len(roles) == 0 {
		if c.options.MemberRole == "" {
			c.lines.WithoutRole++
			return nil
		}
		roles = []string{c.options.MemberRole}
	}
	tenant, err := c.tenant(m.ID, m.Name, m.DisplayName)
	if err != nil {
		return err
	}
	for _, name := range roles {
		c.hold(name, &tenant)
	}
	return nil
}

// assign adds an assignment, unless it is there: two names may be mapped to one
// role.
func (c *Catalogue) assign(h held) {
	a := record.RoleAssignment{Role: h.role.line.Key}
	if h.tenant != nil {
		a.Tenant = h.tenant.Key
		c.writeTenant(h.tenant)
	}
	if !c.seen[a] {
		c.seen[a] = true
		c.lines.Assignments = append(c.lines.Assignments, a)
	}
}

// auth0OrganizationID is the attribute of the id where the key is the name.
const auth0OrganizationID = "auth0_organization_id"

// A TenantError is two organizations that want one key, which only names can.
type TenantError struct{ Key, ID, Other string }

func (e *TenantError) Error() string {
	return fmt.Sprintf("organizations %q and %q are both called %q, which is to be the tenant's key", e.Other, e.ID, e.Key)
}

func (c *Catalogue) tenant(id, name, displayName string) (record.Tenant, error) {
	t := record.Tenant{Type: record.TypeTenant, Key: id, Name: cmp.Or(displayName, name)}
	if !c.options.TenantsByName {
		return t, nil
	}
	t.Key = name
	if id != "" {
		t.Attributes = map[string]any{auth0OrganizationID: id}
	}
	if other, ok := c.tenants[name]; ok && other.id != id {
		return t, &TenantError{Key: name, ID: id, Other: other.id}
	}
	return t, nil
}

func (c *Catalogue) writeTenant(t *record.Tenant) {
	if k, ok := c.tenants[t.Key]; ok && (k.named || t.Name == "") {
		return
	}
	id, _ := t.Attributes[auth0OrganizationID].(string)
	// Clones: the texts are parts of their whole chunk.
	c.tenants[strings.Clone(t.Key)] = writtenTenant{id: strings.Clone(id), named: t.Name != ""}
	c.lines.Tenants = append(c.lines.Tenants, *t)
}

// writeRole puts the role's line among those to be written, unless the line of
// another name with its key has been.
func (c *Catalogue) writeRole(r *role) {
	if !r.written && c.roles.claim(r) {
		c.lines.Roles = append(c.lines.Roles, r.line)
	}
	r.written = true
}

func (c *Catalogue) reportUnkeyed(r *role) {
	if r.unkeyed != nil && !r.reported {
		r.reported = true
		c.lines.Unkeyed = append(c.lines.Unkeyed, *r.unkeyed)
	}
}

// Check finds what is wrong with the row by itself.
func (r *OrganizationRow) Check(o *Options) *Fault {
	if r.ID == "" {
		return &Fault{Column: organizationID, Reason: record.ErrNoKey.Error()}
	}
	key, column := r.ID, organizationID
	if o.TenantsByName {
		key, column = r.Name, name
	}
	if err := record.TenantKey(key); err != nil {
		return &Fault{Column: column, Reason: err.Error()}
	}
	return cmp.Or(notUTF8(organizationID, r.ID), notUTF8(name, r.Name), notUTF8(displayName, r.DisplayName))
}

// Organization converts a row that has been checked. The error is a
// *TenantError, which ends the run.
func (c *Catalogue) Organization(row *OrganizationRow) (*Lines, error) {
	lines := c.begin()
	t, err := c.tenant(row.ID, row.Name, row.DisplayName)
	if err == nil {
		c.writeTenant(&t)
	}
	return lines, err
}

// Check finds what is wrong with the row by itself.
func (r *RoleRow) Check() *Fault {
	switch {
	case r.ID == "":
		return &Fault{Column: roleID, Reason: record.ErrNoKey.Error()}
	case r.Name == "":
		return &Fault{Column: name, Reason: "no name"}
	}
	return cmp.Or(notUTF8(roleID, r.ID), notUTF8(name, r.Name), notUTF8(description, r.Description))
}

// Role converts a row that has been checked. The error is ErrUnkeyed or a
// *RekeyError, which ends the run.
//
// A role that users have named before is written again, with what the table
// knows more: to a loader the lines of one key are one.
func (c *Catalogue) Role(row *RoleRow) (*Lines, error) {
	lines := c.begin()
	r, err := c.roles.identified(row.Name, row.ID)
	if err != nil {
		return lines, err
	}
	if r.unkeyed != nil {
		c.reportUnkeyed(r)
		return lines, ErrUnkeyed
	}
	if !r.described {
		c.roles.describe(r, row)
		r.written = false
		c.writeRole(r)
	}
	return lines, nil
}
