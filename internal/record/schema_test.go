package record_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"a0permit/internal/record"
)

// An object is the part of an object's JSON Schema that the test reads.
type object struct {
	Properties map[string]struct{ Items *object }
	Required   []string
}

// The schema has exactly the fields of the types, and requires those that are always
// written.
func TestSchemaHasTheFieldsOfTheTypes(t *testing.T) {
	t.Parallel()
	var schema struct {
		Defs map[string]*object `json:"$defs"`
	}
	if err := json.Unmarshal(record.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	assignment := schema.Defs[record.TypeUser].Properties["role_assignments"].Items
	for _, tt := range []struct {
		value  any
		schema *object
		others []string // properties that the type has no field for
	}{
		{record.Role{}, schema.Defs[record.TypeRole], []string{"error"}}, // permitload adds it to rejects
		{record.Tenant{}, schema.Defs[record.TypeTenant], []string{"error"}},
		{record.Resource{}, schema.Defs[record.TypeResource], []string{"error"}},
		{record.Action{}, schema.Defs["action"], nil},
		{record.User{}, schema.Defs[record.TypeUser], []string{"error"}},
		{record.RoleAssignment{}, assignment, nil},
		{record.End{}, schema.Defs[record.TypeEnd], nil},
	} {
		known := tt.others
		typ := reflect.TypeOf(tt.value)
		for field := range typ.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			known = append(known, name)
			if _, ok := tt.schema.Properties[name]; !ok {
				t.Errorf("%s: schema.json lacks %s", typ, name)
			}
			if got, want := slices.Contains(tt.schema.Required, name), options == ""; got != want {
				t.Errorf("%s: schema.json requires %s: %v, want %v", typ, name, got, want)
			}
		}
		for name := range tt.schema.Properties {
			if !slices.Contains(known, name) {
				t.Errorf("%s: no field for %s of schema.json", typ, name)
			}
		}
	}
}
