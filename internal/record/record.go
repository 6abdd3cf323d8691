// Package record defines the line format between a0tojsonl and permitload: one JSON
// object per line, with its kind in the field type. It has the Go types, the rules for
// their values, the JSON Schema, and a fast encoder for users. It reads and writes no
// streams.
package record

import "github.com/gosimple/slug"

// The values of a line's "type".
const (
	TypeRole   = "role"
	TypeTenant = "tenant"
	TypeUser   = "user"
	TypeEnd    = "end"
)

// Role is a Permit role. Role assignments refer to it by Key; Name and Description are
// for people.
type Role struct {
	Type        string `json:"type"`
	Key         string `json:"key"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
	// Permissions has the form resource:action. It is nil if the role's permissions are
	// unknown, and empty if the role has none.
	Permissions []string       `json:"permissions,omitzero"`
	Attributes  map[string]any `json:"attributes,omitempty"`
}

// KeyOfRole returns the key for an Auth0 role of that name: the name itself if Permit
// accepts it as a key, else its slug, which may be "". If a line has another key,
// somebody chose it, with a0tojsonl --role-map or by hand.
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

// End is the last line of a stream. A stream is incomplete if it has no end line, or if
// Complete is false.
type End struct {
	Type     string `json:"type"`
	Complete bool   `json:"complete"`
	// Reason says why the stream is incomplete.
	Reason  string `json:"reason,omitempty"`
	Users   int    `json:"users"`
	Roles   int    `json:"roles"`
	Tenants int    `json:"tenants"`
	// Resources is absent in streams of versions without resource lines.
	Resources int `json:"resources,omitempty"`
	Rejected  int `json:"rejected"`
	// AsOf is the time of the data, in RFC 3339, "" if unknown.
	AsOf string `json:"as_of,omitempty"`
}

// Fault is the field "error" of a line that permitload rejected: why it was not loaded.
// On an input line it is ignored.
type Fault struct {
	Code      string `json:"code"`
	Status    int    `json:"status,omitempty"` // of Permit's answer
	Message   string `json:"message"`
	RequestID string `json:"request_id,omitempty"`
	// Retryable says that the same line may succeed if it is loaded again.
	Retryable bool   `json:"retryable"`
	At        string `json:"at"` // the time of the rejection, in RFC 3339
}
