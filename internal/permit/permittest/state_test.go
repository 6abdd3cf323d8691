package permittest_test

import (
	"reflect"
	"testing"

	. "a0permit/internal/permit/permittest"
)

// A state is the same whether it was seeded or loaded by calls.
func TestState(t *testing.T) {
	t.Parallel()
	want := State{
		Resources: []Resource{{
			Key: "x", Name: "X", Description: "d",
			Actions: []Action{
				{Key: "1", Name: "One", Description: "d", Attributes: map[string]any{"n": 1.0}}, {Key: "2", Name: "2"},
			},
		}},
		Roles: []Role{
			{Key: "a", Name: "A", Description: "d", Permissions: []string{"x:1", "x:2"}, Attributes: map[string]any{"n": 1.0}},
			{Key: "b", Name: "B", Extends: []string{"a"}},
		},
		Tenants: []Tenant{
			{Key: "acme", Name: "Acme", Attributes: map[string]any{"t": true}}, {Key: "default", Name: "Default Tenant"},
		},
		Users: []User{
			{
				Key: "auth0|1", Email: "A@example.com", FirstName: "F", LastName: "L",
				Attributes: map[string]any{"list": []any{1.0, "x", nil}},
			},
			{Key: "u"},
		},
		Assignments: []Assignment{
			{User: "auth0|1", Role: "a", Tenant: "acme"},
			{User: "auth0|1", Role: "b", Tenant: "acme"},
			{User: "u", Role: "a", Tenant: "acme", ResourceInstance: "doc:1"},
			{User: "u", Role: "a", Tenant: "default"},
		},
	}
	seeded := New(Options{})
	seeded.Seed(want)
	seeded.Seed(want) // adding what exists changes nothing
	if got := seeded.State(); !reflect.DeepEqual(got, want) {
		t.Errorf("seeded: %+v, want %+v", got, want)
	}
	loaded := New(Options{})
	for _, st := range []struct{ call, body string }{
		{
			"POST S/resources",
			`{"key":"x","name":"X","description":"d","actions":{` +
				`"1":{"name":"One","description":"d","attributes":{"n":1}},"2":{}}}`,
		},
		{
			"PUT S/bulk/roles",
			ops(
				`{"key":"b","name":"B","permissions":[],"attributes":{},"extends":["a"]}`,
				`{"key":"a","name":"A","description":"d","permissions":["x:2","x:1"],"attributes":{"n":1}}`,
			),
		},
		{"POST F/bulk/tenants", ops(`{"key":"acme","name":"Acme","attributes":{"t":true}}`)},
		{
			"PUT F/bulk/users",
			ops(
				`{"key":"u","attributes":{}}`,
				`{"key":"auth0|1","email":"A@example.com","first_name":"F","last_name":"L",`+
					`"attributes":{"list":[1,"x",null]}}`,
			),
		},
		{"POST F/role_assignments/bulk", `[{"user":"u","role":"a","tenant":"default"},
			{"user":"u","role":"a","tenant":"acme","resource_instance":"doc:1"},
			{"user":"auth0|1","role":"b","tenant":"acme"},{"user":"auth0|1","role":"a","tenant":"acme"}]`},
	} {
		if r := do(t, loaded, st.call, st.body); r.status != 200 {
			t.Fatalf("%s: %d %s", st.call, r.status, r.raw)
		}
	}
	if got := loaded.State(); !reflect.DeepEqual(got, want) {
		t.Errorf("loaded: %+v, want %+v", got, want)
	}
	empty := New(Options{}).State()
	if !reflect.DeepEqual(empty, State{Tenants: []Tenant{{Key: "default", Name: "Default Tenant"}}}) {
		t.Errorf("at the start: %+v", empty)
	}
}
