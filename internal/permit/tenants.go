package permit

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// Tenant is a tenant of the environment.
type Tenant struct {
	Key        string         `json:"key"`
	Name       string         `json:"name"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Tenants yields the tenants of the environment.
func (c *Client) Tenants(ctx context.Context) iter.Seq2[Tenant, error] {
	return pages[Tenant](ctx, c, c.facts+"/tenants", PageSize, nil)
}

// CountTenants returns the number of tenants of the environment. known is false if the
// answer does not give it.
func (c *Client) CountTenants(ctx context.Context) (n int, known bool, err error) {
	return count[Tenant](ctx, c, c.facts+"/tenants", nil)
}

// Tenant returns one tenant and whether Permit has it.
func (c *Client) Tenant(ctx context.Context, key string) (Tenant, bool, error) {
	var t Tenant
	has, err := c.find(ctx, c.facts+"/tenants", key, &t)
	return t, has, err
}

// CreateTenants creates tenants in one call: all of them, or none if it fails.
func (c *Client) CreateTenants(ctx context.Context, tenants []Tenant) error {
	return c.send(ctx, http.MethodPost, c.facts+"/bulk/tenants", operations[Tenant]{tenants}, &result{})
}

// RenameTenant changes the name of a tenant, and nothing else.
func (c *Client) RenameTenant(ctx context.Context, key, name string) error {
	body := struct {
		Name string `json:"name"`
	}{name}
	return c.send(ctx, http.MethodPatch, c.facts+"/tenants/"+url.PathEscape(key), body, &echo{key: key})
}

// CreateTenant creates one tenant. Permit answers 409, or 200, if it exists.
func (c *Client) CreateTenant(ctx context.Context, tenant Tenant) error {
	return c.send(ctx, http.MethodPost, c.facts+"/tenants", tenant, &echo{key: tenant.Key})
}
