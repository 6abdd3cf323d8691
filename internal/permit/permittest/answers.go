package permittest

import (
	"encoding/json"
	"strings"
	"time"
)

// opt is an optional string. An empty one is null in the answer (docs: examples of
// users and tenants), or left out under Options.LeaveOut.
type opt struct {
	text     string
	leaveOut bool
}

func (s *Server) optional(text string) opt { return opt{text, s.o.LeaveOut} }

// IsZero reports whether omitzero leaves the text out.
func (o opt) IsZero() bool { return o.text == "" && o.leaveOut }

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

func (s *Server) here() place {
	return place{s.showID(OrganizationID), s.showID(ProjectID), s.showID(EnvironmentID)}
}

// showID returns an id in the form of the answers.
func (s *Server) showID(id string) string {
	if s.o.BareIDs {
		return strings.ReplaceAll(id, "-", "")
	}
	return id
}

func (s *Server) ident(i ident) string { return s.showID(i.String()) }

// attributes returns attributes as an answer shows them. If nobody set them, they are
// null (the live tests of Permit's Node and Java SDKs), or {} under Options.LeaveOut,
// as in the spec.
func (s *Server) attributes(raw json.RawMessage) json.RawMessage {
	if raw == nil && s.o.LeaveOut {
		return json.RawMessage("{}")
	}
	return raw
}

type roleRead struct {
	ID          string          `json:"id"`
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
		ID: s.ident(r.id), Key: r.key, Name: r.name, Description: s.optional(r.description),
		Permissions: append([]string{}, r.permissions...), Extends: append([]string{}, r.extends...),
		Attributes: s.attributes(r.attributes), place: s.here(), Created: stamp(r.created), Updated: stamp(r.updated),
	}
}

// resourceRead shows attributes, roles, relations and action groups as empty: the fake
// does not store them.
type resourceRead struct {
	ID             string                `json:"id"`
	Key            string                `json:"key"`
	Name           string                `json:"name"`
	URN            opt                   `json:"urn,omitzero"`
	Description    opt                   `json:"description,omitzero"`
	Actions        map[string]actionRead `json:"actions"`
	TypeAttributes json.RawMessage       `json:"type_attributes"`
	Attributes     empty                 `json:"attributes"`
	Roles          empty                 `json:"roles"`
	Relations      empty                 `json:"relations"`
	Groups         empty                 `json:"action_groups"`
	place
	Created stamp `json:"created_at"`
	Updated stamp `json:"updated_at"`
}

// readResource returns a resource with the actions that are visible now.
func (s *Server) readResource(r *resource, now time.Time) resourceRead {
	read := resourceRead{
		ID: s.ident(r.id), Key: r.key, Name: r.name, URN: s.optional(r.urn), Description: s.optional(r.description),
		Actions: map[string]actionRead{}, TypeAttributes: s.attributes(r.typeAttributes),
		place: s.here(), Created: stamp(r.created), Updated: stamp(r.updated),
	}
	for key, a := range r.visibleActions(now) {
		read.Actions[key] = s.readActionBlock(a)
	}
	return read
}

// actionRead is the ActionBlockRead of the spec, which is part of a resource.
type actionRead struct {
	ID          string          `json:"id"`
	Key         string          `json:"key"`
	Name        string          `json:"name"`
	Description opt             `json:"description,omitzero"`
	Attributes  json.RawMessage `json:"attributes"`
}

func (s *Server) readActionBlock(a *action) actionRead {
	return actionRead{
		ID: s.ident(a.id), Key: a.key, Name: a.name, Description: s.optional(a.description),
		Attributes: s.attributes(a.attributes),
	}
}

// resourceActionRead is the ResourceActionRead of the spec.
type resourceActionRead struct {
	actionRead
	Permission string `json:"permission_name"`
	Resource   string `json:"resource_id"`
	place
	Created stamp `json:"created_at"`
	Updated stamp `json:"updated_at"`
}

func (s *Server) readAction(a *action) resourceActionRead {
	return resourceActionRead{
		actionRead: s.readActionBlock(a), Permission: a.permission(), Resource: s.ident(a.resource.id),
		place: s.here(), Created: stamp(a.created), Updated: stamp(a.updated),
	}
}

type tenantRead struct {
	ID          string          `json:"id"`
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
		ID: s.ident(t.id), Key: t.key, Name: t.name, Description: s.optional(t.description),
		Attributes: s.attributes(t.attributes), place: s.here(),
		Created: stamp(t.created), Updated: stamp(t.updated), LastAction: stamp(t.updated),
	}
}

type userRead struct {
	ID         string          `json:"id"`
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
	ID         string `json:"id"`
	User       string `json:"user"`
	Role       string `json:"role"`
	Tenant     string `json:"tenant"`
	Instance   opt    `json:"resource_instance,omitzero"`
	InstanceID opt    `json:"resource_instance_id,omitzero"`
	UserID     string `json:"user_id"`
	RoleID     string `json:"role_id"`
	TenantID   string `json:"tenant_id"`
	place
	Created stamp `json:"created_at"`
}

func (s *Server) readAssignment(a *assignment) assignmentRead {
	r := assignmentRead{
		ID: s.ident(a.id), User: a.user.key, Role: a.role.key, Tenant: a.tenant.key,
		Instance: s.optional(""), InstanceID: s.optional(""),
		UserID: s.ident(a.user.id), RoleID: s.ident(a.role.id), TenantID: s.ident(a.tenant.id),
		place: s.here(), Created: stamp(a.created),
	}
	if a.instance != nil {
		r.Instance, r.InstanceID = s.optional(a.instance.key), s.optional(s.ident(a.instance.id))
	}
	return r
}
