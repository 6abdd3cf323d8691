package permittest_test

import (
	"reflect"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	runScenes(t, []scene{
		{name: "list", steps: []step{
			{
				call: "GET S/roles", status: 200,
				all:  []string{`[{"id":`, `"key":"admin"`, `"key":"viewer"`, `"permissions":["doc:read"]`},
				none: []string{"total_count"},
			},
			{
				call: "GET S/roles?include_total_count=true", status: 200,
				all: []string{`{"data":[`, `"total_count":2`, `"page_count":1`},
			},
			{call: "GET S/roles?per_page=1&page=2", status: 200, all: []string{`"viewer"`}, none: []string{`"admin"`}},
			{call: "GET S/roles?page=2", status: 200, all: []string{"[]\n"}},
			{call: "GET S/roles?search=VIEW", status: 200, all: []string{`"viewer"`}, none: []string{`"admin"`}},
		}},
		{name: "envelopes", o: Options{Envelopes: true}, steps: []step{
			{call: "GET S/roles", status: 200, all: []string{`{"data":[`, `"total_count":2`}},
		}},
		{name: "get", steps: []step{
			{call: "GET S/roles/admin", status: 200, all: []string{`"key":"admin"`, `"description":null`, `"attributes":null`}},
			{call: "GET S/roles/nope", status: 404, all: []string{"'Role'"}},
		}},
		{name: "left out", o: Options{LeaveOut: true}, steps: []step{
			{call: "GET S/roles/admin", status: 200, all: []string{`"attributes":{}`}, none: []string{"description"}},
		}},
		{name: "post", steps: []step{
			{
				call: "POST S/roles",
				body: `{"key":"x","name":"X","description":"d","permissions":["doc:write"],` +
					`"attributes":{"k":1},"extends":["admin"]}`,
				status: 200, all: []string{`"description":"d"`, `"doc:write"`, `"k":1`, `"extends":["admin"]`},
			},
			{call: "POST S/roles", body: `{"key":"x","name":"Other"}`, status: 409, all: []string{"DUPLICATE_ENTITY"}},
			{call: "GET S/roles/x", status: 200, all: []string{`"name":"X"`}},
			{call: "POST S/roles", body: `{"key":"y","name":"Y","extends":["nope"]}`, status: 404},
			{
				call: "POST S/roles", body: `{"key":"y","name":"Y","permissions":["read"]}`, status: 400,
				all: []string{"INVALID_PERMISSION_FORMAT"},
			},
			{call: "GET S/roles/y", status: 404},
		}},
		{name: "patch", steps: []step{
			{
				call: "PATCH S/roles/admin", body: `{"description":"new"}`, status: 200,
				all: []string{`"name":"Admin"`, `"doc:read"`, `"new"`},
			},
			{
				call: "PATCH S/roles/admin", body: `{"permissions":["doc:write"],"name":"Boss"}`, status: 200,
				all: []string{`"permissions":["doc:write"]`, `"Boss"`, `"new"`},
			},
			{call: "PATCH S/roles/nope", body: `{}`, status: 404},
		}},
		{name: "permissions", steps: []step{
			{
				call: "POST S/roles/admin/permissions", body: `{"permissions":["doc:read","doc:write"]}`, status: 200,
				all: []string{`"permissions":["doc:read","doc:write"]`},
			},
			{
				call: "DELETE S/roles/admin/permissions", body: `{"permissions":["doc:read","a:b"]}`, status: 200,
				all: []string{`"permissions":["doc:write"]`},
			},
			{call: "POST S/roles/admin/permissions", body: `{"permissions":["x"]}`, status: 400},
			{call: "POST S/roles/nope/permissions", body: `{"permissions":[]}`, status: 404},
		}},
		{name: "delete", pairs: "[]", steps: []step{
			{call: "DELETE S/roles/admin", status: 204},
			{call: "DELETE S/roles/admin", status: 404},
			{call: "GET S/roles", status: 200, none: []string{`"admin"`}},
			{call: "GET F/role_assignments", status: 200, all: []string{"[]\n"}},
			{call: "GET F/users/ann", status: 200, all: []string{`"roles":[]`}},
			{call: "POST S/roles", body: `{"key":"admin","name":"A"}`, status: 200},
		}},
		{name: "bulk refusals", steps: []step{
			{call: "PUT S/bulk/roles", body: ops(`{"key":"x","name":"X"}`, `{"key":"x","name":"X"}`), status: 409},
			{
				call: "PUT S/bulk/roles", body: ops(`{"key":"x","name":"X"}`, `{"key":"y","name":"Y","resource":"nope"}`),
				status: 404, all: []string{"'Resource'"},
			},
			{
				call: "PUT S/bulk/roles", body: ops(`{"key":"x","name":"X"}`, `{"key":"y","name":"Y","permissions":["-"]}`),
				status: 400,
			},
			{call: "GET S/roles/x", status: 404},
			{
				call: "PUT S/bulk/roles", body: ops(`{"key":"x","name":"X","extends":["y"]}`, `{"key":"y","name":"Y"}`),
				status: 200,
			},
			{call: "PUT S/bulk/roles", body: ops(), status: 200, all: []string{`{"created":[],"updated":[]}`}},
		}},
	})
}

func TestRolesByID(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(base)
	var r struct{ ID string }
	do(t, s, "GET S/roles/admin", "").decode(t, &r)
	// The same number without its leading zeros is no UUID.
	short := strings.TrimLeft(r.ID[:8], "0") + r.ID[8:24] + strings.TrimLeft(r.ID[24:], "0")
	if r := do(t, s, "GET S/roles/"+short, ""); r.status != 404 {
		t.Errorf("get by %s: %d", short, r.status)
	}
	if r := do(t, s, "DELETE S/roles/"+r.ID, ""); r.status != 204 {
		t.Errorf("delete: %d %s", r.status, r.raw)
	}
	if r := do(t, s, "GET S/roles/"+r.ID, ""); r.status != 404 {
		t.Errorf("get of the deleted: %d", r.status)
	}
}

func TestPutRoles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		effect Effect
		want   Role
	}{
		{0, Role{Key: "admin", Name: "Boss"}},
		{Clear, Role{Key: "admin", Name: "Boss"}},
		{
			Keep,
			Role{
				Key: "admin", Name: "Boss", Description: "d", Permissions: []string{"doc:read"},
				Attributes: map[string]any{"k": "v"},
			},
		},
	} {
		s := New(Options{PutRoleOmitted: tc.effect})
		s.Seed(base)
		do(t, s, "PATCH S/roles/admin", `{"description":"d","attributes":{"k":"v"}}`)
		r := do(t, s, "PUT S/bulk/roles",
			ops(`{"key":"new","name":"New","description":"n"}`, `{"key":"admin","name":"Boss"}`))
		if want := `{"created":["new"],"updated":["admin"]}`; strings.TrimSpace(r.raw) != want {
			t.Errorf("answer %s, want %s", r.raw, want)
		}
		st := s.State()
		if !reflect.DeepEqual(st.Roles[0], tc.want) {
			t.Errorf("effect %d: %+v, want %+v", tc.effect, st.Roles[0], tc.want)
		}
		if want := (Role{Key: "new", Name: "New", Description: "n"}); !reflect.DeepEqual(st.Roles[1], want) {
			t.Errorf("%+v, want %+v", st.Roles[1], want)
		}
		if len(st.Assignments) != 1 {
			t.Errorf("assignments %v", st.Assignments)
		}
	}
}
