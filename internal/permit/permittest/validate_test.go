package permittest_test

import (
	"fmt"
	"net/url"
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

// found lists problems as "body.operations.3.foo type".
func (d detail) found() []string {
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
		{"PUT F/bulk/users", ops(`{"key":"a"}`, `{"key":"b","type":"user","Email":"x"}`), []string{"body.operations.1.Email" + extra, "body.operations.1.type" + extra}},
		{"PUT F/bulk/users", ops(`{}`), []string{"body.operations.0.key" + missing}},
		{"PUT F/bulk/users", ops(`{"key":1}`), []string{"body.operations.0.key" + str}},
		{"PUT F/bulk/users", ops(`{"key":null}`), []string{"body.operations.0.key" + null}},
		{"PUT F/bulk/users", ops(`{"key":"a b"}`, `{"key":""}`, `{"key":"ok","email":"x"}`), []string{"body.operations.0.key" + regex, "body.operations.1.key" + regex, "body.operations.2.email" + mail}},
		{"PUT F/bulk/users", ops(`{"key":"a","email":null,"first_name":null,"last_name":null,"attributes":null,"role_assignments":null}`), []string{
			"body.operations.0.email" + null, "body.operations.0.first_name" + null, "body.operations.0.last_name" + null,
			"body.operations.0.attributes" + null, "body.operations.0.role_assignments" + null,
		}},
		{"PUT F/bulk/users", ops(`{"key":"a","attributes":[],"first_name":{},"email":1}`), []string{"body.operations.0.email" + str, "body.operations.0.first_name" + str, "body.operations.0.attributes" + dict}},
		{"PUT F/bulk/users", ops(`{"key":"a","role_assignments":[{"tenant":"x"},{"role":"a","user":"b"}]}`), []string{"body.operations.0.role_assignments.0.role" + missing, "body.operations.0.role_assignments.1.user" + extra}},
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
		{"POST S/roles", `{"key":"a","name":"A","permissions":"x","extends":[1],"granted_to":1,"v1compat_is_built_in":1}`, []string{
			"body.permissions" + arr, "body.extends.0" + str, "body.granted_to" + dict, "body.v1compat_is_built_in type_error.bool",
		}},
		{"POST S/roles", `{"key":"a","name":"A","resource":"x"}`, []string{"body.resource" + extra}},
		{"PATCH S/roles/admin", `{"key":"b"}`, []string{"body.key" + extra}},
		{"PUT S/bulk/roles", ops(`{"key":"a","name":"A","v1compat_is_built_in":true}`), []string{"body.operations.0.v1compat_is_built_in" + extra}},
		{"POST S/roles/admin/permissions", "{}", []string{"body.permissions" + missing}},
		{"POST F/role_assignments", "{}", []string{"body.role" + missing, "body.user" + missing}},
		{"DELETE F/role_assignments", `{"user":"a","role":"b"}`, []string{"body.tenant" + missing}},
		{"POST F/role_assignments/bulk", "{}", []string{"body" + arr}},
		{"POST F/role_assignments/bulk", `[{"user":"a","role":"b","tenant":"c"},{"user":"a","tenant":null,"x":1}]`, []string{"body.1.role" + missing, "body.1.tenant" + null, "body.1.x" + extra}},
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
		r.into(t, &d)
		if got := d.found(); !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s %s: %q, want %q", tc.call, tc.body, got, tc.want)
		}
		if after := s.State(); !reflect.DeepEqual(after, before) {
			t.Errorf("%s %s: has left %+v", tc.call, tc.body, after)
		}
	}
}

func TestMessagesOfPydantic(t *testing.T) {
	t.Parallel()
	r := do(t, New(Options{}), "PUT F/bulk/users", ops(`{"key":" ","email":"@","x":1,"first_name":null}`))
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
		r := send(t, New(Options{}), "PUT F/bulk/users", tc.body, "Authorization", "Bearer "+DefaultKey, "Content-Type", tc.media)
		if r.status != tc.status {
			t.Errorf("%q: status %d, want %d: %s", tc.media, r.status, tc.status, r.raw)
		}
		if r.status == 400 && !strings.HasPrefix(r.raw, `{"detail":"`) {
			t.Errorf("%q: %s", tc.media, r.raw)
		}
	}
}

