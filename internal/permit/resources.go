package permit

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"a0permit/internal/httpapi"
)

// Resource is a resource of the environment, with all its actions.
type Resource struct {
	Key         string            `json:"key"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Actions     map[string]Action `json:"actions"` // by key
	// Attributes hold any values. Permit's own attributes of a resource are something
	// else: definitions for its policies.
	Attributes map[string]any `json:"type_attributes,omitempty"`
}

func (r Resource) id() string { return r.Key }

// Action is what can be done with a resource.
type Action struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Attributes  map[string]any `json:"attributes,omitempty"`
}

// Resources yields the resources that somebody has defined, without Permit's built-in
// ones, such as that of users.
func (c *Client) Resources(ctx context.Context) iter.Seq2[Resource, error] {
	return pages[Resource](ctx, c, c.schema+"/resources", PageSize, url.Values{"include_built_in": {"false"}})
}

// CountResources returns how many resources somebody has defined, and whether the answer
// says it.
func (c *Client) CountResources(ctx context.Context) (n int, known bool, err error) {
	return count[Resource](ctx, c, c.schema+"/resources", url.Values{"include_built_in": {"false"}})
}

// Resource returns one resource and whether Permit has it.
func (c *Client) Resource(ctx context.Context, key string) (Resource, bool, error) {
	var r Resource
	has, err := c.find(ctx, c.schema+"/resources", key, &r)
	return r, has, err
}

// CreateResource creates a resource with its actions. Permit answers 409 if it exists.
// No call here changes a resource: PATCH and PUT replace all actions, and roles lose
// those that are left out (docs, Resources API).
func (c *Client) CreateResource(ctx context.Context, resource Resource) error {
	if resource.Actions == nil {
		resource.Actions = map[string]Action{} // Permit requires it
	}
	return c.send(ctx, http.MethodPost, c.schema+"/resources", resource, &echo{key: resource.Key})
}

// CreateAction adds an action to a resource. Permit answers 409 if it exists.
func (c *Client) CreateAction(ctx context.Context, resource, key string, action Action) error {
	body := struct {
		Key string `json:"key"`
		Action
	}{key, action}
	path := c.schema + "/resources/" + url.PathEscape(resource) + "/actions"
	return c.send(ctx, http.MethodPost, path, body, &echo{key: key})
}

// MaxPermissions is the most permissions to give to a role in one call. Permit
// publishes no limit; its Terraform provider got a 500 at about 40 changes in another
// call.
const MaxPermissions = 200

type permissions struct {
	Permissions []string `json:"permissions"`
}

// Grant gives permissions to a role, and returns all that it then has. Permit skips
// those that it already has (OpenAPI), so the call may be repeated.
func (c *Client) Grant(ctx context.Context, role string, granted []string) ([]string, error) {
	var has permissions
	path := c.schema + "/roles/" + url.PathEscape(role) + "/permissions"
	err := c.send(ctx, http.MethodPost, path, permissions{granted}, &objectEcho{key: role, object: &has})
	return has.Permissions, err
}

// Revoke takes permissions from a role, and returns those that it still has, nil if the
// answer does not say. Permit skips those that it does not have (OpenAPI).
func (c *Client) Revoke(ctx context.Context, role string, revoked []string) ([]string, error) {
	var has permissions
	path := c.schema + "/roles/" + url.PathEscape(role) + "/permissions"
	call := httpapi.Call{Method: http.MethodDelete, Path: path, Body: permissions{revoked}, Empty: true}
	err := c.do(ctx, call, &objectEcho{key: role, object: &has})
	return has.Permissions, err
}
