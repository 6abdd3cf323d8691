package permit_test

import (
	"strings"
	"testing"
	"time"

	"a0permit/internal/permit"
)

// Each call counts in the classes that Permit publishes for it.
func TestClasses(t *testing.T) {
	t.Parallel()
	tests := []struct{ call, want string }{
		{"GET /v2/api-key/scope", "all"},
		{"GET /v2/schema/p/e/roles", "all"},
		{"POST /v2/schema/p/e/roles", "schema write all"},
		{"POST /v2/schema/p/e/roles/r/permissions", "schema write all"},
		{"DELETE /v2/schema/p/e/roles/r/permissions", "delete write all"},
		{"GET /v2/schema/p/e/resources", "all"},
		{"POST /v2/schema/p/e/resources", "schema write all"},
		{"POST /v2/schema/p/e/resources/r/actions", "schema write all"},
		{"PUT /v2/schema/p/e/bulk/roles", "bulk write all"},
		{"GET /v2/facts/p/e/tenants", "all"},
		{"POST /v2/facts/p/e/tenants", "write all"},
		{"PATCH /v2/facts/p/e/tenants/t", "write all"},
		{"POST /v2/facts/p/e/bulk/tenants", "bulk write all"},
		{"GET /v2/facts/p/e/users", "all"},
		{"GET /v2/facts/p/e/users/u", "all"},
		{"PUT /v2/facts/p/e/users/u", "write all"},
		{"DELETE /v2/facts/p/e/users/u", "delete write all"},
		{"PUT /v2/facts/p/e/bulk/users", "bulk write all"},
		{"DELETE /v2/facts/p/e/bulk/users", "bulk delete write all"},
		{"GET /v2/facts/p/e/role_assignments", "all"},
		{"POST /v2/facts/p/e/role_assignments", "write all"},
		{"DELETE /v2/facts/p/e/role_assignments", "delete write all"},
		{"POST /v2/facts/p/e/role_assignments/bulk", "bulk write all"},
		{"DELETE /v2/facts/p/e/role_assignments/bulk", "bulk delete write all"},

		// Keys that look like parts of the path.
		{"PUT /v2/facts/p/e/users/bulk", "write all"},
		{"PUT /v2/facts/p/e/users/role_assignments%2Fbulk", "write all"},
		{"PUT /v2/facts/bulk/bulk/users/u", "write all"},
		{"POST /v2/facts/p/bulk/role_assignments", "write all"},
		{"POST /v2/schema/bulk/e/roles", "schema write all"},
		{"PUT /v2/facts/bulk/bulk/bulk/users", "bulk write all"},
	}
	for _, tt := range tests {
		method, path, _ := strings.Cut(tt.call, " ")
		var names []string
		for _, c := range permit.Classes() {
			if c.Has(method, path) {
				names = append(names, c.Name)
			}
		}
		if got := strings.Join(names, " "); got != tt.want {
			t.Errorf("%s is counted as %s, want %s", tt.call, got, tt.want)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	type limit struct {
		calls int
		per   time.Duration
	}
	want := map[string]limit{
		"bulk":   {100, 10 * time.Minute},
		"schema": {40, time.Minute},
		"delete": {60, time.Minute},
		"write":  {240, time.Minute},
		"all":    {800, time.Minute},
	}
	classes := permit.Classes()
	if len(classes) != len(want) {
		t.Errorf("%d classes, want %d", len(classes), len(want))
	}
	for _, c := range classes {
		if got := (limit{c.Calls, c.Per}); got != want[c.Name] {
			t.Errorf("%s is %v, want %v", c.Name, got, want[c.Name])
		}
	}
}

// The caps of bulk calls and of a filter are the published ones.
func TestCaps(t *testing.T) {
	t.Parallel()
	got := [...]int{permit.MaxUsers, permit.MaxTenants, permit.MaxAssignments, permit.MaxRoles, permit.MaxFilter}
	if want := [...]int{3000, 2000, 2000, 2000, 100}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
