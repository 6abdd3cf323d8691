package a0tojsonl

import (
	"bytes"
	"encoding/json"
	"testing"

	"a0permit/internal/record"
)

// The encoder knows the fields of a user by heart, so it must be told of a new
// one: this test is what tells.
func TestAppendUser(t *testing.T) {
	t.Parallel()
	users := []record.User{
		{Type: "user", Key: "auth0|1"},
		{
			Type: "user", Key: "k", Email: "e", FirstName: "<'t \"Hooft\">", LastName: "\u2028\x00",
			Attributes: map[string]any{"provider": "db"},
			RoleAssignments: []record.RoleAssignment{
				{Role: "A"}, {Role: "B", Tenant: "t", ResourceInstance: "r"},
			},
		},
		{
			Type: "user", Key: "k", RoleAssignments: []record.RoleAssignment{},
			Attributes: map[string]any{"z": 1.5, "a": true, "b": false, "m": nil, "list": []any{"<", map[string]any{"x": 1}}},
		},
		{Type: "user", Key: "k", Attributes: map[string]any{}},
	}
	for _, u := range users {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&u); err != nil {
			t.Fatal(err)
		}
		got, err := appendUser(nil, &u)
		if err != nil {
			t.Fatal(err)
		}
		if string(got)+"\n" != want.String() {
			t.Errorf("appendUser = %s\nwant         %s", got, want.String())
		}
	}
	if _, err := appendUser(nil, &record.User{Attributes: map[string]any{"a": func() {}}}); err == nil {
		t.Error("appendUser took an attribute that is no JSON")
	}
}
