package convert

import (
	"encoding/json"
	"slices"
	"unicode/utf8"

	"a0permit/internal/record"
)

// Holds is what a user holds, by Auth0's names.
type Holds struct {
	// Roles are the tenant-wide ones. Nil means that the table says nothing of
	// them.
	Roles       []string
	Memberships []Membership
}

// A Membership is an organization that a user is a member of, and the roles the
// user has in it.
type Membership struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	DisplayName string   `json:"display_name"`
	Roles       []string `json:"roles"`
}

const (
	rolesShape         = `not a JSON array of role names, such as ["Admin"]`
	organizationsShape = `not a JSON array of organizations, such as [{"id":"org_1","name":"acme","roles":["Admin"]}]`
	namelessRole       = "names a role without a name"
)

// ReadHolds reads a roles cell and an organizations cell. Few users differ in
// them, and it costs more than the rest of a row: callers should remember.
func (o *Options) ReadHolds(rolesCell, organizationsCell string) (*Holds, *Fault) {
	h := &Holds{}
	if rolesCell != "" && !array(rolesCell, &h.Roles) {
		return nil, &Fault{Column: roles, Reason: rolesShape}
	}
	if slices.Contains(h.Roles, "") {
		return nil, &Fault{Column: roles, Reason: namelessRole}
	}
	if organizationsCell != "" && !array(organizationsCell, &h.Memberships) {
		return nil, &Fault{Column: organizations, Reason: organizationsShape}
	}
	for i := range h.Memberships {
		m := &h.Memberships[i]
		if reason := o.checkTenant(m.ID, m.Name); reason != "" {
			return nil, &Fault{Column: organizations, Reason: reason}
		}
		if slices.Contains(m.Roles, "") {
			return nil, &Fault{Column: organizations, Reason: namelessRole}
		}
	}
	return h, nil
}

// Size is about how much the assignments take in a line, rather more than less.
func (h *Holds) Size() int {
	const names = len(`{"role":"","tenant":""},`)
	size := 0
	for _, role := range h.Roles {
		size += names + 2*len(role)
	}
	for i := range h.Memberships {
		m := &h.Memberships[i]
		tenant := names + len(m.ID) + len(m.Name)
		size += tenant
		for _, role := range m.Roles {
			size += tenant + 2*len(role)
		}
	}
	return size
}

// array decodes a cell that must be a JSON array; null is not one.
func array[T any](cell string, into *[]T) bool {
	return utf8.ValidString(cell) && json.Unmarshal([]byte(cell), into) == nil && *into != nil
}

// checkTenant says what is wrong with an organization as a tenant.
func (o *Options) checkTenant(id, name string) string {
	if o.TenantsByName {
		if err := record.TenantKey(name); err != nil {
			return "name: " + err.Error()
		}
		return ""
	}
	if err := record.TenantKey(id); err != nil {
		return "id: " + err.Error()
	}
	return ""
}
