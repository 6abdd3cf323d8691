package permit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

// The test compares requests byte by byte: Permit refuses unknown fields, and null
// clears a value.
func TestRequests(t *testing.T) {
	t.Parallel()
	const facts, schema = "/v2/facts/default/dev", "/v2/schema/default/dev"
	tests := []struct {
		name string
		call func(context.Context, *permit.Client) error
		want string
	}{
		{"role", func(ctx context.Context, c *permit.Client) error {
			attributes := map[string]any{"auth0_role_id": "rol_1"}
			return c.CreateRole(ctx, permit.Role{
				Key: "r", Name: "R", Description: "D", Attributes: attributes,
				Permissions: []string{"doc:read"}, Extends: []string{"viewer"},
			})
		}, `POST ` + schema + `/roles {"key":"r","name":"R","description":"D","permissions":["doc:read"],` +
			`"attributes":{"auth0_role_id":"rol_1"},"extends":["viewer"]}`},
		{"bare role", func(ctx context.Context, c *permit.Client) error {
			return c.CreateRole(ctx, permit.Role{Key: "r", Name: "R"})
		}, `POST ` + schema + `/roles {"key":"r","name":"R"}`},
		{"roles", func(ctx context.Context, c *permit.Client) error {
			reader := permit.Role{Key: "s", Name: "S", Permissions: []string{"doc:read"}}
			return c.PutRoles(ctx, []permit.Role{{Key: "r", Name: "R"}, reader})
		}, `PUT ` + schema + `/bulk/roles {"operations":[{"key":"r","name":"R"},` +
			`{"key":"s","name":"S","permissions":["doc:read"]}]}`},
		{"permissions", func(ctx context.Context, c *permit.Client) error {
			_, err := c.Grant(ctx, "admin", []string{"doc:read", "doc:write"})
			return err
		}, `POST ` + schema + `/roles/admin/permissions {"permissions":["doc:read","doc:write"]}`},
		{"permissions that go", func(ctx context.Context, c *permit.Client) error {
			_, err := c.Revoke(ctx, "viewer", []string{"doc:read"})
			return err
		}, `DELETE ` + schema + `/roles/viewer/permissions {"permissions":["doc:read"]}`},
		{"resource", func(ctx context.Context, c *permit.Client) error {
			return c.CreateResource(ctx, permit.Resource{
				Key: "r", Name: "R", Description: "D", Actions: map[string]permit.Action{
					"b": {Name: "B", Description: "D", Attributes: map[string]any{"a": 1}}, "a": {Name: "A"},
				},
			})
		}, `POST ` + schema + `/resources {"key":"r","name":"R","description":"D",` +
			`"actions":{"a":{"name":"A"},"b":{"name":"B","description":"D","attributes":{"a":1}}}}`},
		{"bare resource", func(ctx context.Context, c *permit.Client) error {
			return c.CreateResource(ctx, permit.Resource{Key: "r", Name: "R"})
		}, `POST ` + schema + `/resources {"key":"r","name":"R","actions":{}}`},
		{"action", func(ctx context.Context, c *permit.Client) error {
			return c.CreateAction(ctx, "doc", "a", permit.Action{Name: "A", Attributes: map[string]any{"a": 1}})
		}, `POST ` + schema + `/resources/doc/actions {"key":"a","name":"A","attributes":{"a":1}}`},
		{"tenant", func(ctx context.Context, c *permit.Client) error {
			return c.CreateTenant(ctx, permit.Tenant{Key: "t", Name: "T", Attributes: map[string]any{"a": 1}})
		}, `POST ` + facts + `/tenants {"key":"t","name":"T","attributes":{"a":1}}`},
		{"tenants", func(ctx context.Context, c *permit.Client) error {
			return c.CreateTenants(ctx, []permit.Tenant{{Key: "t", Name: "T"}})
		}, `POST ` + facts + `/bulk/tenants {"operations":[{"key":"t","name":"T"}]}`},
		{"user", func(ctx context.Context, c *permit.Client) error {
			return c.PutUser(ctx, permit.User{
				Key: "auth0|1", Email: "j@acme.com", FirstName: "J", LastName: "D",
				Attributes: json.RawMessage(`{"n":12345678901234567}`),
			})
		}, `PUT ` + facts + `/users/auth0%7C1 {"key":"auth0|1","email":"j@acme.com","first_name":"J","last_name":"D",` +
			`"attributes":{"n":12345678901234567}}`},
		{"users", func(ctx context.Context, c *permit.Client) error {
			return c.PutUsers(ctx, []permit.User{{Key: "a"}, {Key: "b", Email: "b@acme.com"}})
		}, `PUT ` + facts + `/bulk/users {"operations":[{"key":"a"},{"key":"b","email":"b@acme.com"}]}`},
		{"assignment", func(ctx context.Context, c *permit.Client) error {
			return c.AssignOne(ctx, permit.Assignment{User: "auth0|ann", Role: "admin", Tenant: "default"})
		}, `POST ` + facts + `/role_assignments {"user":"auth0|ann","role":"admin","tenant":"default"}`},
		{"assignments", func(ctx context.Context, c *permit.Client) error {
			_, err := c.Assign(ctx, []permit.Assignment{
				{User: "auth0|ann", Role: "admin", Tenant: "default"},
				{User: "auth0|ann", Role: "admin", Tenant: "default", ResourceInstance: "doc:1"},
				{User: "auth0|ann", Role: "viewer", ResourceInstance: "doc:1"},
			})
			return err
		}, `POST ` + facts + `/role_assignments/bulk [{"user":"auth0|ann","role":"admin","tenant":"default"},` +
			`{"user":"auth0|ann","role":"admin","tenant":"default","resource_instance":"doc:1"},` +
			`{"user":"auth0|ann","role":"viewer","resource_instance":"doc:1"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := permittest.New(permittest.Options{})
			s.Seed(permittest.State{
				Roles: []permittest.Role{
					{Key: "admin", Name: "Admin"},
					{Key: "viewer", Name: "Viewer", Permissions: []string{"doc:read", "doc:write"}},
				},
				Users: []permittest.User{{Key: "auth0|ann"}},
			})
			if err := tt.call(t.Context(), newClient(s)); err != nil {
				t.Errorf("Permit refuses it: %v", err)
			}
			var got []string
			for _, call := range s.Calls() {
				got = append(got, fmt.Sprintf("%s %s %s", call.Method, call.Path, call.Body))
			}
			if diff := cmp.Diff([]string{tt.want}, got); diff != "" {
				t.Errorf("sent (-want +got): %s", diff)
			}
		})
	}
}
