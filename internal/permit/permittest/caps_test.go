package permittest_test

import (
	"reflect"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

// Each bulk call has a cap: the published one, or that of Options. One record more gets
// each of the possible answers.
func TestCaps(t *testing.T) {
	t.Parallel()
	wrap := func(name, rows string) string { return `{"` + name + `":` + rows + `}` }
	for _, tc := range []struct {
		call string
		cap  int
		body func(n int) string
		loc  string
	}{
		{
			"PUT F/bulk/users", 3000, func(n int) string { return wrap("operations", jsonList(n, `{"key":"u%d"}`)) },
			"body.operations",
		},
		{
			"POST F/bulk/users", 3000, func(n int) string { return wrap("operations", jsonList(n, `{"key":"u%d"}`)) },
			"body.operations",
		},
		{"DELETE F/bulk/users", 3000, func(n int) string { return wrap("idents", jsonList(n, `"u%d"`)) }, "body.idents"},
		{
			"POST F/bulk/tenants", 2000,
			func(n int) string { return wrap("operations", jsonList(n, `{"key":"u%d","name":"x"}`)) }, "body.operations",
		},
		{"DELETE F/bulk/tenants", 2000, func(n int) string { return wrap("idents", jsonList(n, `"u%d"`)) }, "body.idents"},
		{
			"PUT S/bulk/roles", 2000, func(n int) string { return wrap("operations", jsonList(n, `{"key":"u%d","name":"x"}`)) },
			"body.operations",
		},
		{
			"POST F/role_assignments/bulk?missing_user_policy=ignore", 2000,
			func(n int) string { return jsonList(n, `{"user":"u%d","role":"admin","tenant":"acme"}`) }, "body",
		},
		{
			"DELETE F/role_assignments/bulk", 2000,
			func(n int) string { return jsonList(n, `{"user":"u%d","role":"admin","tenant":"acme"}`) }, "body",
		},
	} {
		t.Run(tc.call, func(t *testing.T) {
			t.Parallel()
			s := New(Options{})
			s.Seed(base)
			r := do(t, s, tc.call, tc.body(tc.cap+1))
			if r.status != 403 || !strings.Contains(r.raw, "maximum allowed bulk size") {
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
				r.decode(t, &d)
				want := []string{tc.loc + " value_error.list.max_items"}
				if status == 422 && !reflect.DeepEqual(d.problems(), want) {
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