func TestEmails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		email       string
		lax, strict bool
	}{
		{"jane@example.com", true, true},
		{"jane+a.b_c'd@mail.example.co.uk", true, true},
		{"josé@exámple.com", true, true},
		{strings.Repeat("a", 64) + "@example.com", true, true},
		{strings.Repeat("a", 65) + "@example.com", false, false},
		{"jane@corp.local", true, false},
		{"jane@x.test", true, false},
		{"jane@localhost", false, false},
		{"jane", false, false},
		{"@example.com", false, false},
		{"jane@", false, false},
		{"a@b@example.com", false, false},
		{".jane@example.com", false, false},
		{"ja..ne@example.com", false, false},
		{"ja ne@example.com", false, false},
		{" jane@example.com", false, false},
		{"Jane <jane@example.com>", false, false},
		{`"jane"@example.com`, false, false},
		{"jane@-example.com", false, false},
		{"jane@exa_mple.com", false, false},
		{"jane@example..com", false, false},
		{"jane@example.com.", false, false},
		{"jane@10.0.0.1", false, false},
		{"jane@" + strings.Repeat("a", 64) + ".com", false, false},
	} {
		body := fmt.Sprintf(`{"key":"a","email":%q}`, tc.email)
		for strict, want := range map[bool]bool{false: tc.lax, true: tc.strict} {
			if got := do(t, New(Options{StrictEmails: strict}), "POST F/users", body).status == 201; got != want {
				t.Errorf("%q, strict %t: taken is %t, want %t", tc.email, strict, got, want)
			}
		}
	}
}

func TestQueries(t *testing.T) {
	t.Parallel()
	const number, ge, le = " type_error.integer", " value_error.number.not_ge", " value_error.number.not_le"
	hundred := func(name string, n int) string {
		v := url.Values{}
		for range n {
			v.Add(name, "x")
		}
		return v.Encode()
	}
	for _, tc := range []struct {
		call string
		want []string
	}{
		{"GET F/users?page=0", []string{"query.page" + ge}},
		{"GET F/users?page=-1&per_page=101", []string{"query.page" + ge, "query.per_page" + le}},
		{"GET F/users?page=x", []string{"query.page" + number}},
		{"GET F/users?per_page=", []string{"query.per_page" + number}},
		{"GET F/users?per_page=0", []string{"query.per_page" + ge}},
		{"GET F/users?per_page=100", nil},
		{"GET F/users?per_page=1000&per_page=100", nil}, // the last one counts
		{"GET F/users?search_operator=equals", []string{"query.search_operator type_error.enum"}},
		{"GET F/users?include_resource_instance_roles=maybe", []string{"query.include_resource_instance_roles type_error.bool"}},
		{"GET F/users?nonsense=1", nil},
		{"GET S/roles?per_page=101", []string{"query.per_page" + le}},
		{"GET S/roles?include_total_count=2", []string{"query.include_total_count type_error.bool"}},
		{"GET F/tenants?per_page=101", []string{"query.per_page" + le}},
		{"GET F/tenants?page=1.5", []string{"query.page" + number}},
		{"GET F/role_assignments?per_page=1000", nil},
		{"GET F/role_assignments?per_page=1001", []string{"query.per_page" + le}},
		{"GET F/role_assignments?" + hundred("user", 100), nil},
		{"GET F/role_assignments?" + hundred("user", 101), []string{"query.user value_error.list.max_items"}},
		{"GET F/role_assignments?" + hundred("role", 101), []string{"query.role value_error.list.max_items"}},
		{"GET F/role_assignments?" + hundred("tenant", 101), []string{"query.tenant value_error.list.max_items"}},
		{"POST F/role_assignments/bulk?missing_user_policy=skip", []string{"query.missing_user_policy type_error.enum"}},
		{"DELETE F/role_assignments?return_deleted=no", nil},
		{"DELETE F/role_assignments?return_deleted=never", []string{"query.return_deleted type_error.bool"}},
	} {
		s := New(Options{})
		s.Seed(base)
		body := ""
		if strings.HasPrefix(tc.call, "POST") {
			body = "[]"
		} else if strings.HasPrefix(tc.call, "DELETE") {
			body = `{"user":"ann","role":"admin","tenant":"default"}`
		}
		r := do(t, s, tc.call, body)
		if tc.want == nil {
			if r.status/100 != 2 {
				t.Errorf("%s: %d %s", tc.call, r.status, r.raw)
			}
			continue
		}
		var d detail
		r.into(t, &d)
		if got := d.found(); r.status != 422 || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%.80s: %d %q, want %q", tc.call, r.status, got, tc.want)
		}
	}
}

