package permit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/httpapi"
	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

const place = "/" + permittest.ProjectKey + "/" + permittest.EnvironmentKey

// client calls handler as if it were Permit.
func client(handler http.Handler) *permit.Client {
	c := permit.New(httpapi.Config{
		Base: &url.URL{Scheme: "https", Host: "permit.example"}, Token: permittest.DefaultKey,
		Transport: httpapitest.Transport{Handler: handler},
	})
	c.In(permittest.ProjectKey, permittest.EnvironmentKey)
	return c
}

// collect is all that a list yields, and its error.
func collect[T any](list iter.Seq2[T, error]) (items []T, err error) {
	for item, fault := range list {
		if fault != nil {
			return items, fault
		}
		items = append(items, item)
	}
	return items, nil
}

// What each call sends, word for word: Permit refuses fields that it does not
// know, and null clears.
func TestRequests(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		call func(context.Context, *permit.Client) error
		want string
	}{
		{"role", func(ctx context.Context, c *permit.Client) error {
			return c.CreateRole(ctx, permit.Role{Key: "r", Name: "R", Description: "D", Attributes: map[string]any{"auth0_role_id": "rol_1"}})
		}, `POST /v2/schema/default/dev/roles {"key":"r","name":"R","description":"D","attributes":{"auth0_role_id":"rol_1"}}`},
		{"bare role", func(ctx context.Context, c *permit.Client) error {
			return c.CreateRole(ctx, permit.Role{Key: "r", Name: "R"})
		}, `POST /v2/schema/default/dev/roles {"key":"r","name":"R"}`},
		{"roles", func(ctx context.Context, c *permit.Client) error {
			return c.PutRoles(ctx, []permit.Role{{Key: "r", Name: "R"}, {Key: "s", Name: "S"}})
		}, `PUT /v2/schema/default/dev/bulk/roles {"operations":[{"key":"r","name":"R"},{"key":"s","name":"S"}]}`},
		{"tenant", func(ctx context.Context, c *permit.Client) error {
			return c.CreateTenant(ctx, permit.Tenant{Key: "t", Name: "T", Attributes: map[string]any{"a": 1}})
		}, `POST /v2/facts/default/dev/tenants {"key":"t","name":"T","attributes":{"a":1}}`},
		{"tenants", func(ctx context.Context, c *permit.Client) error {
			return c.CreateTenants(ctx, []permit.Tenant{{Key: "t", Name: "T"}})
		}, `POST /v2/facts/default/dev/bulk/tenants {"operations":[{"key":"t","name":"T"}]}`},
		{"user", func(ctx context.Context, c *permit.Client) error {
			return c.PutUser(ctx, permit.User{Key: "auth0|1", Email: "j@acme.com", FirstName: "J", LastName: "D", Attributes: json.RawMessage(`{"n":12345678901234567}`)})
		}, `PUT /v2/facts/default/dev/users/auth0%7C1 {"key":"auth0|1","email":"j@acme.com","first_name":"J","last_name":"D","attributes":{"n":12345678901234567}}`},
		{"users", func(ctx context.Context, c *permit.Client) error {
			return c.PutUsers(ctx, []permit.User{{Key: "a"}, {Key: "b", Email: "b@acme.com"}})
		}, `PUT /v2/facts/default/dev/bulk/users {"operations":[{"key":"a"},{"key":"b","email":"b@acme.com"}]}`},
		{"assignment", func(ctx context.Context, c *permit.Client) error {
			return c.AssignOne(ctx, permit.Assignment{User: "auth0|ann", Role: "admin", Tenant: "default"})
		}, `POST /v2/facts/default/dev/role_assignments {"user":"auth0|ann","role":"admin","tenant":"default"}`},
		{"assignments", func(ctx context.Context, c *permit.Client) error {
			return c.Assign(ctx, []permit.Assignment{
				{User: "auth0|ann", Role: "admin", Tenant: "default"},
				{User: "auth0|ann", Role: "admin", Tenant: "default", ResourceInstance: "doc:1"},
				{User: "auth0|ann", Role: "viewer", ResourceInstance: "doc:1"},
			})
		}, `POST /v2/facts/default/dev/role_assignments/bulk [{"user":"auth0|ann","role":"admin","tenant":"default"},` +
			`{"user":"auth0|ann","role":"admin","tenant":"default","resource_instance":"doc:1"},{"user":"auth0|ann","role":"viewer","resource_instance":"doc:1"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := permittest.New(permittest.Options{})
			s.Seed(permittest.State{
				Roles: []permittest.Role{{Key: "admin", Name: "Admin"}, {Key: "viewer", Name: "Viewer"}},
				Users: []permittest.User{{Key: "auth0|ann"}},
			})
			if err := tt.call(t.Context(), client(s)); err != nil {
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

// What is written is read back, whichever of its forms Permit answers in.
func TestReadBack(t *testing.T) {
	t.Parallel()
	roles := []permit.Role{{Key: "admin", Name: "Admin", Description: "All", Attributes: map[string]any{"x": "1"}}, {Key: "viewer", Name: "Viewer"}}
	tenants := []permit.Tenant{{Key: "acme", Name: "Acme Inc", Attributes: map[string]any{"x": true}}}
	users := []permit.User{
		{Key: "auth0|ann", Email: "ann@acme.com", FirstName: "Ann", LastName: "Lee", Attributes: json.RawMessage(`{"n":12345678901234567}`)},
		{Key: "bob"},
	}
	assignments := []permit.Assignment{
		{User: "auth0|ann", Role: "admin", Tenant: "acme"},
		{User: "auth0|ann", Role: "viewer", Tenant: "acme", ResourceInstance: "doc:1"},
		{User: "bob", Role: "admin", Tenant: "default"},
	}
	for i, o := range []permittest.Options{{}, {Envelopes: true}, {Nulls: true}, {Envelopes: true, Nulls: true}} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			ctx, c := t.Context(), client(permittest.New(o))
			err := errors.Join(c.PutRoles(ctx, roles), c.CreateTenants(ctx, tenants), c.PutUsers(ctx, users), c.Assign(ctx, assignments))
			if err != nil {
				t.Fatal(err)
			}
			// Permit answers attributes as {} where there are none.
			empty := cmp.Transformer("empty", func(m map[string]any) map[string]any {
				if len(m) == 0 {
					return nil
				}
				return m
			})
			gotRoles, err := collect(c.Roles(ctx))
			for i := range gotRoles {
				if gotRoles[i].Environment != permittest.EnvironmentID {
					t.Errorf("a role of environment %q", gotRoles[i].Environment)
				}
				gotRoles[i].Environment = ""
			}
			if diff := cmp.Diff(roles, gotRoles, empty); diff != "" || err != nil {
				t.Errorf("roles: %v (-want +got): %s", err, diff)
			}
			gotTenants, err := collect(c.Tenants(ctx))
			wantTenants := append([]permit.Tenant{{Key: "default", Name: "Default Tenant"}}, tenants...)
			if diff := cmp.Diff(wantTenants, gotTenants, empty); diff != "" || err != nil {
				t.Errorf("tenants: %v (-want +got): %s", err, diff)
			}
			gotUsers, err := collect(c.Users(ctx))
			for i := range gotUsers {
				if string(gotUsers[i].Attributes) == "{}" {
					gotUsers[i].Attributes = nil
				}
			}
			if diff := cmp.Diff(users, gotUsers); diff != "" || err != nil {
				t.Errorf("users: %v (-want +got): %s", err, diff)
			}
			gotAssignments, err := held(c.Assignments(ctx))
			if diff := cmp.Diff(assignments, gotAssignments); diff != "" || err != nil {
				t.Errorf("assignments: %v (-want +got): %s", err, diff)
			}
			gotAssignments, err = held(c.AssignmentsOf(ctx, []string{"bob", "nobody"}))
			if diff := cmp.Diff(assignments[2:], gotAssignments); diff != "" || err != nil {
				t.Errorf("assignments of bob: %v (-want +got): %s", err, diff)
			}
		})
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	whole := permit.Scope{Organization: permittest.OrganizationID, Project: permittest.ProjectID, Environment: permittest.EnvironmentID}
	for _, nulls := range []bool{false, true} {
		for level, want := range map[permittest.Level]permit.Scope{
			permittest.LevelEnvironment:  whole,
			permittest.LevelProject:      {Organization: whole.Organization, Project: whole.Project},
			permittest.LevelOrganization: {Organization: whole.Organization},
		} {
			got, err := client(permittest.New(permittest.Options{KeyLevel: level, Nulls: nulls})).Scope(t.Context())
			if err != nil || got != want {
				t.Errorf("level %d, nulls %v: %+v, %v", level, nulls, got, err)
			}
		}
	}
	_, err := client(permittest.New(permittest.Options{Key: "another"})).Scope(t.Context())
	if permit.Status(err) != http.StatusUnauthorized {
		t.Errorf("a wrong key: %v", err)
	}
}

func TestHasUser(t *testing.T) {
	t.Parallel()
	s := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
		if strings.HasSuffix(r.URL.Path, "forbidden") {
			return httpapitest.Fault{Status: http.StatusForbidden, Body: `{"detail":"no"}`}
		}
		return httpapitest.Fault{}
	}})
	s.Seed(permittest.State{Users: []permittest.User{{Key: "ann"}}})
	c := client(s)
	for key, want := range map[string]bool{"ann": true, "bob": false} {
		if got, err := c.HasUser(t.Context(), key); got != want || err != nil {
			t.Errorf("HasUser(%s) = %v, %v", key, got, err)
		}
	}
	if got, err := c.HasUser(t.Context(), "forbidden"); got || permit.Status(err) != http.StatusForbidden {
		t.Errorf("HasUser(forbidden) = %v, %v", got, err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	refused := &httpapi.APIError{Status: http.StatusConflict}
	got := []int{
		permit.Status(nil), permit.Status(errors.New("network")), permit.Status(context.Canceled),
		permit.Status(refused), permit.Status(fmt.Errorf("load: %w", errors.Join(errors.New("and"), refused))),
	}
	if want := []int{0, 0, 0, 409, 409}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// held is the assignments of a list, each of which must say when it was made.
func held(list iter.Seq2[permit.Held, error]) ([]permit.Assignment, error) {
	all, err := collect(list)
	var assignments []permit.Assignment
	for _, h := range all {
		if time.Since(h.Created()).Abs() > time.Hour {
			err = errors.Join(err, fmt.Errorf("made at %q", h.CreatedAt))
		}
		assignments = append(assignments, h.Assignment)
	}
	return assignments, err
}
