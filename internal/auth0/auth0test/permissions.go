package auth0test

import (
	"net/http"
	"slices"
	"strings"
)

// Permission is a permission of an API, granted to a role or a user.
type Permission struct {
	API  string // the API's identifier
	Name string
}

// permissionRow is a permission as Auth0 sends it. Only effective permissions of a user
// have sources.
type permissionRow struct {
	Name        string   `json:"permission_name"`
	Description string   `json:"description"`
	APIName     string   `json:"resource_server_name"`
	API         string   `json:"resource_server_identifier"`
	Sources     []string `json:"sources,omitempty"`
}

func (s *Server) permissionRow(p Permission) permissionRow {
	row := permissionRow{Name: p.Name, API: p.API}
	for _, a := range s.tenant.APIs {
		if a.Identifier == p.API {
			row.APIName = a.Name
			for _, scope := range a.Scopes {
				if scope.Value == p.Name {
					row.Description = scope.Description
				}
			}
		}
	}
	return row
}

// listRolePermissions has no checkpoints: a role has at most 1000 permissions (docs:
// entity limits).
func (s *Server) listRolePermissions(c *request) (any, error) {
	i := slices.IndexFunc(s.tenant.Roles, func(r Role) bool { return r.ID == c.id })
	if i < 0 {
		return nil, errInexistent("role")
	}
	list := s.tenant.Roles[i].Permissions
	return s.list(c, listing{
		name: "permissions", n: len(list),
		row: func(i int) any { return s.permissionRow(list[i]) },
	})
}

var effectiveParams = slices.Concat(checkpointParams, []param{{name: "resource_server_identifier", required: true}})

// listEffectivePermissions sends a user's permissions on one API: those granted
// directly, and those of tenant roles held directly or through groups (docs: get a
// user's effective permissions). Unverified: nested groups do not count.
func (s *Server) listEffectivePermissions(c *request) (any, error) {
	user, api := s.user(c.id), c.query["resource_server_identifier"]
	if user == nil {
		return nil, errInexistent("user")
	}
	if !slices.ContainsFunc(s.tenant.APIs, func(a API) bool { return a.Identifier == api }) {
		return nil, errInexistent("resource_server")
	}
	sources := map[string][]string{} // by permission
	add := func(list []Permission, source string) {
		for _, p := range list {
			if p.API == api && !slices.Contains(sources[p.Name], source) {
				sources[p.Name] = append(sources[p.Name], source)
			}
		}
	}
	add(user.Permissions, "direct")
	for _, r := range s.tenant.Roles {
		if r.Type != "organization" && s.holds(user.ID, r) {
			add(r.Permissions, "roles")
		}
	}
	var rows []permissionRow
	for name := range sources {
		row := s.permissionRow(Permission{api, name})
		row.Sources = sources[name]
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b permissionRow) int { return strings.Compare(a.Name, b.Name) })
	c.useCheckpoints()
	return s.list(c, listing{
		name: "permissions", n: len(rows),
		key: func(i int) string { return rows[i].Name },
		row: func(i int) any { return rows[i] },
	})
}

// holds reports whether a user has a role, directly or through a group.
func (s *Server) holds(userID string, r Role) bool {
	return slices.Contains(r.Members, userID) || slices.ContainsFunc(s.tenant.Groups, func(g Group) bool {
		return slices.Contains(g.Roles, r.ID) && slices.Contains(g.Members, GroupMember{ID: userID})
	})
}

// errNoFeature returns the error for a call to a feature that the tenant lacks.
func errNoFeature(what string) *apiError {
	return refuse(http.StatusNotFound, "feature_not_enabled", "%s are not enabled for this tenant.", what)
}
