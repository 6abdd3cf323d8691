package permittest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestBulkAssignments(t *testing.T) {
	t.Parallel()
	const (
		post    = "POST F/role_assignments/bulk"
		good    = `{"user":"bob","role":"viewer","tenant":"acme"}`
		again   = `{"user":"ann","role":"admin","tenant":"default"}`
		nobody  = `{"user":"nobody","role":"viewer","tenant":"acme"}`
		bobView = "{bob viewer acme }"
	)
	only := "[" + annAdmin + "]"
	both := "[" + annAdmin + " " + bobView + "]"
	batch := func(rows ...string) string { return "[" + strings.Join(rows, ",") + "]" }
	created := func(n int) []string { return []string{fmt.Sprintf(`{"assignments_created":%d}`, n)} }
	play(t, []scene{
		{name: "create", pairs: both, steps: []step{
			{call: post, body: batch(good), status: 200, all: created(1)},
			{call: post, body: batch(), status: 200, all: created(0)},
		}},
		{name: "assigned, conflict", pairs: only, steps: []step{
			{call: post, body: batch(good, again), status: 409, all: []string{"DUPLICATE_ENTITY"}},
			{call: post, body: batch(good, good), status: 409},
		}},
		{name: "assigned, skip", o: Options{AssignedPair: Skip}, pairs: both, steps: []step{
			{call: post, body: batch(good, again, good), status: 200, all: created(1)},
		}},
		{name: "unknown user", pairs: only, steps: []step{
			{call: post, body: batch(good, nobody), status: 404, all: []string{"NOT_FOUND", "The requested data could not be found, we could not find 'User' with the given filters (id='nobody')"}},
			{call: post + "?missing_user_policy=fail", body: batch(good, nobody), status: 404},
		}},
		{name: "unknown user, ignore", pairs: both, users: "[" + annWhole + " " + bobWhole + "]", steps: []step{
			{call: post + "?missing_user_policy=ignore", body: batch(good, nobody), status: 200, all: created(1)},
		}},
		{name: "unknown user, create", pairs: "[" + annAdmin + " " + bobView + " {nobody admin acme } {nobody viewer acme }]", users: "[" + annWhole + " " + bobWhole + " {nobody    map[]}]", steps: []step{
			{call: post + "?missing_user_policy=create", body: batch(good, nobody, `{"user":"nobody","role":"admin","tenant":"acme"}`), status: 200, all: created(3)},
		}},
		{name: "create refuses", pairs: only, users: "[" + annWhole + " " + bobWhole + "]", steps: []step{
			{call: post + "?missing_user_policy=create", body: batch(nobody, again), status: 409},
			{call: post + "?missing_user_policy=create", body: batch(nobody, `{"user":"a b","role":"admin","tenant":"acme"}`), status: 422, all: []string{`["body",1,"user"]`}},
		}},
		{name: "unknown role", pairs: only, steps: []step{
			{call: post, body: batch(good, `{"user":"bob","role":"nope","tenant":"acme"}`), status: 404, all: []string{"'Role'"}},
			{call: post + "?missing_user_policy=ignore", body: batch(`{"user":"nobody","role":"nope","tenant":"acme"}`), status: 404},
		}},
		{name: "unknown role, 422", o: Options{UnknownRole: 422}, pairs: only, steps: []step{
			{call: post, body: batch(good, `{"user":"bob","role":"nope","tenant":"acme"}`), status: 422, all: []string{"INVALID_INPUT", "'Role'"}},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"nope","tenant":"acme"}`, status: 422},
			{call: "PUT F/bulk/users", body: ops(`{"key":"x","role_assignments":[{"role":"nope","tenant":"acme"}]}`), status: 422},
		}},
		{name: "unknown tenant", pairs: only, steps: []step{
			{call: post, body: batch(good, `{"user":"bob","role":"admin","tenant":"nope"}`), status: 404, all: []string{"'Tenant'"}},
		}},
		{name: "no tenant", pairs: only, steps: []step{
			{call: post, body: batch(good, `{"user":"bob","role":"admin"}`), status: 422, all: []string{`["body",1,"__root__"]`}},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"admin"}`, status: 422},
		}},
		{name: "no tenant, 400", o: Options{MissingTenant: 400}, pairs: only, steps: []step{
			{call: post, body: batch(good, `{"user":"bob","role":"admin"}`), status: 400, all: []string{"INVALID_INPUT"}},
		}},
		{name: "not by e-mail", steps: []step{
			{call: post, body: batch(`{"user":"ann@example.com","role":"admin","tenant":"acme"}`), status: 404},
		}},
		{name: "delete", pairs: "[]", steps: []step{
			{call: "DELETE F/role_assignments/bulk", body: batch(again, good, nobody, again), status: 200, all: []string{`{"assignments_removed":1}`}},
			{call: "GET F/role_assignments", status: 200, all: []string{"[]\n"}},
			{call: "DELETE F/role_assignments/bulk", body: "[]", status: 200, all: []string{`{"assignments_removed":0}`}},
		}},
		{name: "delete of the unknown", o: Options{UnknownIdent: 404}, pairs: only, steps: []step{
			{call: "DELETE F/role_assignments/bulk", body: batch(again, good), status: 404},
		}},
	})
}

