package a0export

import (
	"cmp"

	"a0permit/internal/auth0"
)

// memberships holds the organizations of each user, and the user's roles in each.
type memberships struct {
	byUser[membership]

	tenantRoles map[string]bool // by id

	sets         *sets
	orgs         [][]byte // the JSON object of each organization, up to its roles
	withoutRoles bool     // Auth0 sent a member without the field roles
	withRoles    bool     // Auth0 sent a member with the field roles
}

// membership is a user's membership in an organization: the number of the organization
// and the number of the set of roles there.
type membership struct{ org, set uint32 }

func newMemberships(tenantRoles []auth0.Role) *memberships {
	m := &memberships{byUser: newByUser[membership](), tenantRoles: map[string]bool{}, sets: newSets()}
	for _, role := range tenantRoles {
		m.tenantRoles[role.ID] = true
	}
	return m
}

// organization adds an organization and returns its number, for add.
func (m *memberships) organization(o auth0.Organization) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	object := toJSON(struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"display_name"`
	}(o))
	m.orgs = append(m.orgs, append(object[:len(object)-1], `,"roles":`...))
	return uint32(len(m.orgs) - 1) //nolint:gosec // a tenant has at most 100,000
}

// add adds a member of an organization.
func (m *memberships) add(org uint32, member auth0.Member) {
	user := m.hasher.Hash(member.UserID)
	m.mu.Lock()
	defer m.mu.Unlock()
	if member.Roles == nil {
		m.withoutRoles = true
	} else {
		m.withRoles = true
	}
	roles := make([]uint32, 0, len(member.Roles))
	for _, role := range member.Roles {
		named := roleName{name: role.Name}
		if !m.tenantRoles[role.ID] {
			named.id = role.ID
		}
		roles = append(roles, m.sets.role(named))
	}
	m.append(user, membership{org, m.sets.set(roles)})
}

// seal must be called after the last add, and before cell and users.
func (m *memberships) seal() {
	m.sort(func(a, b membership) int { return cmp.Compare(a.org, b.org) })
}

// cell implements cells.
func (m *memberships) cell(userID string) ([]byte, bool) {
	cell := []byte{'['}
	for i, e := range m.entries(userID) {
		if i > 0 {
			cell = append(cell, ',')
		}
		cell = append(cell, m.orgs[e.value.org]...)
		cell = append(append(cell, m.sets.cell(m.sets.list[e.value.set])...), '}')
	}
	return append(cell, ']'), len(cell) > 1
}
