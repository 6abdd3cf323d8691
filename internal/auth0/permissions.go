package auth0

import (
	"context"
	"net/url"
)

// API is a resource server. Its signing secret, which some have, is no part of it:
// it is not asked for, and not decoded where it comes all the same.
type API struct {
	ID         string  `json:"id"`
	Name       string  `json:"name"`
	Identifier string  `json:"identifier"` // never changes, and is the only one of its kind
	IsSystem   bool    `json:"is_system"`  // one of Auth0's own
	RBAC       bool    `json:"enforce_policies"`
	Scopes     []Scope `json:"scopes"`
}

// Scope is a permission that an API has.
type Scope struct {
	Value       string `json:"value"`
	Description string `json:"description"`
}

func (a API) id() string { return a.ID }

const apisPath = "/resource-servers"

// APIs returns all APIs, Auth0's own among them.
func (c *Client) APIs(ctx context.Context) ([]API, error) {
	return numbered[API](ctx, c, apisPath, "resource_servers", url.Values{
		"fields": {"id,name,identifier,is_system,enforce_policies,scopes"}, "include_fields": {"true"},
	})
}

// FirstAPI reads as little as shows that APIs can be read.
func (c *Client) FirstAPI(ctx context.Context) error {
	query := numberQuery(0, url.Values{"per_page": {"1"}, "fields": {"id"}, "include_fields": {"true"}})
	return c.get(ctx, apisPath, query, &page[API]{list: "resource_servers"})
}

// Permission is a permission of an API, as a role has it.
type Permission struct {
	API  string `json:"resource_server_identifier"`
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
	return numbered[Permission](ctx, c, "/roles/"+url.PathEscape(roleID)+"/permissions", "permissions", nil)
}
