package permittest_test

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

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
		{
			"GET F/users?include_resource_instance_roles=maybe",
			[]string{"query.include_resource_instance_roles type_error.bool"},
		},
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
		r.decode(t, &d)
		if got := d.problems(); r.status != 422 || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%.80s: %d %q, want %q", tc.call, r.status, got, tc.want)
		}
	}
}
