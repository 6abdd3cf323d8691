package permitload

import (
	"bytes"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"a0permit/internal/httpapi/httpapitest"
	"a0permit/internal/permit/permittest"
)

// Every request of a load holds against Permit's own OpenAPI document, which is
// not ours to hand out: https://api.permit.io/v2/openapi.json, in the file that
// PERMIT_OPENAPI names.
func TestRequestsMatchOpenAPI(t *testing.T) {
	t.Parallel()
	path := os.Getenv("PERMIT_OPENAPI")
	if path == "" {
		t.Skip("PERMIT_OPENAPI names no file")
	}
	spec := readSpec(t, path)
	seen := map[string]int{}
	for _, made := range [][]httpapitest.Call{callsOfAllKinds(t), callsOfSingleRecords(t)} {
		for _, call := range made {
			seen[spec.check(t, call)]++
		}
	}
	for _, operation := range []string{
		"get /v2/api-key/scope", "get S/roles", "post S/roles", "put S/bulk/roles", "get F/tenants", "post F/tenants", "post F/bulk/tenants", "patch F/tenants/{tenant_id}",
		"get F/users", "get F/users/{user_id}", "put F/users/{user_id}", "put F/bulk/users", "delete F/bulk/users",
		"get F/role_assignments", "post F/role_assignments", "post F/role_assignments/bulk", "delete F/role_assignments/bulk",
	} {
		operation = strings.NewReplacer("F/", "/v2/facts/{proj_id}/{env_id}/", "S/", "/v2/schema/{proj_id}/{env_id}/").Replace(operation)
		if seen[operation] == 0 {
			t.Errorf("no call of %s was held against the document", operation)
		}
		delete(seen, operation)
	}
	if len(seen) > 0 {
		t.Errorf("held too: %v", seen)
	}
}

// loadsOfAllKinds creates, updates, renames, takes away and deletes.
func callsOfAllKinds(t *testing.T) (made []httpapitest.Call) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		first := usersWithRoles(8)
		for i := range 45 { // more than are created one by one
			key := "role-" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			first.Roles = append(first.Roles, permittest.Role{Key: key, Name: key, Description: "d"})
		}
		first.Tenants = append(first.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme"})
		load(t.Context(), srv, linesFor(first))
		second := usersWithEmails("ann=a")
		second.Roles, second.Assignments = []permittest.Role{{Key: "Clerk", Name: "Clerk"}}, roleAssignments("ann Clerk org_1")
		second.Users = append(second.Users, permittest.User{Key: "auth0|000001", Email: "new@acme.example", LastName: "Lee", Attributes: map[string]any{"n": 1.5, "o": map[string]any{"a": nil}}})
		second.Tenants = append(second.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme Inc"})
		time.Sleep(time.Hour)
		load(t.Context(), srv, defaultTenantLine+strings.TrimSuffix(linesFor(second), endLine)+
			`{"type":"role","key":"Admin","name":"Admin"}`+"\n"+`{"type":"user","key":"auth0|000002","role_assignments":[]}`+"\n"+endLineAt(time.Now()), func(c *loadSettings) { c.replaceRoles = true })
		load(t.Context(), srv, annWithoutRoles+endLine) // few users of many are asked for
		removeUsers(t.Context(), srv, linesFor(usersWithEmails("ann=a zoe=z"))+"\n")
		made = srv.Calls()
	})
	return made
}

// callsOfSingleRecords has every bulk call refused, so that each record goes alone.
func callsOfSingleRecords(t *testing.T) (made []httpapitest.Call) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{Faults: func(r *http.Request) httpapitest.Fault {
			if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "bulk") {
				return httpapitest.Fault{Status: 422, Body: `{"detail":[]}`}
			}
			return httpapitest.Fault{}
		}})
		load(t.Context(), srv, linesFor(threeUsers("ann admin org", "bob viewer default")))
		made = srv.Calls()
	})
	return made
}

// openAPI is a document of OpenAPI 3.1, whose schemas are JSON Schemas.
type openAPI struct {
	compiler *jsonschema.Compiler
	paths    map[string]any
}

// check holds a call against the document, and returns the operation it is of.
func (o *openAPI) check(t *testing.T, call httpapitest.Call) string {
	t.Helper()
	method := strings.ToLower(call.Method)
	var path string
	var operation map[string]any
	for p, operations := range o.paths {
		if op := asObject(asObject(operations)[method]); op != nil && isPathOf(p, call.Path) && (path == "" || p == call.Path) {
			path, operation = p, op
		}
	}
	if operation == nil {
		t.Errorf("%s %s is in no path of the document", call.Method, call.Path)
		return ""
	}
	known := map[string]bool{}
	parameters, _ := operation["parameters"].([]any)
	for _, p := range parameters {
		name, _ := asObject(p)["name"].(string)
		known[name] = true
		if required, _ := asObject(p)["required"].(bool); required && asObject(p)["in"] == "query" && !call.Query.Has(name) {
			t.Errorf("%s %s lacks the parameter %s", method, path, name)
		}
	}
	for name := range call.Query {
		if !known[name] {
			t.Errorf("%s %s has no parameter %s", method, path, name)
		}
	}
	body := asObject(operation["requestBody"])
	if body == nil {
		if len(call.Body) > 0 {
			t.Errorf("%s %s has a body", method, path)
		}
		return method + " " + path
	}
	at := "openapi.json#/paths/" + strings.ReplaceAll(path, "/", "~1") + "/" + method + "/requestBody/content/application~1json/schema"
	schema, err := o.compiler.Compile(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(at))
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	sent, err := jsonschema.UnmarshalJSON(bytes.NewReader(call.Body))
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	} else if err := schema.Validate(sent); err != nil {
		t.Errorf("%s %s: %v\n%.500s", method, path, err, call.Body)
	}
	return method + " " + path
}

func readSpec(t *testing.T, path string) *openAPI {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	o := &openAPI{compiler: jsonschema.NewCompiler(), paths: asObject(asObject(doc)["paths"])}
	if err := o.compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return o
}

func asObject(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// matches reports whether a path is one of the template, with the same number
// of parts, where a part in braces is any.
func isPathOf(template, path string) bool {
	return slices.EqualFunc(strings.Split(template, "/"), strings.Split(path, "/"), func(part, have string) bool {
		return part == have || strings.HasPrefix(part, "{")
	})
}
