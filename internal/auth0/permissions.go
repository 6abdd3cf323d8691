package auth0

import (
	"context"
	"net/url"
)

// API is a resource server. Some have a signing secret: it is never requested, and
// not decoded if Auth0 sends it anyway.
type API struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Identifier string  `json:"identifier"` // unique, never changes
	IsSystem   bool    `json:"is_system"`  // whether it is one of Auth0's own
	RBAC       bool    `json:"enforce_policies"`
	Scopes     []Scope `json:"scopes"`
}

// Scope is a permission that an API defines.
type Scope struct {
	Value       string `json:"value"`
	Description string `json:"description"`
}

func (a API) id() string { return a.ID }

const apisPath = "/resource-servers"

// APIs returns all APIs, including Auth0's own.
func (c *Client) APIs(ctx context.Context) ([]API, error) {
	return listByOffset[API](ctx, c, apisPath, "resource_servers", url.Values{
		"fields": {"id,name,identifier,is_system,enforce_policies,scopes"}, "include_fields": {"true"},
	})
}

// TryAPIs reads the smallest possible page of APIs. It fails if they cannot be read.
func (c *Client) TryAPIs(ctx context.Context) error {
	query := offsetQuery(0, url.Values{"per_page": {"1"}, "fields": {"id"}, "include_fields": {"true"}})
	return c.get(ctx, apisPath, query, &page[API]{list: "resource_servers"})
}

// Permission is a permission that a role has.
type Permission struct {
	API  string `json:"resource_server_identifier"` // see API.Identifier
	Name string `json:"permission_name"`
}

func (p Permission) id() string {
	if p.API == "" || p.Name == "" {
		return ""
	}
	return p.API + "\n" + p.Name
}

// RolePermissions returns the permissions of a role.
func (c *Client) RolePermissions(ctx context.Context, roleID string) ([]Permission, error) {
	return listByOffset[Permission](ctx, c, "/roles/"+url.PathEscape(roleID)+"/permissions", "permissions", nil)
}
