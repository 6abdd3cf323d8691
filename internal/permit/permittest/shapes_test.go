package permittest_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	. "a0permit/internal/permit/permittest"
)

// shapes holds the fields of the spec's answers. No answer has additional
// properties.
var shapes = map[string]struct{ required, optional string }{
	"APIKeyScopeRead": {"organization_id", "project_id environment_id"},
	"RoleRead": {
		"name key id organization_id project_id environment_id created_at updated_at",
		"description permissions attributes extends granted_to v1compat_settings v1compat_attributes",
	},
	"ProjectRead": {
		"key id organization_id created_at updated_at name", "description settings urn_namespace active_policy_repo_id",
	},
	"EnvironmentReadWithEmailConfig": {
		"key id organization_id project_id created_at updated_at name email_configuration",
		"description custom_branch_name jwks settings",
	},
	"TenantRead": {
		"key id organization_id project_id environment_id created_at updated_at last_action_at name",
		"description attributes",
	},
	"UserRead": {
		"key id organization_id project_id environment_id created_at updated_at",
		"associated_tenants roles email first_name last_name attributes",
	},
	"UserInTenant":             {"tenant roles status", "resource_instance_roles"},
	"UserResourceInstanceRole": {"resource_instance resource role", ""},
	"UserRole":                 {"role tenant", ""},
	"RoleAssignmentRead": {
		"id user role user_id role_id tenant_id organization_id project_id environment_id created_at",
		"tenant resource_instance resource_instance_id",
	},
	"BulkRoleAssignmentReport":      {"", "assignments_created"},
	"BulkRoleUnAssignmentReport":    {"", "assignments_removed"},
	"RoleCreateBulkOperationResult": {"created updated", ""},
	"PaginatedResult":               {"data total_count", "page_count"},
	"empty":                         {"", ""}, // the result of the other bulk calls
	"ErrorDetails":                  {"id title error_code", "support_link message additional_info"},
	"HTTPValidationError":           {"", "detail"},
}

