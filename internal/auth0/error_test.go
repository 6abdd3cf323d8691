package auth0_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
)

func TestErrorMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   string
	}{
		{
			"scope", 403,
			`{"statusCode":403,"error":"Forbidden","message":"Insufficient scope, ` +
				`expected any of: read:roles","errorCode":"insufficient_scope"}`,
			"GET /api/v2/jobs/job_1: 403 insufficient_scope: Insufficient scope, expected any of: read:roles",
		},
		{
			"token", 401,
			`{"statusCode":401,"error":"Unauthorized","message":"Expired token received for JSON Web Token validation",` +
				`"attributes":{"error":"..."}}`,
			"GET /api/v2/jobs/job_1: 401 Unauthorized: Expired token received for JSON Web Token validation",
		},
		{
			"token endpoint", 403, `{"error":"access_denied","error_description":"Service not found: x"}`,
			"GET /api/v2/jobs/job_1: 403 Forbidden: Service not found: x",
		},
		{"title alone", 404, `{"statusCode":404,"error":"Not Found"}`, "GET /api/v2/jobs/job_1: 404 Not Found: Not Found"},
		{"a proxy", 403, "<html>\n<h1>No</h1></html>", `GET /api/v2/jobs/job_1: 403 Forbidden: "<html> <h1>No</h1></html>"`},
		{"nothing", 403, "", "GET /api/v2/jobs/job_1: 403 Forbidden"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}))
			_, err := c.Job(t.Context(), "job_1")
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v\n want %s", err, tt.want)
			}
		})
	}
}

func TestMissingScopes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		status  int
		message string
		want    []string
	}{
		{403, "Insufficient scope, expected any of: read:roles", []string{"read:roles"}},
		{
			403, "Insufficient scope, expected any of: read:users,read:roles,read:role_members",
			[]string{"read:users", "read:roles", "read:role_members"},
		},
		{403, "Insufficient scope, expected any of: read:users, read:roles.", []string{"read:users", "read:roles"}},
		{403, "Please upgrade your subscription to enable bulk user exports.", nil},
		{403, "", nil},
		{401, "Insufficient scope, expected any of: read:roles", nil},
	}
	for _, tt := range tests {
		err := fmt.Errorf("export: %w", &httpapi.APIError{Status: tt.status, Code: "insufficient_scope", Message: tt.message})
		if diff := cmp.Diff(tt.want, auth0.MissingScopes(err), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d %q (-want +got):\n%s", tt.status, tt.message, diff)
		}
	}
	if got := auth0.MissingScopes(errors.New("expected any of: read:roles")); got != nil {
		t.Errorf("another error than Auth0's has the scopes %v", got)
	}
}
