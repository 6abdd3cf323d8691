package record_test

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"a0permit/internal/jsonl"
	"a0permit/internal/record"
)

func TestUnknownRolesAreNotNoRoles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		user record.User
		want string
	}{
		{"unknown", record.User{Type: "user", Key: "a"}, `{"type":"user","key":"a"}`},
		{
			"none",
			record.User{Type: "user", Key: "a", RoleAssignments: []record.RoleAssignment{}},
			`{"type":"user","key":"a","role_assignments":[]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := json.Marshal(tt.user)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("Marshal = %s, want %s", got, tt.want)
			}
			var back record.User
			if err := json.Unmarshal(got, &back); err != nil {
				t.Fatal(err)
			}
			if (back.RoleAssignments == nil) != (tt.user.RoleAssignments == nil) {
				t.Errorf("role_assignments read back as %#v, want %#v", back.RoleAssignments, tt.user.RoleAssignments)
			}
		})
	}
}

// hard is text with many characters that need an escape.
const hard = "<'t \"Hooft\">\\\u2028\x00\n"

// Each field of User and RoleAssignment is written, alone and with all others.
func TestUserEncoderWritesEveryField(t *testing.T) {
	t.Parallel()
	whole := record.User{Type: record.TypeUser}
	for field := range reflect.TypeFor[record.User]().Fields() {
		if field.Name == "Type" || field.Name == "Nulls" { // a0tojsonl writes no null
			continue
		}
		u := record.User{Type: record.TypeUser, Key: "auth0|1"}
		fill(t, &u, field)
		fill(t, &whole, field)
		checkEncoder(t, field.Name, u)
	}
	checkEncoder(t, "all fields", whole)

	none := record.User{Type: record.TypeUser, RoleAssignments: []record.RoleAssignment{}}
	checkEncoder(t, "no role assignments", none)
	var each []record.RoleAssignment
	var all record.RoleAssignment
	for field := range reflect.TypeFor[record.RoleAssignment]().Fields() {
		var a record.RoleAssignment
		fill(t, &a, field)
		fill(t, &all, field)
		each = append(each, a)
	}
	checkEncoder(t, "role assignments", record.User{Type: record.TypeUser, RoleAssignments: append(each, all)})
}

// fill sets a field of a struct to a value other than its zero value.
func fill(t *testing.T, pointer any, field reflect.StructField) {
	t.Helper()
	switch value := reflect.ValueOf(pointer).Elem().FieldByIndex(field.Index).Addr().Interface().(type) {
	case *string:
		*value = hard
	case *map[string]any:
		*value = map[string]any{"a": "<1>", "b": true, "c\"": 1.5, "d": map[string]any{"x": []any{nil, hard}}, "e": hard}
	case *[]record.RoleAssignment:
		*value = []record.RoleAssignment{{Role: "a"}, {Role: "b", Tenant: "t"}}
	default:
		t.Fatalf("this test has no value for %s, which is a %s", field.Name, field.Type)
	}
}

// checkEncoder compares the encoder's line with the one of encoding/json.
func checkEncoder(t *testing.T, name string, u record.User) {
	t.Helper()
	want, err := jsonl.Marshal(&u)
	if err != nil {
		t.Fatal(err)
	}
	attributes := []record.Attribute{{Name: "A"}, {Name: "AA", JSON: true}}
	values := []string{"", ""}
	for _, attribute := range slices.Sorted(maps.Keys(u.Attributes)) {
		text, isText := u.Attributes[attribute].(string)
		if !isText {
			data, err := jsonl.Marshal(u.Attributes[attribute])
			if err != nil {
				t.Fatal(err)
			}
			text = string(data)
		}
		attributes, values = append(attributes, record.Attribute{Name: attribute, JSON: !isText}), append(values, text)
	}
	line, valid := record.NewUserEncoder(attributes).Append(nil, &u, values)
	if line = record.AppendUserEnd(line, u.RoleAssignments); string(line) != string(want) || !valid {
		t.Errorf("%s: the encoder writes, valid %v\n%s\nand encoding/json\n%s", name, valid, line, want)
	}
}

func TestUserEncoderFindsWhatIsNotUTF8(t *testing.T) {
	t.Parallel()
	encoder := record.NewUserEncoder([]record.Attribute{{Name: "a"}})
	for name, tt := range map[string]struct {
		user   record.User
		values []string
		valid  bool
	}{
		"text":          {record.User{Key: "k", Email: "josé@acme.com"}, []string{"\ufffd"}, true},
		"first field":   {record.User{Key: "\xff", Email: "a@b.co"}, []string{"x"}, false},
		"last field":    {record.User{Key: "k", LastName: "\xff"}, []string{"x"}, false},
		"attribute":     {record.User{Key: "k", LastName: "x"}, []string{"\xff"}, false},
		"no attributes": {record.User{Key: "k", FirstName: "\xff"}, []string{""}, false},
	} {
		if line, valid := encoder.Append(nil, &tt.user, tt.values); valid != tt.valid {
			t.Errorf("%s: valid %v, want %v: %s", name, valid, tt.valid, line)
		}
	}
}
