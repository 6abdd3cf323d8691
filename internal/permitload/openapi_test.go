package permitload

import (
	"bytes"
	"net/http"
	"net/url"
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

// Every request of the command is valid by Permit's own OpenAPI document. We may not
// distribute it: PERMIT_OPENAPI names a file with https://api.permit.io/v2/openapi.json.
func TestRequestsMatchOpenAPI(t *testing.T) {
	t.Parallel()
	file := os.Getenv("PERMIT_OPENAPI")
	if file == "" {
		t.Skip("PERMIT_OPENAPI names no file")
	}
	spec := readSpec(t, file)
	seen := map[string]int{}
	for _, made := range [][]httpapitest.Call{callsOfAllKinds(t), callsOfSingleRecords(t)} {
		for _, call := range made {
			seen[spec.check(t, call)]++
		}
	}
	inFull := strings.NewReplacer("F/", "/v2/facts/{proj_id}/{env_id}/", "S/", "/v2/schema/{proj_id}/{env_id}/")
	for _, operation := range []string{
		"get /v2/api-key/scope", "get S/roles", "post S/roles", "put S/bulk/roles",
		"get F/tenants", "post F/tenants", "post F/bulk/tenants", "patch F/tenants/{tenant_id}",
		"get F/users", "get F/users/{user_id}", "put F/users/{user_id}", "put F/bulk/users", "delete F/bulk/users",
		"get F/role_assignments", "post F/role_assignments", "post F/role_assignments/bulk",
		"delete F/role_assignments/bulk",
	} {
		operation = inFull.Replace(operation)
		if seen[operation] == 0 {
			t.Errorf("no call of %s was checked", operation)
		}
		delete(seen, operation)
	}
	if len(seen) > 0 {
		t.Errorf("checked too: %v", seen)
	}
}

// callsOfAllKinds creates, updates, renames, takes away and deletes, and returns
// the calls that this took.
func callsOfAllKinds(t *testing.T) (made []httpapitest.Call) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		first := usersWithRoles(8)
		for i := range 45 { // more than are created by single calls
			key := "role-" + string(rune('a'+i%26)) + string(rune('a'+i/26))
			first.Roles = append(first.Roles, permittest.Role{Key: key, Name: key, Description: "d"})
		}
		first.Tenants = append(first.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme"})
		load(t.Context(), srv, linesFor(first))

		second := usersWithEmails("ann=a")
		second.Roles = []permittest.Role{{Key: "Clerk", Name: "Clerk"}}
		second.Assignments = roleAssignments("ann Clerk org_1")
		second.Users = append(second.Users, permittest.User{
			Key: "auth0|000001", Email: "new@acme.example", LastName: "Lee",
			Attributes: map[string]any{"n": 1.5, "o": map[string]any{"a": nil}},
		})
		second.Tenants = append(second.Tenants, permittest.Tenant{Key: "org_1", Name: "Acme Inc"})
		takesAway := lines(
			`{"type":"role","key":"Admin","name":"Admin"}`,
			`{"type":"user","key":"auth0|000002","role_assignments":[]}`,
		)
		time.Sleep(time.Hour)
		input := defaultTenantLine + linesWithoutEnd(second) + takesAway + endLineAt(time.Now())
		load(t.Context(), srv, input, replaceRoles)
		load(t.Context(), srv, annWithoutRoles+endLine) // a few users of many are asked for by key
		removeUsers(t.Context(), srv, linesFor(usersWithEmails("ann=a zoe=z"))+"\n")
		made = srv.Calls()
	})
	return made
}

// callsOfSingleRecords refuses every bulk call, so that each record is sent alone, and
// returns the calls.
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

func readSpec(t *testing.T, file string) *openAPI {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(readFile(t, file)))
	if err != nil {
		t.Fatal(err)
	}
	o := &openAPI{compiler: jsonschema.NewCompiler(), paths: asObject(asObject(doc)["paths"])}
	if err := o.compiler.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return o
}

// check checks a call against the document, and returns its operation.
func (o *openAPI) check(t *testing.T, call httpapitest.Call) string {
	t.Helper()
	method := strings.ToLower(call.Method)
	template, operation := o.find(method, call.Path)
	if operation == nil {
		t.Errorf("%s %s is in no path of the document", call.Method, call.Path)
		return ""
	}
	name := method + " " + template
	checkQuery(t, name, operation, call.Query)
	if asObject(operation["requestBody"]) != nil {
		o.checkBody(t, method, template, call.Body)
	} else if len(call.Body) > 0 {
		t.Errorf("%s has a body", name)
	}
	return name
}

// find returns the operation for a path, and its template. Templates without parameters
// come first.
func (o *openAPI) find(method, urlPath string) (template string, operation map[string]any) {
	for each, operations := range o.paths {
		found := asObject(asObject(operations)[method])
		if found != nil && isPathOf(each, urlPath) && (template == "" || each == urlPath) {
			template, operation = each, found
		}
	}
	return template, operation
}

func checkQuery(t *testing.T, name string, operation map[string]any, query url.Values) {
	t.Helper()
	known := map[string]bool{}
	parameters, _ := operation["parameters"].([]any)
	for _, p := range parameters {
		parameter, _ := asObject(p)["name"].(string)
		known[parameter] = true
		required, _ := asObject(p)["required"].(bool)
		if required && asObject(p)["in"] == "query" && !query.Has(parameter) {
			t.Errorf("%s lacks the parameter %s", name, parameter)
		}
	}
	for parameter := range query {
		if !known[parameter] {
			t.Errorf("%s has no parameter %s", name, parameter)
		}
	}
}

func (o *openAPI) checkBody(t *testing.T, method, template string, body []byte) {
	t.Helper()
	at := "openapi.json#/paths/" + strings.ReplaceAll(template, "/", "~1") + "/" + method +
		"/requestBody/content/application~1json/schema"
	schema, err := o.compiler.Compile(strings.NewReplacer("{", "%7B", "}", "%7D").Replace(at))
	if err != nil {
		t.Fatalf("%s: %v", at, err)
	}
	sent, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s %s: %v", method, template, err)
	} else if err := schema.Validate(sent); err != nil {
		t.Errorf("%s %s: %v\n%.500s", method, template, err, body)
	}
}

func asObject(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// isPathOf reports whether a path fits a template. A part in braces fits any part.
func isPathOf(template, urlPath string) bool {
	return slices.EqualFunc(strings.Split(template, "/"), strings.Split(urlPath, "/"), func(part, have string) bool {
		return part == have || strings.HasPrefix(part, "{")
	})
}
