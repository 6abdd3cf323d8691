package permittest_test

import (
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestTenants(t *testing.T) {
	t.Parallel()
	runScenes(t, []scene{
		{name: "list", steps: []step{
			{
				call: "GET F/tenants", status: 200,
				all:  []string{`[{"id":`, `"key":"default"`, `"name":"Default Tenant"`, `"key":"acme"`, `"last_action_at":"`},
				none: []string{"total_count"},
			},
			{call: "GET F/tenants?include_total_count=1", status: 200, all: []string{`"total_count":2`}},
			{call: "GET F/tenants?per_page=1", status: 200, all: []string{"default"}, none: []string{"acme"}},
			{call: "GET F/tenants?search=ACM", status: 200, all: []string{"acme"}, none: []string{"default"}},
		}},
		{name: "envelopes", o: Options{Envelopes: true}, steps: []step{
			{call: "GET F/tenants", status: 200, all: []string{`{"data":[`, `"total_count":2`}},
		}},
		{name: "get", steps: []step{
			{call: "GET F/tenants/acme", status: 200, all: []string{`"name":"Acme"`, `"description":null`, `"attributes":null`}},
			{call: "GET F/tenants/nope", status: 404, all: []string{"'Tenant'"}},
		}},
		{name: "post", steps: []step{
			{
				call: "POST F/tenants", body: `{"key":"org_1","name":"One","description":"d","attributes":{"a":1}}`, status: 201,
				all: []string{`"key":"org_1"`, `"description":"d"`, `{"a":1}`},
			},
			{call: "POST F/tenants", body: `{"key":"acme","name":"Other"}`, status: 409, all: []string{"DUPLICATE_ENTITY"}},
			{call: "GET F/tenants/acme", status: 200, all: []string{`"Acme"`}},
		}},
		{name: "post existing as in the spec", o: Options{ExistingTenant: 200}, steps: []step{
			{call: "POST F/tenants", body: `{"key":"acme","name":"Other"}`, status: 200, all: []string{`"name":"Acme"`}},
		}},
		{name: "patch", steps: []step{
			{call: "PATCH F/tenants/acme", body: `{"name":"Acme Inc"}`, status: 200, all: []string{`"Acme Inc"`}},
			{
				call: "PATCH F/tenants/acme", body: `{"attributes":{"a":1},"description":"d"}`, status: 200,
				all: []string{`"Acme Inc"`, `{"a":1}`, `"d"`},
			},
			{call: "PATCH F/tenants/nope", body: `{}`, status: 404},
		}},
		{name: "bulk post", steps: []step{
			{call: "POST F/bulk/tenants", body: ops(`{"key":"a","name":"A"}`, `{"key":"acme","name":"B"}`), status: 409},
			{call: "POST F/bulk/tenants", body: ops(`{"key":"a","name":"A"}`, `{"key":"a","name":"A"}`), status: 409},
			{call: "GET F/tenants/a", status: 404},
			{
				call: "POST F/bulk/tenants", body: ops(`{"key":"a","name":"A"}`, `{"key":"b","name":"B"}`), status: 200,
				all: []string{"{}\n"},
			},
			{call: "GET F/tenants", status: 200, all: []string{`"a"`, `"b"`}},
		}},
		{name: "bulk delete", pairs: "[]", steps: []step{
			{call: "DELETE F/bulk/tenants", body: `{"idents":[]}`, status: 400},
			{call: "DELETE F/bulk/tenants", body: `{"idents":["default","nope","default"]}`, status: 200, all: []string{"{}\n"}},
			{call: "GET F/tenants", status: 200, none: []string{"default"}},
			{call: "GET F/role_assignments", status: 200, all: []string{"[]\n"}},
			{
				call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 404,
				all: []string{"'Tenant'"},
			},
		}},
		{name: "bulk delete of the unknown", o: Options{UnknownIdent: 404}, steps: []step{
			{call: "DELETE F/bulk/tenants", body: `{"idents":["acme","nope"]}`, status: 404},
			{call: "GET F/tenants/acme", status: 200},
		}},
	})
}

func TestTenantUsers(t *testing.T) {
	t.Parallel()
	cy := State{
		Users: []User{{Key: "cy", Email: "cy@example.com"}},
		Assignments: []Assignment{
			{User: "cy", Role: "viewer", Tenant: "acme"}, {User: "cy", Role: "viewer", Tenant: "default"},
		},
	}
	runScenes(t, []scene{
		{name: "list", seed: cy, steps: []step{
			{
				call: "GET F/tenants/default/users", status: 200, all: []string{`"ann"`, `"cy"`, `"total_count":2`},
				none: []string{`"bob"`},
			},
			{call: "GET F/tenants/default/users?role=viewer", status: 200, all: []string{`"cy"`}, none: []string{`"ann"`}},
			{call: "GET F/tenants/acme/users?role=admin", status: 200, all: []string{`"data":[]`}},
			{call: "GET F/tenants/default/users?search=CY@", status: 200, all: []string{`"cy"`}, none: []string{`"ann"`}},
			{call: "GET F/tenants/default/users?per_page=1", status: 200, all: []string{`"page_count":2`}},
			{call: "GET F/tenants/nope/users", status: 404, all: []string{"'Tenant'"}},
		}},
		{name: "post", pairs: "[" + annAdmin + " {new viewer acme }]", steps: []step{
			{
				call: "POST F/tenants/acme/users", status: 201, all: []string{`"key":"new"`},
				body: `{"key":"new","role_assignments":[{"role":"viewer","tenant":"acme"}]}`,
			},
			{call: "POST F/tenants/acme/users", body: `{"key":"ann"}`, status: 409},
			{call: "POST F/tenants/nope/users", body: `{"key":"x"}`, status: 404, all: []string{"'Tenant'"}},
		}},
		{name: "delete", seed: cy, users: baseUsers, pairs: "[" + annAdmin + "]", steps: []step{
			{call: "DELETE F/tenants/acme/users/cy", status: 204},
			{call: "GET F/users/cy", status: 200, all: []string{`"default"`}, none: []string{`"acme"`}},
			{call: "DELETE F/tenants/default/users/cy", status: 204}, // nothing is left
			{call: "DELETE F/tenants/default/users/cy", status: 404, all: []string{"'User'"}},
			{call: "DELETE F/tenants/nope/users/ann", status: 404, all: []string{"'Tenant'"}},
		}},
		{name: "delete the tenant", seed: cy, pairs: "[" + annAdmin + " {cy viewer default }]", steps: []step{
			{call: "DELETE F/tenants/acme", status: 204},
			{call: "GET F/tenants/acme", status: 404},
			{call: "DELETE F/tenants/acme", status: 404, all: []string{"'Tenant'"}},
		}},
	})
}

func TestDeleteTenantsByID(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(base)
	s.Seed(State{Assignments: []Assignment{
		{User: "bob", Role: "admin", Tenant: "acme", ResourceInstance: "doc:1"},
		{User: "bob", Role: "admin", Tenant: "default", ResourceInstance: "doc:2"},
	}})
	var acme struct{ ID string }
	do(t, s, "GET F/tenants/acme", "").decode(t, &acme)
	var rows []struct {
		ID string `json:"resource_instance_id"`
	}
	do(t, s, "GET F/role_assignments?tenant=acme", "").decode(t, &rows)
	if len(rows) != 1 {
		t.Fatalf("%d assignments", len(rows))
	}
	// A tenant that is named three times is deleted once.
	if r := do(t, s, "DELETE F/bulk/tenants", `{"idents":["acme","`+acme.ID+`","acme"]}`); r.status != 200 {
		t.Fatalf("delete: %d %s", r.status, r.raw)
	}
	for _, tc := range []struct {
		call, body string
		status     int
	}{
		{"GET F/tenants?include_total_count=true", "", 200},
		{"GET F/tenants/" + acme.ID, "", 404},
		{"POST F/role_assignments", `{"user":"ann","role":"admin","resource_instance":"doc:1"}`, 404},
		{"POST F/role_assignments", `{"user":"ann","role":"admin","resource_instance":"` + rows[0].ID + `"}`, 404},
		{"POST F/role_assignments", `{"user":"ann","role":"admin","resource_instance":"doc:2"}`, 200},
		{"POST F/role_assignments", `{"user":"ann","role":"admin","tenant":"default","resource_instance":"doc:1"}`, 200},
	} {
		if r := do(t, s, tc.call, tc.body); r.status != tc.status {
			t.Errorf("%s %s: %d %s", tc.call, tc.body, r.status, r.raw)
		}
	}
}
