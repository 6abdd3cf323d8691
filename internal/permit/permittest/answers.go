package permittest

import (
	"encoding/json"
	"time"
)

// opt is an optional text. An empty one is absent. It is left out of the answer,
// or null under Options.Nulls; which of the two the service does is unverified.
type opt struct {
	text string
	null bool
}

func (s *Server) optional(text string) opt { return opt{text, s.o.Nulls} }

// IsZero reports whether omitzero leaves the text out.
func (o opt) IsZero() bool { return o.text == "" && !o.null }

// MarshalJSON implements json.Marshaler.
func (o opt) MarshalJSON() ([]byte, error) {
	if o.text == "" {
		return []byte("null"), nil
	}
	return json.Marshal(o.text)
}

// stamp is a time that is encoded as Python's isoformat writes it.
type stamp time.Time

// MarshalText implements encoding.TextMarshaler.
func (s stamp) MarshalText() ([]byte, error) {
	t := time.Time(s).UTC()
	if t.Nanosecond()/1000 == 0 {
		return t.AppendFormat(nil, "2006-01-02T15:04:05-07:00"), nil
	}
	return t.AppendFormat(nil, "2006-01-02T15:04:05.000000-07:00"), nil
}

// place is part of every object in an answer.
type place struct {
	Organization string `json:"organization_id"`
	Project      string `json:"project_id"`
	Environment  string `json:"environment_id"`
}

var here = place{OrganizationID, ProjectID, EnvironmentID}

func orEmptyObject(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("{}")
	}
	return raw
}

type roleRead struct {
	ID          ident           `json:"id"`
	Key         string          `json:"key"`
	Name        string          `json:"name"`
	Description opt             `json:"description,omitzero"`
	Permissions []string        `json:"permissions"`
	Extends     []string        `json:"extends"`
	Attributes  json.RawMessage `json:"attributes"`
	place
	Created stamp `json:"created_at"`
	Updated stamp `json:"updated_at"`
}

func (s *Server) readRole(r *role) roleRead {
	return roleRead{
		ID: r.id, Key: r.key, Name: r.name, Description: s.optional(r.description),
		Permissions: append([]string{}, r.permissions...), Extends: append([]string{}, r.extends...),
		Attributes: orEmptyObject(r.attributes), place: here, Created: stamp(r.created), Updated: stamp(r.updated),
	}
}

type tenantRead struct {
	ID          ident           `json:"id"`
	Key         string          `json:"key"`
	Name        string          `json:"name"`
	Description opt             `json:"description,omitzero"`
	Attributes  json.RawMessage `json:"attributes"`
	place
	Created    stamp `json:"created_at"`
	Updated    stamp `json:"updated_at"`
	LastAction stamp `json:"last_action_at"`
}

func (s *Server) readTenant(t *tenant) tenantRead {
	return tenantRead{
		ID: t.id, Key: t.key, Name: t.name, Description: s.optional(t.description), Attributes: orEmptyObject(t.attributes),
		place: here, Created: stamp(t.created), Updated: stamp(t.updated), LastAction: stamp(t.updated),
	}
}

type userRead struct {
	ID         ident           `json:"id"`
	Key        string          `json:"key"`
	Email      opt             `json:"email,omitzero"`
	First      opt             `json:"first_name,omitzero"`
	Last       opt             `json:"last_name,omitzero"`
	Attributes json.RawMessage `json:"attributes"`
	place
	Tenants []userInTenant `json:"associated_tenants"`
	Roles   []userRole     `json:"roles"`
	Created stamp          `json:"created_at"`
	Updated stamp          `json:"updated_at"`
}

type userInTenant struct {
	Tenant    string             `json:"tenant"`
	Roles     []string           `json:"roles"`
	Status    string             `json:"status"`
	Instances []instanceRoleRead `json:"resource_instance_roles"`
}

type instanceRoleRead struct {
	Instance string `json:"resource_instance"`
	Resource string `json:"resource"`
	Role     string `json:"role"`
}

type userRole struct {
	Role   string `json:"role"`
	Tenant string `json:"tenant"`
}

type assignmentRead struct {
	ID         ident  `json:"id"`
	User       string `json:"user"`
	Role       string `json:"role"`
	Tenant     string `json:"tenant"`
	Instance   opt    `json:"resource_instance,omitzero"`
	InstanceID opt    `json:"resource_instance_id,omitzero"`
	UserID     ident  `json:"user_id"`
	RoleID     ident  `json:"role_id"`
	TenantID   ident  `json:"tenant_id"`
	place
	Created stamp `json:"created_at"`
}

func (s *Server) readAssignment(a *assignment) assignmentRead {
	r := assignmentRead{
		ID: a.id, User: a.user.key, Role: a.role.key, Tenant: a.tenant.key,
		Instance: s.optional(""), InstanceID: s.optional(""),
		UserID: a.user.id, RoleID: a.role.id, TenantID: a.tenant.id, place: here, Created: stamp(a.created),
	}
	if a.instance != nil {
		r.Instance, r.InstanceID = s.optional(a.instance.key), s.optional(a.instance.id.String())
	}
	return r
}
