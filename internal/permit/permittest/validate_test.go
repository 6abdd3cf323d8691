package permittest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

type detail struct {
	Detail []struct {
		Loc  []any
		Msg  string
		Type string
	}
}

// problems returns the problems as "body.operations.3.foo type".
func (d detail) problems() []string {
	var out []string
	for _, p := range d.Detail {
		loc := make([]string, len(p.Loc))
		for i, l := range p.Loc {
			loc[i] = fmt.Sprint(l)
		}
		out = append(out, strings.Join(loc, ".")+" "+p.Type)
	}
	return out
}

func TestBodies(t *testing.T) {
	t.Parallel()
	const (
		missing = " value_error.missing"
		extra   = " value_error.extra"
		null    = " type_error.none.not_allowed"
		str     = " type_error.str"
		dict    = " type_error.dict"
		arr     = " type_error.list"
		regex   = " value_error.str.regex"
		mail    = " value_error.email"
	)
	for _, tc := range []struct {
		call, body string
		want       []string
	}{
		{"PUT F/bulk/users", "", []string{"body" + missing}},
		{"PUT F/bulk/users", "{", []string{"body.1 value_error.jsondecode"}},
		{"PUT F/bulk/users", `{"operations":x}`, []string{"body.15 value_error.jsondecode"}},
		{"PUT F/bulk/users", "{} {}", []string{"body.4 value_error.jsondecode"}},
		{"PUT F/bulk/users", "[]", []string{"body" + dict}},
		{"PUT F/bulk/users", "null", []string{"body" + null}},
		{"PUT F/bulk/users", "{}", []string{"body.operations" + missing}},
		{"PUT F/bulk/users", `{"users":[]}`, []string{"body.operations" + missing, "body.users" + extra}},
		{"PUT F/bulk/users", `{"operations":{}}`, []string{"body.operations" + arr}},
		{"PUT F/bulk/users", `{"operations":null}`, []string{"body.operations" + null}},
		{"PUT F/bulk/users", ops(`{"key":"a"}`, `"b"`), []string{"body.operations.1" + dict}},
		{
			"PUT F/bulk/users", ops(`{"key":"a"}`, `{"key":"b","type":"user","Email":"x"}`),
			[]string{"body.operations.1.Email" + extra, "body.operations.1.type" + extra},
		},
		{"PUT F/bulk/users", ops(`{}`), []string{"body.operations.0.key" + missing}},
		{"PUT F/bulk/users", ops(`{"key":1}`), []string{"body.operations.0.key" + str}},
		{"PUT F/bulk/users", ops(`{"key":null}`), []string{"body.operations.0.key" + null}},
		{
			"PUT F/bulk/users", ops(`{"key":"a b"}`, `{"key":""}`, `{"key":"ok","email":"x"}`),
			[]string{"body.operations.0.key" + regex, "body.operations.1.key" + regex, "body.operations.2.email" + mail},
		},
		{
			"PUT F/bulk/users", ops(`{"key":"a","attributes":[],"first_name":{},"email":1}`),
			[]string{
				"body.operations.0.email" + str, "body.operations.0.first_name" + str, "body.operations.0.attributes" + dict,
			},
		},
		{
			"PUT F/bulk/users", ops(`{"key":"a","role_assignments":[{"tenant":"x"},{"role":"a","user":"b"}]}`),
			[]string{"body.operations.0.role_assignments.0.role" + missing, "body.operations.0.role_assignments.1.user" + extra},
		},
		{"POST F/bulk/users", ops(`{"key":"a:b"}`), []string{"body.operations.0.key" + regex}},
		{"DELETE F/bulk/users", "", []string{"body" + missing}},
		{"DELETE F/bulk/users", `{"idents":["a",1]}`, []string{"body.idents.1" + str}},
		{"DELETE F/bulk/users", `{"idents":"a"}`, []string{"body.idents" + arr}},
		{"POST F/users", `{"key":"é"}`, []string{"body.key" + regex}},
		{"POST F/users", `{"key":"a\n"}`, []string{"body.key" + regex}},
		{"PUT F/users/a", `{"email":"a@example.com"}`, []string{"body.key" + missing}},
		{"PATCH F/users/ann", `{"key":"ann"}`, []string{"body.key" + extra}},
		{"PATCH F/users/ann", `{"email":""}`, []string{"body.email" + mail}},
		{"POST F/users/ann/roles", `{"user":"ann"}`, []string{"body.role" + missing, "body.user" + extra}},
		{"POST F/tenants", `{"key":"a.b"}`, []string{"body.key" + regex, "body.name" + missing}},
		{"PATCH F/tenants/acme", `{"name":null,"key":"x"}`, []string{"body.name" + null, "body.key" + extra}},
		{"POST F/bulk/tenants", ops(`{"key":"a|b","name":"x"}`), []string{"body.operations.0.key" + regex}},
		{"DELETE F/bulk/tenants", "{}", []string{"body.idents" + missing}},
		{"POST S/roles", `{"key":"billing viewer"}`, []string{"body.key" + regex, "body.name" + missing}},
		{
			"POST S/roles", `{"key":"a","name":"A","permissions":"x","extends":[1],"granted_to":1,"v1compat_is_built_in":1}`,
			[]string{
				"body.permissions" + arr, "body.extends.0" + str, "body.granted_to" + dict,
				"body.v1compat_is_built_in type_error.bool",
			},
		},
		{"POST S/roles", `{"key":"a","name":"A","resource":"x"}`, []string{"body.resource" + extra}},
		{"PATCH S/roles/admin", `{"key":"b"}`, []string{"body.key" + extra}},
		{
			"PUT S/bulk/roles", ops(`{"key":"a","name":"A","v1compat_is_built_in":true}`),
			[]string{"body.operations.0.v1compat_is_built_in" + extra},
		},
		{"POST S/roles/admin/permissions", "{}", []string{"body.permissions" + missing}},
		{"POST F/role_assignments", "{}", []string{"body.role" + missing, "body.user" + missing}},
		{"DELETE F/role_assignments", `{"user":"a","role":"b"}`, []string{"body.tenant" + missing}},
		{"POST F/role_assignments/bulk", "{}", []string{"body" + arr}},
		{
			"POST F/role_assignments/bulk", `[{"user":"a","role":"b","tenant":"c"},{"user":"a","tenant":null,"x":1}]`,
			[]string{"body.1.role" + missing, "body.1.x" + extra},
		},
		{"DELETE F/role_assignments/bulk", `[1]`, []string{"body.0" + dict}},
	} {
		s := New(Options{})
		s.Seed(base)
		before := s.State()
		r := do(t, s, tc.call, tc.body)
		if r.status != 422 {
			t.Errorf("%s %s: status %d: %s", tc.call, tc.body, r.status, r.raw)
			continue
		}
		var d detail
		r.decode(t, &d)
		if got := d.problems(); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s %s: %q, want %q", tc.call, tc.body, got, tc.want)
		}
		if after := s.State(); !reflect.DeepEqual(after, before) {
			t.Errorf("%s %s: has left %+v", tc.call, tc.body, after)
		}
	}
}

