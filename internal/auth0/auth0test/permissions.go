package auth0test

import (
	"net/http"
	"slices"
	"strings"
)

// Permission is one of an API's, given to a role or to a user.
type Permission struct {
	API  string // its identifier
	Name string
}

// permissionRow has no sources for a role, and those of a user as effective
// permissions have them.
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

// listRolePermissions has no checkpoints: a role has at most 1000 (docs: entity
// limits).
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

var effectiveParams = slices.Concat(checkpointParams, []param{{name: "resource_server_identifier", needed: true}})

// listEffectivePermissions has a user's own permissions on one API and those of
// tenant roles, held directly or through groups (docs: get a user's effective
// permissions). That nested groups count is unverified: here they do not.
func (s *Server) listEffectivePermissions(c *request) (any, error) {
	user, api := s.user(c.id), c.query["resource_server_identifier"]
	if user == nil {
		return nil, errInexistent("user")
	}
	if !slices.ContainsFunc(s.tenant.APIs, func(a API) bool { return a.Identifier == api }) {
		return nil, errInexistent("resource_server")
	}
	sources := map[string][]string{} // by permission
	note := func(list []Permission, source string) {
		for _, p := range list {
			if p.API == api && !slices.Contains(sources[p.Name], source) {
				sources[p.Name] = append(sources[p.Name], source)
			}
		}
	}
	note(user.Permissions, "direct")
	for _, r := range s.tenant.Roles {
		if r.Type != "organization" && s.holds(user.ID, r) {
			note(r.Permissions, "roles")
		}
	}
	var rows []permissionRow
	for name := range sources {
		row := s.permissionRow(Permission{api, name})
		row.Sources = sources[name]
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b permissionRow) int { return strings.Compare(a.Name, b.Name) })
	c.page()
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

// noFeature is how a tenant answers calls of a feature that it does not have.
func noFeature(what string) *apiError {
	return refuse(http.StatusNotFound, "feature_not_enabled", "%s are not enabled for this tenant.", what)
}
