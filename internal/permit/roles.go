package permit

import (
	"context"
	"iter"
	"net/http"
)

// Role is a role of the environment, as far as a load is concerned with it.
type Role struct {
	Key         string `json:"key"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Permissions are what the role permits, each as resource:action.
	Permissions []string       `json:"permissions,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
	// Extends are the keys of roles whose permissions this one has too. Only answers have
	// it.
	Extends []string `json:"extends,omitempty"`
	// Environment is the id of the environment, which only answers have.
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

// CreateRole creates one role. Permit answers 409 when it exists.
func (c *Client) CreateRole(ctx context.Context, role Role) error {
	return c.send(ctx, http.MethodPost, c.schema+"/roles", role, &echo{key: role.Key})
}

// PutRoles creates roles in one call. It is for roles that do not exist: it
// replaces the others, and whether that clears their permissions is not known.
func (c *Client) PutRoles(ctx context.Context, roles []Role) error {
	return c.send(ctx, http.MethodPut, c.schema+"/bulk/roles", operations[Role]{roles}, &result{})
}

// operations is the body of most bulk calls.
type operations[T any] struct {
	Operations []T `json:"operations"`
}
