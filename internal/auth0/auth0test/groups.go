package auth0test

import "slices"

// Group is a group of an enterprise connection or of the tenant.
type Group struct {
	ID           string // grp_ and 14 to 22 letters and digits
	Name         string
	ConnectionID string
	Members      []GroupMember
	Roles        []string // role ids
}

// GroupMember is a user or, if IsGroup is set, another group.
type GroupMember struct {
	ID      string
	IsGroup bool
}

var groupParams = slices.Concat(offsetParams, checkpointParams, []param{
	{name: "connection_id"}, {name: "name"}, {name: "external_id"}, {name: "search"},
}, fieldParams)

// object returns the group with more fields than id and name, as the real service
// does.
func (g Group) object() map[string]any {
	object := map[string]any{
		"id": g.ID, "name": g.Name, "external_id": "ext-" + g.ID, "tenant_name": "acme",
		"created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-01-02T03:04:05.000Z",
	}
	if g.ConnectionID != "" {
		object["connection_id"] = g.ConnectionID
	}
	return object
}

func (s *Server) listGroups(c *request) (any, error) {
	if s.opts.NoGroups {
		return nil, errNoFeature("Groups")
	}
	found := slices.DeleteFunc(slices.Clone(s.tenant.Groups), func(g Group) bool {
		return c.query.has("connection_id") && c.query["connection_id"] != g.ConnectionID ||
			c.query.has("name") && c.query["name"] != g.Name
	})
	return s.listGroupRows(c, found)
}

func (s *Server) listGroupRows(c *request, groups []Group) (any, error) {
	return s.list(c, listing{
		name: "groups", n: len(groups),
		key: func(i int) string { return groups[i].ID },
		row: func(i int) any { return fieldFilter(c.query, groups[i].object()) },
	})
}

func (s *Server) listRoleGroups(c *request) (any, error) {
	if s.opts.NoGroups {
		return nil, errNoFeature("Groups")
	}
	if !slices.ContainsFunc(s.tenant.Roles, func(r Role) bool { return r.ID == c.id }) {
		return nil, errInexistent("role")
	}
	c.useCheckpoints()
	return s.listGroupRows(c, slices.DeleteFunc(slices.Clone(s.tenant.Groups), func(g Group) bool {
		return !slices.Contains(g.Roles, c.id)
	}))
}

// groupMemberRow is a row of listGroupMembers. Unverified: the id of a user is the
// user_id.
type groupMemberRow struct {
	ID           string `json:"id"`
	MemberType   string `json:"member_type"`
	Type         string `json:"type"`
	ConnectionID string `json:"connection_id,omitempty"`
	CreatedAt    string `json:"created_at"`
}

func (s *Server) listGroupMembers(c *request) (any, error) {
	if s.opts.NoGroups {
		return nil, errNoFeature("Groups")
	}
	i := slices.IndexFunc(s.tenant.Groups, func(g Group) bool { return g.ID == c.id })
	if i < 0 {
		return nil, errInexistent("group")
	}
	g := s.tenant.Groups[i]
	c.useCheckpoints()
	return s.list(c, listing{
		name: "members", n: len(g.Members), hasEmptyLast: true,
		key: func(i int) string { return g.Members[i].ID },
		row: func(i int) any {
			row := groupMemberRow{
				ID: g.Members[i].ID, MemberType: "user", Type: "connection", ConnectionID: g.ConnectionID,
				CreatedAt: "2026-01-02T03:04:05.000Z",
			}
			if g.Members[i].IsGroup {
				row.MemberType = "group"
			}
			return row
		},
	})
}

// useCheckpoints makes a call use checkpoint pagination even if it names no page, for
// lists that have no other.
func (c *request) useCheckpoints() {
	if !c.query.has("take") {
		c.query["take"] = "50"
	}
}
