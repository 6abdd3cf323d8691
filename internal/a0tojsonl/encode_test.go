package a0tojsonl

import (
	"encoding/json"
	"testing"

	"a0permit/internal/convert"
	"a0permit/internal/jsonl"
	"a0permit/internal/record"
)

// The encoder knows the fields of a user by heart, so it must be told of a new
// one: this test is what tells.
func TestEncode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		user  convert.User
		lines convert.Lines
		want  record.User
	}{
		{user: convert.User{Key: "auth0|1"}, want: record.User{Type: "user", Key: "auth0|1"}},
		{
			user: convert.User{
				Key: "k", Email: "e", FirstName: "<'t \"Hooft\">", LastName: "\u2028\x00",
				Attributes: []string{"<1>", "true", "", `{"x":[1.5,"<"]}`},
			},
			lines: convert.Lines{Known: true, Assignments: []record.RoleAssignment{{Role: "A"}, {Role: "B", Tenant: "t"}}},
			want: record.User{
				Type: "user", Key: "k", Email: "e", FirstName: "<'t \"Hooft\">", LastName: "\u2028\x00",
				Attributes:      map[string]any{"a": "<1>", "b": true, "z\"": map[string]any{"x": []any{1.5, "<"}}},
				RoleAssignments: []record.RoleAssignment{{Role: "A"}, {Role: "B", Tenant: "t"}},
			},
		},
		{user: convert.User{Key: "k"}, lines: convert.Lines{Known: true}, want: record.User{Type: "user", Key: "k", RoleAssignments: []record.RoleAssignment{}}},
	}
	encoder := newUserEncoder(&convert.Table{Attributes: []convert.Kept{
		{Name: "a", Type: convert.String}, {Name: "b", Type: convert.Bool}, {Name: "c", Type: convert.Number}, {Name: "z\"", Type: convert.JSON},
	}})
	for _, tt := range tests {
		want, err := jsonl.Marshal(&tt.want)
		if err != nil {
			t.Fatal(err)
		}
		line, ok := encoder.append(nil, &tt.user)
		got := string(appendAssignments(line, &tt.lines))
		if !ok || got != string(want) || !json.Valid([]byte(got)) {
			t.Errorf("line = %s\nwant   %s", got, want)
		}
	}
}
