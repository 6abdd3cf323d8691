package permittest_test

import (
	"fmt"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestOneAssignment(t *testing.T) {
	t.Parallel()
	runScenes(t, []scene{
		{name: "post", pairs: "[{ann admin acme } " + annAdmin + " {bob admin acme }]", steps: []step{
			{
				call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme"}`, status: 200,
				all: []string{
					`"user":"ann@example.com"`, `"role":"admin"`, `"tenant":"acme"`,
					`"resource_instance":null`, `"resource_instance_id":null`,
				},
			},
			{
				call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme"}`, status: 409,
				all: []string{"DUPLICATE_ENTITY"},
			},
			{
				call: "POST F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"acme"}`, status: 200,
				all: []string{`"user":"bob"`},
			},
			{call: "GET F/role_assignments?user=ann", status: 200, all: []string{`"user":"ann"`}, none: []string{"example.com"}},
			{call: "POST F/role_assignments", body: `{"user":"nobody","role":"admin","tenant":"acme"}`, status: 404},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"nope"}`, status: 404},
		}},
		{name: "post to a user", pairs: "[{ann viewer acme } " + annAdmin + "]", steps: []step{
			{
				call: "POST F/users/ann/roles", body: `{"role":"viewer","tenant":"acme"}`, status: 200,
				all: []string{`"role":"viewer"`},
			},
			{call: "POST F/users/ann/roles", body: `{"role":"viewer","tenant":"acme"}`, status: 409},
			{call: "POST F/users/nobody/roles", body: `{"role":"viewer","tenant":"acme"}`, status: 404},
		}},
		{name: "delete from a user", pairs: "[]", steps: []step{
			{call: "DELETE F/users/ann/roles", body: `{"role":"viewer","tenant":"default"}`, status: 404},
			{call: "DELETE F/users/nobody/roles", body: `{"role":"admin","tenant":"default"}`, status: 404},
			{
				call: "DELETE F/users/ann/roles?return_deleted=true", body: `{"role":"admin","tenant":"default"}`, status: 200,
				all: []string{`"role":"admin"`},
			},
			{call: "DELETE F/users/ann/roles", body: `{"role":"admin","tenant":"default"}`, status: 404},
			{call: "POST F/users/ann/roles", body: `{"role":"admin","tenant":"default"}`, status: 200},
			{call: "DELETE F/users/ann/roles", body: `{"role":"admin","tenant":"default"}`, status: 204},
		}},
		{name: "delete", pairs: "[]", steps: []step{
			{call: "DELETE F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 204},
			{call: "DELETE F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 404},
			{
				call: "DELETE F/role_assignments", body: `{"user":"nobody","role":"admin","tenant":"default"}`, status: 404,
				all: []string{"'User'"},
			},
			{
				call: "DELETE F/role_assignments", body: `{"user":"ann","role":"nope","tenant":"default"}`, status: 404,
				all: []string{"'Role'"},
			},
			{
				call: "DELETE F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"nope"}`, status: 404,
				all: []string{"'Tenant'"},
			},
			{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 200},
			{
				call: "DELETE F/role_assignments?return_deleted=true", body: `{"user":"ann","role":"admin","tenant":"default"}`,
				status: 200, all: []string{`"role":"admin"`},
			},
		}},
		{name: "resource instances", pairs: "[{ann admin acme doc:1} " + annAdmin + "]", steps: []step{
			{
				call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","resource_instance":"doc:1"}`, status: 404,
				all: []string{"'ResourceInstance'"},
			},
			{
				call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme","resource_instance":"doc"}`,
				status: 404,
			},
			{
				call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme","resource_instance":"doc:1"}`,
				status: 200, all: []string{`"resource_instance":"doc:1"`, `"resource_instance_id":"`},
			},
			{
				call: "POST F/role_assignments", body: `{"user":"bob","role":"admin","resource_instance":"doc:1"}`, status: 200,
				all: []string{`"tenant":"acme"`},
			},
			{
				call:   "PUT F/bulk/users",
				body:   ops(`{"key":"x","role_assignments":[{"role":"admin","tenant":"default","resource_instance":"doc:1"}]}`),
				status: 409, all: []string{"MISMATCH_RESOURCE_INSTANCES_TENANTS"},
			},
			{
				call: "POST F/role_assignments/bulk",
				body: `[{"user":"bob","role":"admin","tenant":"acme","resource_instance":"doc:2"},` +
					`{"user":"bob","role":"admin","tenant":"default","resource_instance":"doc:2"}]`,
				status: 409,
			},
			{
				call: "GET F/role_assignments?resource=doc", status: 200, all: []string{`"ann"`, `"bob"`},
				none: []string{`"tenant":"default"`},
			},
			{call: "GET F/role_assignments?resource=do", status: 200, all: []string{"[]\n"}},
			{
				call: "GET F/role_assignments?resource_instance=doc:1&user=bob", status: 200, all: []string{`"bob"`},
				none: []string{`"ann"`},
			},
			{
				call: "DELETE F/role_assignments",
				body: `{"user":"bob","role":"admin","tenant":"acme","resource_instance":"doc:2"}`, status: 404,
				all: []string{"'ResourceInstance'"},
			},
			{call: "DELETE F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"acme"}`, status: 404},
			{
				call: "DELETE F/role_assignments",
				body: `{"user":"bob","role":"admin","tenant":"acme","resource_instance":"doc:1"}`, status: 204,
			},
		}},
	})
}