// Every bulk call has its cap, published and set, and every answer to one
// record too many.
func TestCaps(t *testing.T) {
	t.Parallel()
	wrap := func(name, rows string) string { return `{"` + name + `":` + rows + `}` }
	for _, tc := range []struct {
		call string
		cap  int
		body func(n int) string
		loc  string
	}{
		{"PUT F/bulk/users", 3000, func(n int) string { return wrap("operations", list(n, `{"key":"u%d"}`)) }, "body.operations"},
		{"POST F/bulk/users", 3000, func(n int) string { return wrap("operations", list(n, `{"key":"u%d"}`)) }, "body.operations"},
		{"DELETE F/bulk/users", 3000, func(n int) string { return wrap("idents", list(n, `"u%d"`)) }, "body.idents"},
		{"POST F/bulk/tenants", 2000, func(n int) string { return wrap("operations", list(n, `{"key":"u%d","name":"x"}`)) }, "body.operations"},
		{"DELETE F/bulk/tenants", 2000, func(n int) string { return wrap("idents", list(n, `"u%d"`)) }, "body.idents"},
		{"PUT S/bulk/roles", 2000, func(n int) string { return wrap("operations", list(n, `{"key":"u%d","name":"x"}`)) }, "body.operations"},
		{"POST F/role_assignments/bulk?missing_user_policy=ignore", 2000, func(n int) string { return list(n, `{"user":"u%d","role":"admin","tenant":"acme"}`) }, "body"},
		{"DELETE F/role_assignments/bulk", 2000, func(n int) string { return list(n, `{"user":"u%d","role":"admin","tenant":"acme"}`) }, "body"},
	} {
		t.Run(tc.call, func(t *testing.T) {
			t.Parallel()
			s := New(Options{})
			s.Seed(base)
			if r := do(t, s, tc.call, tc.body(tc.cap+1)); r.status != 403 || !strings.Contains(r.raw, "maximum allowed bulk size") {
				t.Errorf("one too many: %d %.300s", r.status, r.raw)
			}
			if r := do(t, s, tc.call, tc.body(tc.cap)); r.status != 200 {
				t.Errorf("at the cap: %d %.300s", r.status, r.raw)
			}
			small := Options{Caps: Caps{2, 2, 2, 2}}
			for _, status := range []int{403, 413, 422} {
				small.Oversize = status
				s := New(small)
				s.Seed(base)
				before := s.State()
				r := do(t, s, tc.call, tc.body(3))
				if r.status != status {
					t.Errorf("status %d, want %d: %s", r.status, status, r.raw)
				}
				var d detail
				if r.into(t, &d); status == 422 && !reflect.DeepEqual(d.found(), []string{tc.loc + " value_error.list.max_items"}) {
					t.Errorf("%s", r.raw)
				}
				if status != 422 && !strings.Contains(r.raw, "error_code") {
					t.Errorf("%s", r.raw)
				}
				if !reflect.DeepEqual(s.State(), before) {
					t.Errorf("%d: has left %+v", status, s.State())
				}
				if r := do(t, s, tc.call, tc.body(2)); r.status != 200 {
					t.Errorf("at the set cap: %d %s", r.status, r.raw)
				}
			}
		})
	}
}
