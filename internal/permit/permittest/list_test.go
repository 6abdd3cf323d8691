package permittest_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

// populate returns a server with n users, who all have one role, and its state.
func populate(n int) (*Server, State) {
	seed := State{Roles: []Role{{Key: "r", Name: "R"}}}
	for i := range n {
		key := fmt.Sprintf("auth0|%08d", i)
		seed.Users = append(seed.Users, User{Key: key, Email: key[6:] + "@example.com"})
		seed.Assignments = append(seed.Assignments, Assignment{User: key, Role: "r", Tenant: "default"})
	}
	s := New(Options{Unlimited: true, Forget: true})
	s.Seed(seed)
	return s, seed
}

// The pages hold each item once, in order of creation.
func TestPagesAreWhole(t *testing.T) {
	t.Parallel()
	const n = 1200
	s, seed := populate(n)
	for _, filter := range []string{"", "role=r", "tenant=default", "role=r&tenant=default"} {
		seen := 0
		for page := 1; ; page++ {
			var rows []struct{ User string }
			do(t, s, fmt.Sprintf("GET F/role_assignments?per_page=500&page=%d&%s", page, filter), "").decode(t, &rows)
			for i, r := range rows {
				if want := seed.Users[seen+i].Key; r.User != want {
					t.Fatalf("%s: page %d, row %d: %s, want %s", filter, page, i, r.User, want)
				}
			}
			if seen += len(rows); len(rows) < 500 {
				break
			}
		}
		if seen != n {
			t.Errorf("%s: %d assignments are listed", filter, seen)
		}
	}
}

// A page and a write cost the same in a large environment as in a small one:
// load tests run hundreds of thousands of users through it.
func BenchmarkBySize(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			s, _ := populate(n)
			b.ReportAllocs()
			for b.Loop() {
				for _, call := range []string{
					fmt.Sprintf("GET F/users?per_page=1&page=%d", n/2),
					fmt.Sprintf("GET F/role_assignments?role=r&per_page=1&page=%d", n/2),
				} {
					do(b, s, call, "")
				}
				do(b, s, "PUT F/bulk/users", ops(`{"key":"auth0|00000001"}`))
			}
		})
	}
}

func TestListAssignments(t *testing.T) {
	t.Parallel()
	seed := State{Users: []User{{Key: "cy"}}, Assignments: []Assignment{
		{User: "cy", Role: "viewer", Tenant: "acme"},
		{User: "bob", Role: "viewer", Tenant: "default"},
		{User: "ann", Role: "viewer", Tenant: "acme"},
		{User: "cy", Role: "admin", Tenant: "default"},
	}}
	all := []string{"ann admin default", "cy viewer acme", "bob viewer default", "ann viewer acme", "cy admin default"}
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"", all},
		{"user=ann", []string{all[0], all[3]}},
		{"user=cy&user=ann", []string{all[0], all[1], all[3], all[4]}},
		{"role=viewer", []string{all[1], all[2], all[3]}},
		{"role=viewer&role=admin", all},
		{"tenant=acme", []string{all[1], all[3]}},
		{"tenant=acme&tenant=default", all},
		{"role=viewer&tenant=default", []string{all[2]}},
		{"user=ann&user=bob&role=viewer", []string{all[2], all[3]}},
		{"user=nobody", nil},
		{"role=nope", nil},
		{"tenant=nope", nil},
		{"user=nobody&user=bob", []string{all[2]}},
		{"per_page=2", all[:2]},
		{"per_page=2&page=3", all[4:]},
		{"per_page=2&page=4", nil},
		{"role=viewer&per_page=2&page=2", []string{all[3]}},
		{"role=viewer&role=admin&per_page=2&page=2", all[2:4]},
		{"role=viewer&tenant=acme&per_page=1&page=2", []string{all[3]}},
	} {
		type row struct{ User, Role, Tenant string }
		keys := func(rows []row) []string {
			var out []string
			for _, r := range rows {
				out = append(out, r.User+" "+r.Role+" "+r.Tenant)
			}
			return out
		}
		for _, o := range []Options{{}, {Envelopes: true}} {
			s := New(o)
			s.Seed(base)
			s.Seed(seed)
			var bare []row
			var wrapped struct {
				Data  []row
				Total int `json:"total_count"`
			}
			if r := do(t, s, "GET F/role_assignments?"+tc.query, ""); o.Envelopes {
				r.decode(t, &wrapped)
			} else {
				r.decode(t, &bare)
				do(t, s, "GET F/role_assignments?include_total_count=true&"+tc.query, "").decode(t, &wrapped)
				if got := keys(bare); !slices.Equal(got, tc.want) {
					t.Errorf("%s: %q, want %q", tc.query, got, tc.want)
				}
			}
			if got := keys(wrapped.Data); !slices.Equal(got, tc.want) {
				t.Errorf("%s, with total: %q, want %q", tc.query, got, tc.want)
			}
			if !strings.Contains(tc.query, "page") && wrapped.Total != len(tc.want) {
				t.Errorf("%s: total %d", tc.query, wrapped.Total)
			}
		}
	}
	runScenes(t, []scene{{name: "unknown filters", o: Options{UnknownFilter: 404}, steps: []step{
		{call: "GET F/role_assignments?user=ann&user=nobody", status: 404, all: []string{"'User'"}},
		{call: "GET F/role_assignments?role=nope", status: 404, all: []string{"'Role'"}},
		{call: "GET F/role_assignments?tenant=nope", status: 404, all: []string{"'Tenant'"}},
	}}})
}