func TestAssignmentsByID(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		checkByID(t, Options{BareIDs: bare})
	}
}

// checkByID checks that calls may name objects by id, with and without dashes. The same
// goes for the project and the environment.
func checkByID(t *testing.T, o Options) {
	t.Helper()
	s := New(o)
	s.Seed(base)
	id := func(call string) string {
		var v struct{ ID string }
		do(t, s, call, "").decode(t, &v)
		if strings.Contains(v.ID, "-") == o.BareIDs {
			t.Errorf("bare ids: %v; %s: %q", o.BareIDs, call, v.ID)
		}
		return v.ID
	}
	row := fmt.Sprintf(`{"user":%q,"role":%q,"tenant":%q}`,
		id("GET F/users/bob"), id("GET S/roles/viewer"), strings.ToUpper(id("GET F/tenants/acme")))
	if r := do(t, s, "POST F/role_assignments/bulk", "["+row+"]"); r.status != 200 {
		t.Fatalf("assign: %d %s", r.status, r.raw)
	}
	if got := s.State().Assignments; len(got) != 2 || got[1] != (Assignment{User: "bob", Role: "viewer", Tenant: "acme"}) {
		t.Errorf("assignments %v", got)
	}
	filter := "user=" + id("GET F/users/bob") + "&role=" + id("GET S/roles/viewer") +
		"&tenant=" + id("GET F/tenants/acme")
	if r := do(t, s, "GET F/role_assignments?"+filter, ""); !strings.Contains(r.raw, `"user":"bob"`) {
		t.Errorf("list: %s", r.raw)
	}
	if r := do(t, s, "DELETE F/role_assignments", row); r.status != 204 {
		t.Errorf("delete: %d %s", r.status, r.raw)
	}
	for _, id := range []string{id("GET F/users/bob"), strings.ReplaceAll(id("GET F/users/bob"), "-", "")} {
		if r := do(t, s, "GET F/users/"+id, ""); r.status != 200 || !strings.Contains(r.raw, `"key":"bob"`) {
			t.Errorf("user %s: %d %s", id, r.status, r.raw)
		}
	}
	var scope map[string]string
	do(t, s, "GET /v2/api-key/scope", "").decode(t, &scope)
	path := "GET /v2/facts/" + scope["project_id"] + "/" + scope["environment_id"] + "/users"
	if r := do(t, s, path, ""); r.status != 200 || strings.Contains(path, "-") == o.BareIDs {
		t.Errorf("%s: %d %s", path, r.status, r.raw)
	}
	// The id of a user is not that of a role.
	if r := do(t, s, "GET S/roles/"+id("GET F/users/bob"), ""); r.status != 404 {
		t.Errorf("a user's id among the roles: %d", r.status)
	}
}