func TestOneAssignment(t *testing.T) {
	t.Parallel()
	play(t, []scene{
		{name: "post", pairs: "[{ann admin acme } " + annAdmin + " {bob admin acme }]", steps: []step{
			{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme"}`, status: 200, all: []string{`"user":"ann@example.com"`, `"role":"admin"`, `"tenant":"acme"`}, none: []string{"resource_instance"}},
			{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme"}`, status: 409, all: []string{"DUPLICATE_ENTITY"}},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"acme"}`, status: 200, all: []string{`"user":"bob"`}},
			{call: "GET F/role_assignments?user=ann", status: 200, all: []string{`"user":"ann"`}, none: []string{"example.com"}},
			{call: "POST F/role_assignments", body: `{"user":"nobody","role":"admin","tenant":"acme"}`, status: 404},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"nope"}`, status: 404},
		}},
		{name: "post to a user", pairs: "[{ann viewer acme } " + annAdmin + "]", steps: []step{
			{call: "POST F/users/ann/roles", body: `{"role":"viewer","tenant":"acme"}`, status: 200, all: []string{`"role":"viewer"`}},
			{call: "POST F/users/ann/roles", body: `{"role":"viewer","tenant":"acme"}`, status: 409},
			{call: "POST F/users/nobody/roles", body: `{"role":"viewer","tenant":"acme"}`, status: 404},
		}},
		{name: "delete", pairs: "[]", steps: []step{
			{call: "DELETE F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 204},
			{call: "DELETE F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 404},
			{call: "DELETE F/role_assignments", body: `{"user":"nobody","role":"admin","tenant":"default"}`, status: 404, all: []string{"'User'"}},
			{call: "DELETE F/role_assignments", body: `{"user":"ann","role":"nope","tenant":"default"}`, status: 404, all: []string{"'Role'"}},
			{call: "DELETE F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"nope"}`, status: 404, all: []string{"'Tenant'"}},
			{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 200},
			{call: "DELETE F/role_assignments?return_deleted=true", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 200, all: []string{`"role":"admin"`}},
		}},
		{name: "resource instances", pairs: "[{ann admin acme doc:1} " + annAdmin + "]", steps: []step{
			{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","resource_instance":"doc:1"}`, status: 404, all: []string{"'ResourceInstance'"}},
			{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme","resource_instance":"doc"}`, status: 404},
			{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"acme","resource_instance":"doc:1"}`, status: 200, all: []string{`"resource_instance":"doc:1"`, `"resource_instance_id":"`}},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"admin","resource_instance":"doc:1"}`, status: 200, all: []string{`"tenant":"acme"`}},
			{call: "PUT F/bulk/users", body: ops(`{"key":"x","role_assignments":[{"role":"admin","tenant":"default","resource_instance":"doc:1"}]}`), status: 409, all: []string{"MISMATCH_RESOURCE_INSTANCES_TENANTS"}},
			{call: "POST F/role_assignments/bulk", body: `[{"user":"bob","role":"admin","tenant":"acme","resource_instance":"doc:2"},{"user":"bob","role":"admin","tenant":"default","resource_instance":"doc:2"}]`, status: 409},
			{call: "GET F/role_assignments?resource=doc", status: 200, all: []string{`"ann"`, `"bob"`}, none: []string{`"tenant":"default"`}},
			{call: "GET F/role_assignments?resource=do", status: 200, all: []string{"[]\n"}},
			{call: "GET F/role_assignments?resource_instance=doc:1&user=bob", status: 200, all: []string{`"bob"`}, none: []string{`"ann"`}},
			{call: "DELETE F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"acme","resource_instance":"doc:2"}`, status: 404, all: []string{"'ResourceInstance'"}},
			{call: "DELETE F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"acme"}`, status: 404},
			{call: "DELETE F/role_assignments", body: `{"user":"bob","role":"admin","tenant":"acme","resource_instance":"doc:1"}`, status: 204},
		}},
	})
}

func TestAssignmentsByID(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(base)
	id := func(call string) string {
		var v struct{ ID string }
		do(t, s, call, "").into(t, &v)
		return v.ID
	}
	row := fmt.Sprintf(`{"user":%q,"role":%q,"tenant":%q}`, id("GET F/users/bob"), id("GET S/roles/viewer"), strings.ToUpper(id("GET F/tenants/acme")))
	if r := do(t, s, "POST F/role_assignments/bulk", "["+row+"]"); r.status != 200 {
		t.Fatalf("assign: %d %s", r.status, r.raw)
	}
	if got := s.State().Assignments; len(got) != 2 || got[1] != (Assignment{User: "bob", Role: "viewer", Tenant: "acme"}) {
		t.Errorf("assignments %v", got)
	}
	r := do(t, s, "GET F/role_assignments?user="+id("GET F/users/bob")+"&role="+id("GET S/roles/viewer")+"&tenant="+id("GET F/tenants/acme"), "")
	if !strings.Contains(r.raw, `"user":"bob"`) {
		t.Errorf("list: %s", r.raw)
	}
	if r := do(t, s, "DELETE F/role_assignments", row); r.status != 204 {
		t.Errorf("delete: %d %s", r.status, r.raw)
	}
	// An id of another kind is no id.
	if r := do(t, s, "GET S/roles/"+id("GET F/users/bob"), ""); r.status != 404 {
		t.Errorf("a user's id among the roles: %d", r.status)
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
				r.into(t, &wrapped)
			} else {
				r.into(t, &bare)
				do(t, s, "GET F/role_assignments?include_total_count=true&"+tc.query, "").into(t, &wrapped)
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
	play(t, []scene{{name: "unknown filters", o: Options{UnknownFilter: 404}, steps: []step{
		{call: "GET F/role_assignments?user=ann&user=nobody", status: 404, all: []string{"'User'"}},
		{call: "GET F/role_assignments?role=nope", status: 404, all: []string{"'Role'"}},
		{call: "GET F/role_assignments?tenant=nope", status: 404, all: []string{"'Tenant'"}},
	}}})
}

func TestDefaultAssignmentPage(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(base)
	do(t, s, "POST F/role_assignments/bulk?missing_user_policy=create", list(40, `{"user":"u%d","role":"admin","tenant":"acme"}`))
	var rows []any
	do(t, s, "GET F/role_assignments", "").into(t, &rows)
	if len(rows) != 30 {
		t.Errorf("%d rows", len(rows))
	}
}
