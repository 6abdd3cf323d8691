package permit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit"
	"a0permit/internal/permit/permittest"
)

// What was written is read back unchanged, in every form of Permit's answers.
func TestReadBack(t *testing.T) {
	t.Parallel()
	roles := []permit.Role{
		{Key: "admin", Name: "Admin", Description: "All", Attributes: map[string]any{"x": "1"}},
		{Key: "viewer", Name: "Viewer"},
	}
	tenants := []permit.Tenant{{Key: "acme", Name: "Acme Inc", Attributes: map[string]any{"x": true}}}
	users := []permit.User{
		{
			Key: "auth0|ann", Email: "ann@acme.com", FirstName: "Ann", LastName: "Lee",
			Attributes: json.RawMessage(`{"n":12345678901234567}`),
		},
		{Key: "bob"},
	}
	assignments := []permit.Assignment{
		{User: "auth0|ann", Role: "admin", Tenant: "acme"},
		{User: "auth0|ann", Role: "viewer", Tenant: "acme", ResourceInstance: "doc:1"},
		{User: "bob", Role: "admin", Tenant: "default"},
	}
	for i, o := range []permittest.Options{{}, {Envelopes: true}, {LeaveOut: true}, {Envelopes: true, LeaveOut: true}} {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			ctx, c := t.Context(), newClient(permittest.New(o))
			err := errors.Join(c.PutRoles(ctx, roles), c.CreateTenants(ctx, tenants), c.PutUsers(ctx, users))
			if err != nil {
				t.Fatal(err)
			}
			if n, err := c.Assign(ctx, assignments); n != len(assignments) || err != nil {
				t.Fatalf("%d assignments made: %v", n, err)
			}
			// Without attributes, Permit answers null or {}.
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
				gotRoles[i].Permissions, gotRoles[i].Extends = nil, nil // they are []
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
				if a := string(gotUsers[i].Attributes); a == "{}" || a == "null" {
					gotUsers[i].Attributes = nil
				}
			}
			if diff := cmp.Diff(users, gotUsers); diff != "" || err != nil {
				t.Errorf("users: %v (-want +got): %s", err, diff)
			}
			gotAssignments, err := collectAssignments(c.Assignments(ctx))
			if diff := cmp.Diff(assignments, gotAssignments); diff != "" || err != nil {
				t.Errorf("assignments: %v (-want +got): %s", err, diff)
			}
			gotAssignments, err = collectAssignments(c.AssignmentsOf(ctx, []string{"bob", "nobody"}))
			if diff := cmp.Diff(assignments[2:], gotAssignments); diff != "" || err != nil {
				t.Errorf("assignments of bob: %v (-want +got): %s", err, diff)
			}
		})
	}
}

// collectAssignments returns the assignments of a list. Each must have its time.
func collectAssignments(list iter.Seq2[permit.Held, error]) ([]permit.Assignment, error) {
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
