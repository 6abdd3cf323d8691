package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"a0permit/internal/idhash"
	"a0permit/internal/record"
)

// Lines holds the records that a row becomes, apart from the user's own fields, and
// what to report about the row. It is valid until the next row.
type Lines struct {
	// Write Resources before Roles, and Roles and Tenants before the user.
	Resources []record.Resource
	Roles     []record.Role
	Tenants   []record.Tenant
	// Assignments are the user's; nil if the input does not give them.
	Assignments []record.RoleAssignment
	// WithoutRole counts the memberships that were left out because they have no role.
	WithoutRole int
	// Unkeyed lists roles without a usable key, each only for the first row that names
	// it.
	Unkeyed []Unkeyed
	// Each of the PermissionFaults and GrantFaults is reported only once.
	PermissionFaults []PermissionFault
	GrantFaults      []GrantFault
}

// A Catalogue remembers the roles, tenants and permissions of the rows so far. Add rows
// in input order. It is not safe for concurrent use.
type Catalogue struct {
	options Options
	roles   roleBook
	// permissions, waiting and grants come from the tables that give roles their
	// permissions.
	permissions permissionBook
	waiting     []waitingRole
	grants      map[int32]grants // by the first role with the key

	hasher  idhash.Hasher
	tenants map[idhash.Hash]writtenTenant // by key
	ids     []string                      // of organizations, if their names are the tenants' keys

	// Reused for each row.
	lines Lines
	held  []heldRole
	seen  map[record.RoleAssignment]bool
}

// writtenTenant is a tenant that has a line. If the line has no name, another line
// follows once a row gives the name: the loader merges lines with the same key.
type writtenTenant struct {
	id      int32 // index in ids, if the key is not the id
	hasName bool
}

// heldRole is a role that a user holds, tenant-wide if tenant is nil.
type heldRole struct {
	role
	tenant *record.Tenant
}

// NewCatalogue returns an empty catalogue.
func NewCatalogue(o Options) *Catalogue {
	return &Catalogue{
		options: o, roles: newRoleBook(o.RoleMap), hasher: idhash.New(), tenants: map[idhash.Hash]writtenTenant{},
		seen:        map[record.RoleAssignment]bool{},
		permissions: newPermissionBook(&o), grants: map[int32]grants{},
	}
}

// UnusedMappings returns the entries of the role map that matched no role, sorted.
func (c *Catalogue) UnusedMappings() []string { return c.roles.unusedMappings() }

// UnusedPermissionMappings returns the entries of the permission map that matched no
// permission, in any order.
func (c *Catalogue) UnusedPermissionMappings() []Permission { return c.permissions.unusedMappings() }

// Permissions returns counts of the permissions so far.
func (c *Catalogue) Permissions() PermissionCounts { return c.permissions.count() }

func (c *Catalogue) reset() *Lines {
	c.lines = Lines{
		Resources: c.lines.Resources[:0], Roles: c.lines.Roles[:0], Tenants: c.lines.Tenants[:0],
		Unkeyed: c.lines.Unkeyed[:0],
	}
	c.held = c.held[:0]
	return &c.lines
}

// Assign returns the role assignments of a user, and the lines of the roles and tenants
// that no earlier user holds. Equal Holds give equal assignments. The error is
// ErrUnkeyed, or a *TenantError, which ends the run.
func (c *Catalogue) Assign(h *Holds) (*Lines, error) {
	lines := c.reset()
	for _, name := range h.Roles {
		c.addHeldRole(MemberRole{Name: name}, nil)
	}
	for i := range h.Memberships {
		if err := c.addMembership(&h.Memberships[i]); err != nil {
			return lines, err
		}
	}
	for _, held := range c.held {
		c.reportUnkeyed(held.role, "")
	}
	if slices.ContainsFunc(c.held, func(h heldRole) bool { return c.roles.isUnkeyed(h.role) }) {
		return lines, ErrUnkeyed
	}
	// From here on the row is written, and so are its roles and tenants.
	c.clearSeen()
	if h.Roles != nil || len(c.held) > 0 {
		lines.Assignments = []record.RoleAssignment{}
	}
	for _, held := range c.held {
		if c.roles.claimLine(held.role, false) {
			line := record.Role{Type: record.TypeRole, Key: held.key, Name: held.name}
			if c.roles.roles[held.number].owned {
				line.Attributes = roleAttributes(c.roles.ownedID(held.number))
			}
			c.lines.Roles = append(c.lines.Roles, line)
		}
		c.addAssignment(held)
	}
	return lines, nil
}

// clearSeen forgets the assignments of the previous row. A very large map is replaced,
// since clearing it would slow down every later row.
func (c *Catalogue) clearSeen() {
	if len(c.seen) > 1000 {
		c.seen = map[record.RoleAssignment]bool{}
	}
	clear(c.seen)
}

