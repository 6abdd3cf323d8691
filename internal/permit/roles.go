package permit

import (
	"context"
	"iter"
	"net/http"
)

// Role is a role of the environment; of what Permit knows of one, only what a
// load speaks of.
type Role struct {
	Key         string         `json:"key"`
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
	// Environment is the id of where the role is, as Permit answers it.
	Environment string `json:"environment_id,omitempty"`
}

// Roles lists the roles of the environment.
func (c *Client) Roles(ctx context.Context) iter.Seq2[Role, error] {
	return ignoreShrunk(pages[Role](ctx, c, c.schema+"/roles", PageSize, nil))
}

// CreateRole creates one role; 409 says that it is there.
func (c *Client) CreateRole(ctx context.Context, role Role) error {
	return c.send(ctx, http.MethodPost, c.schema+"/roles", role)
}

// PutRoles creates many roles in one call. It would replace those that exist,
// and whether it then clears their permissions is not known, so it is for
// missing roles only.
func (c *Client) PutRoles(ctx context.Context, roles []Role) error {
	return c.send(ctx, http.MethodPut, c.schema+"/bulk/roles", operations[Role]{roles})
}

// operations is the body of most bulk calls.
type operations[T any] struct {
	Operations []T `json:"operations"`
}
