package auth0test

import (
	"regexp"
	"slices"
	"strings"
)

var (
	olderRoleParams = slices.Concat(offsetParams, []param{{name: "name_filter"}})
	roleParams      = slices.Concat(olderRoleParams, []param{{name: "type", pattern: roleType}, {name: "owner_id"}})
	memberParams    = slices.Concat(offsetParams, checkpointParams)

	roleType = regexp.MustCompile(`^(tenant|organization)$`)

	roleMemberScopes = []string{"read:users", "read:roles", "read:role_members"}
)

type roleRow struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Type        string `json:"type,omitempty"`
	Owner       string `json:"owner_id,omitempty"`
}

// listRoles has no checkpoints: a tenant has at most 1000 roles of its own. Without
// type, it sends roles of organizations too. type=organization needs an owner_id (spec).
func (s *Server) listRoles(c *request) (any, error) {
	var rows []roleRow
	if c.query["type"] == "organization" && !c.query.has("owner_id") {
		return nil, errQuery("'Missing required property: owner_id'.")
	}
	for _, r := range s.tenant.Roles {
		kind := r.Type
		setDefault(&kind, "tenant")
		if c.query.has("type") && c.query["type"] != kind {
			continue
		}
		if c.query.has("owner_id") && c.query["owner_id"] != r.Owner {
			continue
		}
		if !strings.Contains(strings.ToLower(r.Name), strings.ToLower(c.query["name_filter"])) {
			continue
		}
		rows = append(rows, r.row())
	}
	return s.listRows(c, rows)
}

func (r Role) row() roleRow {
	return roleRow{ID: r.ID, Name: r.Name, Description: r.Description, Type: r.Type, Owner: r.Owner}
}

func (s *Server) listRows(c *request, rows []roleRow) (any, error) {
	return s.list(c, listing{name: "roles", n: len(rows), row: func(i int) any { return rows[i] }})
}

func (s *Server) getRole(c *request) (any, error) {
	for _, r := range s.tenant.Roles {
		if r.ID == c.id {
			return r.row(), nil
		}
	}
	return nil, errInexistent("role")
}

// memberRow is a user in a list of members. The API sends no other field.
type memberRow struct {
	UserID  string `json:"user_id"`
	Email   string `json:"email,omitempty"`
	Picture string `json:"picture,omitempty"`
	Name    string `json:"name,omitempty"`
}

func (s *Server) listRoleUsers(c *request) (any, error) {
	if s.opts.AllRoleScopes {
		if err := s.requireAll(roleMemberScopes...); err != nil {
			return nil, err
		}
	}
	i := slices.IndexFunc(s.tenant.Roles, func(r Role) bool { return r.ID == c.id })
	if i < 0 {
		return nil, errInexistent("role")
	}
	members := s.tenant.Roles[i].Members
	return s.list(c, listing{
		name: "users", n: len(members), hasEmptyLast: true,
		key: func(i int) string { return members[i] },
		row: func(i int) any { return s.member(members[i]) },
	})
}

// member returns the row of a user. For an unknown user it has only the id.
func (s *Server) member(id string) memberRow {
	row := memberRow{UserID: id}
	if u := s.user(id); u != nil {
		row.Email, row.Picture, row.Name = u.Email, u.Picture, u.Name
	}
	return row
}
