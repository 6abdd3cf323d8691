package a0export

import (
	"cmp"

	"a0permit/internal/auth0"
)

// memberships knows which user is in which organizations and holds which roles
// there.
type memberships struct {
	byUser[membership]

	tenantRoles map[string]bool // by id

	sets   *sets
	orgs   [][]byte // each organization as the beginning of its JSON object
	silent bool     // Auth0 sent a member without the field roles
	spoken bool     // Auth0 sent a member with it
}

// membership is one user in one organization, both the organization and the set
// of roles by number.
type membership struct{ org, set uint32 }

func newMemberships(tenantRoles []auth0.Role) *memberships {
	m := &memberships{byUser: newByUser[membership](), tenantRoles: map[string]bool{}, sets: newSets()}
	for _, role := range tenantRoles {
		m.tenantRoles[role.ID] = true
	}
	return m
}

// organization returns the number of an organization, which add takes.
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

// add puts a member into an organization.
func (m *memberships) add(org uint32, member auth0.Member) {
	user := m.hasher.Hash(member.UserID)
	m.mu.Lock()
	defer m.mu.Unlock()
	if member.Roles == nil {
		m.silent = true
	} else {
		m.spoken = true
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

// seal ends the filling.
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