// Permit's own clients send null for a missing value, and to clear one. The spec has no
// nullable field.
func TestNulls(t *testing.T) {
	t.Parallel()
	const bobAdmin = `{"user":"bob","role":"admin","tenant":"acme","resource_instance":null}`
	for _, tc := range []struct {
		call, body string
		status     int
		users      string
		refused    []string // under RefuseNull
	}{
		{
			"PUT F/bulk/users",
			ops(`{"key":"ann","email":null,"first_name":null,"last_name":null,"attributes":null,"role_assignments":null}`),
			200, "[{ann    map[]} " + bobWhole + "]",
			[]string{
				"body.operations.0.email", "body.operations.0.first_name", "body.operations.0.last_name",
				"body.operations.0.attributes", "body.operations.0.role_assignments",
			},
		},
		{
			"PATCH F/users/ann", `{"email":null,"first_name":"Anne"}`, 200, "[{ann  Anne Lee map[a:1]} " + bobWhole + "]",
			[]string{"body.email"},
		},
		{
			"PUT F/users/ann", `{"key":"ann","attributes":null}`, 200, "[{ann    map[]} " + bobWhole + "]",
			[]string{"body.attributes"},
		},
		{
			"POST F/users/bob/roles", `{"role":"admin","tenant":"acme","resource_instance":null}`, 200, "",
			[]string{"body.resource_instance"},
		},
		{"POST F/role_assignments", bobAdmin, 200, "", []string{"body.resource_instance"}},
		{"POST F/role_assignments/bulk", "[" + bobAdmin + "]", 200, "", []string{"body.0.resource_instance"}},
		{
			"DELETE F/role_assignments", `{"user":"ann","role":"admin","tenant":"default","resource_instance":null}`, 204, "",
			[]string{"body.resource_instance"},
		},
		{"PATCH F/tenants/acme", `{"description":null}`, 200, "", []string{"body.description"}},
		{"PATCH S/roles/admin", `{"description":null}`, 200, "", []string{"body.description"}},
	} {
		taken := step{call: tc.call, body: tc.body, status: tc.status}
		runScenes(t, []scene{{name: tc.call, users: tc.users, steps: []step{taken}}})
		strict := New(Options{RefuseNull: true})
		strict.Seed(base)
		var d detail
		r := do(t, strict, tc.call, tc.body)
		r.decode(t, &d)
		for i := range tc.refused {
			tc.refused[i] += " type_error.none.not_allowed"
		}
		if r.status != 422 || !reflect.DeepEqual(d.problems(), tc.refused) {
			t.Errorf("%s %s: %d %v, want %v", tc.call, tc.body, r.status, d.problems(), tc.refused)
		}
	}
}

func TestMessagesOfPydantic(t *testing.T) {
	t.Parallel()
	r := do(t, New(Options{RefuseNull: true}), "PUT F/bulk/users", ops(`{"key":" ","email":"@","x":1,"first_name":null}`))
	for _, want := range []string{
		`"string does not match regex \"^[A-Za-z0-9|@+\\-\\._]+$\""`,
		`"value is not a valid email address"`, // what Permit's Go SDK looks for
		`"extra fields not permitted"`,
		`"none is not an allowed value"`,
	} {
		if !strings.Contains(r.raw, want) {
			t.Errorf("%s is not in %s", want, r.raw)
		}
	}
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		media  string
		body   string
		status int
	}{
		{"application/json", ops(), 200},
		{"application/json; charset=utf-8", ops(), 200},
		{"application/vnd.api+json", ops(), 200},
		{"", ops(), 200},
		{"text/plain", ops(), 422},
		{"application/x-www-form-urlencoded", ops(), 422},
		{"application/json", `{"operations":["` + "\xff" + `"]}`, 400},
	} {
		r := send(t, New(Options{}), "PUT F/bulk/users", tc.body, "Authorization", "Bearer "+DefaultKey, "Content-Type",
			tc.media)
		if r.status != tc.status {
			t.Errorf("%q: status %d, want %d: %s", tc.media, r.status, tc.status, r.raw)
		}
		if r.status == 400 && !strings.HasPrefix(r.raw, `{"detail":"`) {
			t.Errorf("%q: %s", tc.media, r.raw)
		}
	}
}