var (
	uuid  = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})$`)
	codes = strings.Fields(`INVALID_INPUT INVALID_JWKS_CONFIGURATION UNEXPECTED_ERROR NOT_FOUND DUPLICATE_ENTITY
		EMPTY_DECISION_LOGS MISSING_REQUEST_ATTRIBUTE FORBIDDEN_ACCESS INVALID_PERMISSION_FORMAT MISSING_PERMISSIONS
		UNSUPPORTED_ATTRIBUTE_TYPE MISSING_RESOURCE_ATTRIBUTE MISMATCH_ATTRIBUTES_TYPES INVALID_POLICY_REPO_STATUS
		INVALID_SMTP_CONFIGURATION MISMATCH_RESOURCE_INSTANCES_TENANTS PAGINATION_SIZE_OVERREACHED
		MISMATCH_RELATION_TYPE CONCURRENT_OPERATION_DISALLOWED UNAUTHORIZED`)
)

// checkShape checks one object of an answer and returns it.
func checkShape(t *testing.T, where string, v any, shape string) map[string]any {
	t.Helper()
	m, ok := v.(map[string]any)
	if !ok {
		t.Errorf("%s: %T is no %s", where, v, shape)
		return nil
	}
	required, optional := strings.Fields(shapes[shape].required), strings.Fields(shapes[shape].optional)
	for _, name := range required {
		if m[name] == nil {
			t.Errorf("%s: %s lacks %s", where, shape, name)
		}
	}
	for name, field := range m {
		if !slices.Contains(required, name) && !slices.Contains(optional, name) {
			t.Errorf("%s: %s has %s", where, shape, name)
		}
		text, _ := field.(string)
		switch {
		case field == nil: // missing required fields are reported above
		case shape == "ErrorDetails":
			if slices.Contains(required, name) && text == "" {
				t.Errorf("%s: %s is empty", where, name)
			}
		case (name == "id" || strings.HasSuffix(name, "_id")) && !uuid.MatchString(text):
			t.Errorf("%s: %s: %s is %q", where, shape, name, text)
		case strings.HasSuffix(name, "_at"):
			if _, err := time.Parse(time.RFC3339, text); err != nil {
				t.Errorf("%s: %s: %s: %v", where, shape, name, err)
			}
		}
	}
	return m
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{"nulls": {}, "left out": {LeaveOut: true}, "bare ids": {BareIDs: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkShapes(t, o)
		})
	}
}

func checkShapes(t *testing.T, o Options) {
	t.Helper()
	o.Caps.Users = 1
	s := New(o)
	s.Seed(base)
	s.Seed(State{Assignments: []Assignment{{User: "ann", Role: "viewer", Tenant: "acme", ResourceInstance: "doc:1"}}})
	for _, tc := range []struct{ call, body, shape string }{
		{"GET /v2/api-key/scope", "", "APIKeyScopeRead"},
		{"GET /v2/projects", "", "[]ProjectRead"},
		{"GET /v2/projects/default", "", "ProjectRead"},
		{"GET /v2/projects/default/envs", "", "[]EnvironmentReadWithEmailConfig"},
		{"GET /v2/projects/default/envs/dev", "", "EnvironmentReadWithEmailConfig"},
		{"GET F/tenants/default/users", "", "{}UserRead"},
		{"GET S/roles", "", "[]RoleRead"},
		{"GET S/roles?include_total_count=true", "", "{}RoleRead"},
		{"GET S/roles/admin", "", "RoleRead"},
		{"POST S/roles", `{"key":"x","name":"X","description":"d"}`, "RoleRead"},
		{"PATCH S/roles/x", `{"name":"Y"}`, "RoleRead"},
		{"POST S/roles/x/permissions", `{"permissions":[]}`, "RoleRead"},
		{"DELETE S/roles/x/permissions", `{"permissions":[]}`, "RoleRead"},
		{"PUT S/bulk/roles", ops(`{"key":"x","name":"X"}`), "RoleCreateBulkOperationResult"},
		{"GET F/tenants", "", "[]TenantRead"},
		{"GET F/tenants?include_total_count=true", "", "{}TenantRead"},
		{"POST F/tenants", `{"key":"x","name":"X","description":"d"}`, "TenantRead"},
		{"GET F/tenants/x", "", "TenantRead"},
		{"PATCH F/tenants/x", `{"name":"X"}`, "TenantRead"},
		{"POST F/bulk/tenants", ops(`{"key":"y","name":"Y"}`), "empty"},
		{"DELETE F/bulk/tenants", `{"idents":["y"]}`, "empty"},
		{"GET F/users?include_resource_instance_roles=true", "", "{}UserRead"},
		{"GET F/users/ann", "", "UserRead"},
		{"POST F/users", `{"key":"x"}`, "UserRead"},
		{"PUT F/users/x", `{"key":"x"}`, "UserRead"},
		{"PATCH F/users/x", `{}`, "UserRead"},
		{"POST F/users/x/roles", `{"role":"admin","tenant":"acme"}`, "RoleAssignmentRead"},
		{"PUT F/bulk/users", ops(`{"key":"y"}`), "empty"},
		{"POST F/bulk/users", ops(`{"key":"z"}`), "empty"},
		{"DELETE F/bulk/users", `{"idents":["z"]}`, "empty"},
		{"GET F/role_assignments", "", "[]RoleAssignmentRead"},
		{"GET F/role_assignments?include_total_count=true", "", "{}RoleAssignmentRead"},
		{"POST F/role_assignments", `{"user":"x","role":"viewer","tenant":"acme"}`, "RoleAssignmentRead"},
		{"POST F/role_assignments/bulk", `[{"user":"y","role":"viewer","tenant":"acme"}]`, "BulkRoleAssignmentReport"},
		{"DELETE F/role_assignments/bulk", `[{"user":"y","role":"viewer","tenant":"acme"}]`, "BulkRoleUnAssignmentReport"},
		{"GET F/users/nobody", "", "ErrorDetails"},
		{"POST F/users", `{"key":"x"}`, "ErrorDetails"},
		{"PUT F/bulk/users", ops(`{}`, `{}`), "ErrorDetails"},
		{"DELETE F/bulk/users", `{"idents":[]}`, "ErrorDetails"},
		{"POST S/roles/x/permissions", `{"permissions":["x"]}`, "ErrorDetails"},
		{"GET /v2/facts/other/dev/users", "", "ErrorDetails"},
		{"PUT F/bulk/users", "{}", "HTTPValidationError"},
	} {
		var v any
		do(t, s, tc.call, tc.body).decode(t, &v)
		rows := []any{v}
		shape := tc.shape
		if rest, ok := strings.CutPrefix(shape, "{}"); ok {
			v = checkShape(t, tc.call, v, "PaginatedResult")["data"]
			shape = "[]" + rest
		}
		if rest, ok := strings.CutPrefix(shape, "[]"); ok {
			rows, shape = v.([]any), rest
			if len(rows) == 0 {
				t.Errorf("%s: no rows", tc.call)
			}
		}
		for i, row := range rows {
			where := fmt.Sprintf("%s: %d", tc.call, i)
			m := checkShape(t, where, row, shape)
			switch shape {
			case "UserRead":
				checkUserShapes(t, where, m)
			case "ErrorDetails":
				if !slices.Contains(codes, m["error_code"].(string)) {
					t.Errorf("%s: code %v", where, m["error_code"])
				}
			}
		}
	}
}

func checkUserShapes(t *testing.T, where string, user map[string]any) {
	t.Helper()
	for _, in := range user["associated_tenants"].([]any) {
		for _, at := range checkShape(t, where, in, "UserInTenant")["resource_instance_roles"].([]any) {
			checkShape(t, where, at, "UserResourceInstanceRole")
		}
	}
	for _, r := range user["roles"].([]any) {
		checkShape(t, where, r, "UserRole")
	}
}