func TestDefaultAssignmentPage(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(base)
	do(t, s, "POST F/role_assignments/bulk?missing_user_policy=create",
		jsonList(40, `{"user":"u%d","role":"admin","tenant":"acme"}`))
	var rows []any
	do(t, s, "GET F/role_assignments", "").decode(t, &rows)
	if len(rows) != 30 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	seed := State{
		Users: []User{{Key: "aa", Email: "zoe@example.com"}, {Key: "cy", FirstName: "Lee", LastName: "Ann"}},
		Assignments: []Assignment{
			{User: "aa", Role: "viewer", Tenant: "acme"}, {User: "aa", Role: "admin", Tenant: "acme", ResourceInstance: "doc:1"},
		},
	}
	order := func(query string, want ...string) scene {
		var all []string
		for _, key := range want {
			all = append(all, `"key":"`+key+`"`)
		}
		all = append(all, fmt.Sprintf(`"total_count":%d`, len(want)))
		var none []string
		for _, key := range []string{"ann", "bob", "aa", "cy"} {
			if !slices.Contains(want, key) {
				none = append(none, `"key":"`+key+`"`)
			}
		}
		return scene{
			name: query, seed: seed, steps: []step{{call: "GET F/users?" + query, status: 200, all: all, none: none}},
		}
	}
	runScenes(t, []scene{
		order("", "ann", "bob", "aa", "cy"),
		order("search=ANN", "ann", "cy"),
		order("search=ann&search_operator=contains", "ann", "cy"),
		order("search=example.com", "ann", "aa"),
		order("search=le&search_operator=startswith", "ann", "cy"),
		order("search=example.com&search_operator=startswith"),
		order("search=lee&role=admin", "ann"),
		order("role=viewer", "aa"),
		order("role=nope"),
		order("role=", "bob", "cy"),
		{name: "instance roles", seed: seed, steps: []step{
			{call: "GET F/users?search=aa", status: 200, all: []string{`"resource_instance_roles":[]`}},
			{
				call: "GET F/users?search=aa&include_resource_instance_roles=true", status: 200,
				all: []string{`"resource_instance_roles":[{"resource_instance":"1","resource":"doc","role":"admin"}]`},
			},
		}},
		{name: "pages", seed: seed, steps: []step{
			{
				call: "GET F/users?per_page=3", status: 200,
				all: []string{`"key":"ann"`, `"key":"aa"`, `"total_count":4`, `"page_count":2`}, none: []string{`"key":"cy"`},
			},
			{
				call: "GET F/users?per_page=3&page=2", status: 200, all: []string{`"key":"cy"`, `"total_count":4`},
				none: []string{`"key":"aa"`},
			},
			{call: "GET F/users?per_page=3&page=3", status: 200, all: []string{`"data":[]`, `"total_count":4`}},
			{call: "GET F/users?page=9223372036854775807", status: 200, all: []string{`"data":[]`}},
			{
				call: "GET F/users?per_page=1&page=2&search=ann", status: 200, all: []string{`"key":"cy"`, `"total_count":2`},
				none: []string{`"key":"ann"`},
			},
		}},
	})
}

func TestUserListOrderAndDefaultPage(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(State{Users: []User{{Key: "z"}, {Key: "y"}}})
	do(t, s, "PUT F/bulk/users", `{"operations":`+jsonList(40, `{"key":"u%d"}`)+`}`)
	do(t, s, "DELETE F/users/y", "")
	do(t, s, "PUT F/users/z", `{"key":"z"}`)
	var page struct {
		Data []struct{ Key string }
	}
	do(t, s, "GET F/users", "").decode(t, &page)
	if len(page.Data) != 30 || page.Data[0].Key != "z" || page.Data[1].Key != "u0" || page.Data[29].Key != "u28" {
		t.Errorf("page %v", page)
	}
}
