package a0tojsonl_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// schema returns the compiled JSON Schema of a line.
var schema = sync.OnceValue(func() *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(record.Schema))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("line.json", doc); err != nil {
		panic(err)
	}
	return c.MustCompile("line.json")
})

// checkSchema checks each line against the JSON Schema that --schema prints, and
// returns the types of the lines.
func checkSchema(t testing.TB, stream string) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for line := range strings.Lines(stream) {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := schema().Validate(v); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if object, ok := v.(map[string]any); ok {
			kind, _ := object["type"].(string)
			seen[kind] = true
		}
	}
	return seen
}

func TestSchema(t *testing.T) {
	t.Parallel()
	printed := runOn(t, "", "--schema")
	if printed.code != tool.Done || printed.out != string(record.Schema) || printed.err != "" {
		t.Errorf("--schema: exit %d, stderr %q, %d bytes", printed.code, printed.err, len(printed.out))
	}
	const in = `role_id,name,description,permissions
rol_1,Admin,d,"[{""resource_server_identifier"":""a"",""permission_name"":""read:x""}]"
resource_server_id,identifier,name,rbac,permissions
1,a,A,true,"[{""value"":""read:x"",""description"":""d""}]"
organization_id,name
org_1,a
user_id,email,given_name,family_name,n,j,roles,organizations
u,a@b.co,x,y,1.5,"{""a"":[1]}","[""Admin""]","[{""id"":""org_1"",""roles"":[""B""]}]"
v,,,,,,,
`
	got := runOn(t, in, "--attribute", "n:number", "--attribute", "j=k:json", "--as-of", "2026-01-02T03:04:05Z")
	if seen := checkSchema(t, got.out); got.code != tool.Done || len(seen) != 5 {
		t.Errorf("exit %d, lines of %v; want all five kinds; stderr %s", got.code, seen, got.err)
	}
	checkSchema(t, runOn(t, "user_id\n\"").out) // not complete, with a reason
	for _, line := range []string{
		`{}`, `{"type":"user"}`, `{"type":"user","key":"a b"}`, `{"type":"role","key":"a|b"}`,
		`{"type":"resource","key":"a:b"}`, `{"type":"resource","key":"a","actions":{"a:b":{}}}`,
		`{"type":"role","key":"a","permissions":["a"]}`,
		`{"type":"user","key":"a","emial":"x"}`, `{"type":"other","key":"a"}`, `{"type":"end","complete":true}`,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if schema().Validate(v) == nil {
			t.Errorf("the schema takes %s", line)
		}
	}
}
