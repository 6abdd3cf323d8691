package permit

import (
	"context"
	"iter"
	"net/http"
)

// Role is a role of the environment, with the fields that a load needs.
type Role struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Permissions are what the role permits, each as resource:action.
	Permissions []string       `json:"permissions,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
	// Extends are the keys of the roles whose permissions this one inherits. Only
	// answers have them.
	Extends []string `json:"extends,omitempty"`
	// Environment is the id of the environment. Only answers have it.
	Environment string `json:"environment_id,omitempty"`
}

// Roles yields the roles of the environment.
func (c *Client) Roles(ctx context.Context) iter.Seq2[Role, error] {
	return pages[Role](ctx, c, c.schema+"/roles", PageSize, nil)
}

// HasRole reports whether Permit has the role.
func (c *Client) HasRole(ctx context.Context, key string) (bool, error) {
	var r Role
	return c.find(ctx, c.schema+"/roles", key, &r)
}

// CreateRole creates one role. Permit answers 409 if it exists.
func (c *Client) CreateRole(ctx context.Context, role Role) error {
	return c.send(ctx, http.MethodPost, c.schema+"/roles", role, &echo{key: role.Key})
}

// PutRoles creates roles in one call. Use it only for roles that do not exist: it
// replaces the others, and it is not documented whether that clears their permissions.
func (c *Client) PutRoles(ctx context.Context, roles []Role) error {
	return c.send(ctx, http.MethodPut, c.schema+"/bulk/roles", operations[Role]{roles}, &result{})
}

// operations is the body of most bulk calls.
type operations[T any] struct {
	Operations []T `json:"operations"`
}
