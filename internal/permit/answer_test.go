package permit_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
)

// A write fails if its answer looks like success but is not Permit's. It may still have
// been done.
func TestWritesWithForeignAnswers(t *testing.T) {
	t.Parallel()
	type client = *permit.Client
	calls := map[string]func(context.Context, client) error{
		"PutUsers":    func(ctx context.Context, c client) error { return c.PutUsers(ctx, []permit.User{{Key: "a"}}) },
		"PutUser":     func(ctx context.Context, c client) error { return c.PutUser(ctx, permit.User{Key: "a"}) },
		"DeleteUsers": func(ctx context.Context, c client) error { return c.DeleteUsers(ctx, []string{"a"}) },
		"DeleteUser":  func(ctx context.Context, c client) error { return c.DeleteUser(ctx, "a") },
		"PutRoles":    func(ctx context.Context, c client) error { return c.PutRoles(ctx, []permit.Role{{Key: "r"}}) },
		"CreateRole":  func(ctx context.Context, c client) error { return c.CreateRole(ctx, permit.Role{Key: "r"}) },
		"Grant": func(ctx context.Context, c client) error {
			_, err := c.Grant(ctx, "r", []string{"a:b"})
			return err
		},
		"Revoke": func(ctx context.Context, c client) error {
			_, err := c.Revoke(ctx, "r", []string{"a:b"})
			return err
		},
		"CreateResource": func(ctx context.Context, c client) error {
			return c.CreateResource(ctx, permit.Resource{Key: "r"})
		},
		"CreateAction": func(ctx context.Context, c client) error {
			return c.CreateAction(ctx, "r", "a", permit.Action{Name: "A"})
		},
		"CreateTenants": func(ctx context.Context, c client) error {
			return c.CreateTenants(ctx, []permit.Tenant{{Key: "t"}})
		},
		"CreateTenant": func(ctx context.Context, c client) error { return c.CreateTenant(ctx, permit.Tenant{Key: "t"}) },
		"RenameTenant": func(ctx context.Context, c client) error { return c.RenameTenant(ctx, "t", "T") },
		"Assign": func(ctx context.Context, c client) error {
			_, err := c.Assign(ctx, []permit.Assignment{{User: "a"}})
			return err
		},
		"AssignOne": func(ctx context.Context, c client) error { return c.AssignOne(ctx, permit.Assignment{User: "a"}) },
		"Unassign": func(ctx context.Context, c client) error {
			_, err := c.Unassign(ctx, []permit.Assignment{{User: "a"}})
			return err
		},
		"UnassignOne": func(ctx context.Context, c client) error { return c.UnassignOne(ctx, permit.Assignment{User: "a"}) },
	}
	answers := map[string]string{
		"a sign-in page":   "<html>Sign in</html>",
		"null":             "null",
		"a list":           "[]",
		"an error":         `{"error":"gateway","message":"no route"}`,
		"Permit's error":   `{"id":"1","error_code":"NOT_FOUND","message":"gone"}`,
		"another's answer": `{"detail":"Not Found"}`,
	}
	for name, call := range calls {
		for what, body := range answers {
			c := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			if err := call(t.Context(), c); !httpapi.IsForeign(err) || !httpapi.Unanswered(err) {
				t.Errorf("%s, answered by %s: %v", name, what, err)
			}
		}
	}
}

// The answer to the write of one assignment is an assignment.
func TestAssignOneIsAnsweredByAnAssignment(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, `{"user":"a"}`, `{"assignments_created":0}`} {
		c := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		if err := c.AssignOne(t.Context(), permit.Assignment{User: "a", Role: "r"}); !httpapi.IsForeign(err) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// The answer to the write of one object is that object.
func TestWriteThatAnswersWithAnotherObject(t *testing.T) {
	t.Parallel()
	c := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"key":"b"}`))
	}))
	_, granting := c.Grant(t.Context(), "a", nil)
	creating := c.CreateResource(t.Context(), permit.Resource{Key: "a"})
	for _, err := range []error{c.PutUser(t.Context(), permit.User{Key: "a"}), granting, creating} {
		if !httpapi.IsForeign(err) || !strings.Contains(err.Error(), "about another record") {
			t.Errorf("%v", err)
		}
	}
}