func (c *Catalogue) addHeldRole(r MemberRole, tenant *record.Tenant) {
	held := heldRole{tenant: tenant}
	if r.ID == "" {
		held.role = c.roles.get(r.Name)
	} else {
		held.role = c.roles.getOwned(r.Name, r.ID)
	}
	c.held = append(c.held, held)
}

// addMembership adds the roles of a membership.
func (c *Catalogue) addMembership(m *Membership) error {
	roles := m.Roles
	if len(roles) == 0 {
		if c.options.MemberRole == "" {
			c.lines.WithoutRole++
			return nil
		}
		roles = []MemberRole{{Name: c.options.MemberRole}}
	}
	tenant, err := c.newTenant(m.ID, m.Name, m.DisplayName)
	if err != nil {
		return err
	}
	for _, r := range roles {
		c.addHeldRole(r, &tenant)
	}
	return nil
}

// addAssignment adds an assignment unless it is there already: two names may be
// mapped to one role.
func (c *Catalogue) addAssignment(h heldRole) {
	a := record.RoleAssignment{Role: h.key}
	if h.tenant != nil {
		a.Tenant = h.tenant.Key
		c.addTenantLine(h.tenant)
	}
	if !c.seen[a] {
		c.seen[a] = true
		c.lines.Assignments = append(c.lines.Assignments, a)
	}
}

// auth0OrganizationID is the attribute that holds the organization's id if its name is
// the key.
const auth0OrganizationID = "auth0_organization_id"

// A TenantError reports two organizations with the same tenant key. This can only
// happen if names are keys.
type TenantError struct{ Key, ID, Other string }

func (e *TenantError) Error() string {
	const format = "organizations %q and %q have the same name, %q, and so the same tenant key"
	return fmt.Sprintf(format, e.Other, e.ID, e.Key)
}

func (c *Catalogue) newTenant(id, name, displayName string) (record.Tenant, error) {
	t := record.Tenant{Type: record.TypeTenant, Key: id, Name: cmp.Or(displayName, name)}
	if !c.options.TenantsByName {
		return t, nil
	}
	t.Key = name
	if id != "" {
		t.Attributes = map[string]any{auth0OrganizationID: id}
	}
	if other, ok := c.tenants[c.hasher.Hash(name)]; ok && c.ids[other.id] != id {
		return t, &TenantError{Key: name, ID: id, Other: c.ids[other.id]}
	}
	return t, nil
}

func (c *Catalogue) addTenantLine(t *record.Tenant) {
	hash := c.hasher.Hash(t.Key)
	written, known := c.tenants[hash]
	if known && (written.hasName || t.Name == "") {
		return
	}
	if c.options.TenantsByName && !known {
		id, _ := t.Attributes[auth0OrganizationID].(string)
		written.id = int32(len(c.ids))           //nolint:gosec // no input has two billion organizations
		c.ids = append(c.ids, strings.Clone(id)) // the cell would keep its whole chunk in memory
	}
	written.hasName = t.Name != ""
	c.tenants[hash] = written
	c.lines.Tenants = append(c.lines.Tenants, *t)
}

func (c *Catalogue) reportUnkeyed(r role, id string) {
	if unkeyed, isNew := c.roles.reportUnkeyed(r, id); isNew {
		c.lines.Unkeyed = append(c.lines.Unkeyed, unkeyed)
	}
}

// AddOrganization converts a row that has passed Check. The error is a
// *TenantError, which ends the run.
func (c *Catalogue) AddOrganization(row *OrganizationRow) (*Lines, error) {
	lines := c.reset()
	t, err := c.newTenant(row.ID, row.Name, row.DisplayName)
	if err == nil {
		c.addTenantLine(&t)
	}
	return lines, err
}

// AddRole converts a row that has passed Check. at says where the row is in the input.
// The error is ErrUnkeyed, or a *RekeyError or *TwinError, which end the run. If the
// row gives the role's permissions, its line waits for Flush.
//
// A role that users have already named gets a second line, with what the table adds:
// the loader merges lines with the same key.
func (c *Catalogue) AddRole(row *RoleRow, at string) (*Lines, error) {
	lines := c.reset()
	r, err := c.roles.getWithID(row.Name, row.ID)
	if err != nil {
		return lines, err
	}
	if c.roles.isUnkeyed(r) {
		c.reportUnkeyed(r, row.ID)
		return lines, ErrUnkeyed
	}
	if row.List != nil {
		c.addWaiting(r, row, at)
		return lines, nil
	}
	if c.roles.describe(r) && c.roles.claimLine(r, true) {
		lines.Roles = append(lines.Roles, record.Role{
			Type: record.TypeRole, Key: r.key, Name: r.name, Description: row.Description,
			Attributes: roleAttributes(row.ID),
		})
	}
	return lines, nil
}

func roleAttributes(id string) map[string]any { return map[string]any{"auth0_role_id": id} }
