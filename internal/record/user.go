package record

import "a0permit/internal/jsonl"

// User is a user with role assignments. Apart from Type, it is Permit's own UserCreate.
// A new field needs a line in UserEncoder.Append and one in schema.json; tests fail
// without them.
type User struct {
	Type       string         `json:"type"`
	Key        string         `json:"key"`
	Email      string         `json:"email,omitempty"`
	FirstName  string         `json:"first_name,omitempty"`
	LastName   string         `json:"last_name,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
	// RoleAssignments is nil if the user's roles are unknown, and empty if the user has
	// none.
	RoleAssignments []RoleAssignment `json:"role_assignments,omitzero"`
	// Nulls are the fields that are null in the line. A load removes them, while it
	// leaves absent fields as they are. Parse and Decode set Nulls. A single attribute
	// to remove is nil in Attributes.
	Nulls Fields `json:"-"`
}

// Append appends the line of u up to its role assignments, and reports whether all its
// text is UTF-8. In place of u.Attributes it writes values, one for each attribute of
// the encoder. Empty values are left out.
func (e *UserEncoder) Append(dst []byte, u *User, values []string) (_ []byte, valid bool) {
	dst = append(dst, `{"type":"`+TypeUser+`","key":`...)
	dst, valid = appendText(dst, u.Key, true)
	dst, valid = appendField(dst, `,"email":`, u.Email, valid)
	dst, valid = appendField(dst, `,"first_name":`, u.FirstName, valid)
	dst, valid = appendField(dst, `,"last_name":`, u.LastName, valid)
	return e.appendAttributes(dst, values, valid)
}

// AppendUserEnd appends what Append leaves out: the role assignments and the closing
// brace. It is separate because many users share their role assignments.
func AppendUserEnd(dst []byte, assignments []RoleAssignment) []byte {
	if assignments == nil {
		return append(dst, '}')
	}
	dst = append(dst, `,"role_assignments":[`...)
	for i := range assignments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = assignments[i].append(dst)
	}
	return append(dst, "]}"...)
}

// RoleAssignment gives a user a role in a tenant. Without Tenant it is tenant-wide in
// Auth0, and permitload --tenant names the tenant in Permit.
type RoleAssignment struct {
	Role             string `json:"role"`
	Tenant           string `json:"tenant,omitempty"`
	ResourceInstance string `json:"resource_instance,omitempty"`
}

func (a *RoleAssignment) append(dst []byte) []byte {
	dst, _ = appendText(append(dst, `{"role":`...), a.Role, true)
	dst, _ = appendField(dst, `,"tenant":`, a.Tenant, true)
	dst, _ = appendField(dst, `,"resource_instance":`, a.ResourceInstance, true)
	return append(dst, '}')
}

// An Attribute is an attribute that all users of a table have.
type Attribute struct {
	Name string
	JSON bool // the values are JSON, not text
}

// A UserEncoder writes users with the same attributes. The bytes are those that package
// jsonl writes for a User, in a fraction of the time: nearly all lines of a stream are
// users.
type UserEncoder struct{ attributes []encodedAttribute }

type encodedAttribute struct {
	name string // in JSON, with a comma before it and a colon after it
	json bool
}

// NewUserEncoder returns an encoder for users with these attributes, which must be
// sorted by name.
func NewUserEncoder(attributes []Attribute) *UserEncoder {
	e := &UserEncoder{}
	for _, a := range attributes {
		name, _ := jsonl.AppendString([]byte{','}, a.Name) // UTF-8: checked when the header was read
		e.attributes = append(e.attributes, encodedAttribute{name: string(name) + ":", json: a.JSON})
	}
	return e
}

func (e *UserEncoder) appendAttributes(dst []byte, values []string, valid bool) ([]byte, bool) {
	start := len(dst)
	dst = append(dst, `,"attributes":{`...)
	first := len(dst)
	for i, value := range values {
		if value == "" {
			continue
		}
		a := &e.attributes[i]
		if len(dst) == first {
			dst = append(dst, a.name[1:]...) // without the comma
		} else {
			dst = append(dst, a.name...)
		}
		if a.json {
			dst = append(dst, value...)
		} else {
			dst, valid = appendText(dst, value, valid)
		}
	}
	if len(dst) == first {
		return dst[:start], valid
	}
	return append(dst, '}'), valid
}

func appendField(dst []byte, name, value string, valid bool) ([]byte, bool) {
	if value == "" {
		return dst, valid
	}
	return appendText(append(dst, name...), value, valid)
}

func appendText(dst []byte, s string, valid bool) ([]byte, bool) {
	dst, ok := jsonl.AppendString(dst, s)
	return dst, valid && ok
}
