package convert

import (
	"encoding/json"
	"errors"
	"slices"
	"unicode/utf8"

	"a0permit/internal/record"
)

// Holds lists the roles that a user holds, by Auth0's names.
type Holds struct {
	// Roles are the tenant-wide roles; nil if the table does not give them.
	Roles       []string
	Memberships []Membership
}

// A Membership is an organization that a user belongs to, with the user's roles in it.
type Membership struct {
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	DisplayName string       `json:"display_name"`
	Roles       []MemberRole `json:"roles"`
}

// A MemberRole is a role of a member of an organization. A role of the tenant has only
// a name. A role of the organization itself also has an id, because its name is unique
// only within the organization.
type MemberRole struct{ ID, Name string }

// UnmarshalJSON accepts a name, or an object with an id and a name.
func (r *MemberRole) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '{' {
		return json.Unmarshal(data, &r.Name)
	}
	object := struct{ ID, Name *string }{ID: &r.ID, Name: &r.Name}
	if err := json.Unmarshal(data, &object); err != nil {
		return err
	}
	if r.ID == "" && r.Name != "" {
		return errors.New("a role without an id")
	}
	return nil
}

const (
	badRoles         = `not a JSON array of role names, such as ["Admin"]`
	badOrganizations = `not a JSON array of organizations, such as [{"id":"org_1","name":"acme","roles":["Admin"]}]`
	namelessRole     = "contains a role without a name"
)

// ReadHolds parses a cell of roles and a cell of organizations. This takes longer than
// the rest of a row, and many users have the same cells, so callers should cache the
// result.
func (o *Options) ReadHolds(roles, organizations string) (*Holds, *Fault) {
	h := &Holds{}
	if roles != "" && !decodeArray(roles, &h.Roles) {
		return nil, &Fault{Column: columnRoles, Reason: badRoles}
	}
	if slices.Contains(h.Roles, "") {
		return nil, &Fault{Column: columnRoles, Reason: namelessRole}
	}
	if organizations != "" && !decodeArray(organizations, &h.Memberships) {
		return nil, &Fault{Column: columnOrganizations, Reason: badOrganizations}
	}
	for i := range h.Memberships {
		m := &h.Memberships[i]
		if problem := o.tenantProblem(m.ID, m.Name); problem != "" {
			return nil, &Fault{Column: columnOrganizations, Reason: problem}
		}
		if slices.ContainsFunc(m.Roles, func(r MemberRole) bool { return r.Name == "" }) {
			return nil, &Fault{Column: columnOrganizations, Reason: namelessRole}
		}
	}
	return h, nil
}

// Size returns roughly how many bytes the assignments take in a line, erring on the
// high side.
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
			size += tenant + 2*len(role.Name)
		}
	}
	return size
}

// decodeArray decodes a cell and reports whether it is a JSON array. null is not one.
func decodeArray[T any](cell string, into *[]T) bool {
	return utf8.ValidString(cell) && json.Unmarshal([]byte(cell), into) == nil && *into != nil
}

// tenantProblem returns the reason why an organization cannot be a tenant, or "".
func (o *Options) tenantProblem(id, name string) string {
	field, key := "id", id
	if o.TenantsByName {
		field, key = "name", name
	}
	if err := record.TenantKey(key); err != nil {
		return field + ": " + err.Error()
	}
	return ""
}
