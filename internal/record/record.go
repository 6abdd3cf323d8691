// Package record is the line format between a0tojsonl and permitload: one JSON
// object per line, whose type says what it is. It holds the Go types, the rules
// for their values, the JSON Schema, and a fast encoder for users. It reads and
// writes no streams.
package record

import "github.com/gosimple/slug"

// The values of a line's "type".
const (
	TypeRole   = "role"
	TypeTenant = "tenant"
	TypeUser   = "user"
	TypeEnd    = "end"
)

// Role is a role of the catalogue. Role assignments refer to it by Key. Name and
// Description are for people.
type Role struct {
	Type        string `json:"type"`
	Key         string `json:"key"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// Permissions is nil when nothing is known of what the role permits, and empty
	// when it is known to permit nothing. Each is resource:action.
	Permissions []string       `json:"permissions,omitzero"`
	Attributes  map[string]any `json:"attributes,omitempty"`
}

// KeyOfRole returns the key of a role with that name in Auth0: the name itself
// where Permit takes it, else what a slug leaves of it, "" for nothing. A line with
// another key has it from somebody, by a0tojsonl --role-map or by hand.
func KeyOfRole(name string) string {
	if RoleKey(name) == nil {
		return name
	}
	return slug.Make(name)
}

// Tenant is a Permit tenant, usually made from an Auth0 organization.
type Tenant struct {
	Type       string         `json:"type"`
	Key        string         `json:"key"`
	Name       string         `json:"name,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// End is the last line of a stream. A stream without an end line, or with one that
// is not complete, was cut short.
type End struct {
	Type     string `json:"type"`
	Complete bool   `json:"complete"`
	// Reason says why the stream is not complete.
	Reason  string `json:"reason,omitempty"`
	Users   int    `json:"users"`
	Roles   int    `json:"roles"`
	Tenants int    `json:"tenants"`
	// Resources is absent in streams from before there were resource lines.
	Resources int `json:"resources,omitempty"`
	Rejected  int `json:"rejected"`
	// AsOf is when the data was true, in RFC 3339. It is empty when that is unknown.
	AsOf string `json:"as_of,omitempty"`
}

// Fault is why a line was not loaded: the field "error" of a line that comes
// out of permitload. On a line that goes in it is ignored.
type Fault struct {
	Code      string `json:"code"`
	Status    int    `json:"status,omitempty"` // of Permit's answer
	Message   string `json:"message"`
	RequestID string `json:"request_id,omitempty"`
	// Retryable says that loading the line again, as it is, may succeed.
	Retryable bool   `json:"retryable"`
	At        string `json:"at"` // when, in RFC 3339
}
