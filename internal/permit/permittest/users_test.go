package permittest_test

import (
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestOneUser(t *testing.T) {
	t.Parallel()
	runScenes(t, []scene{
		{name: "get", steps: []step{
			{call: "GET F/users/ann", status: 200, all: []string{
				`"key":"ann"`, `"attributes":{"a":1}`, `"status":"pending"`,
				`"associated_tenants":[{"tenant":"default","roles":["admin"],`, `"roles":[{"role":"admin","tenant":"default"}]`,
			}},
			{call: "GET F/users/bob", status: 200, all: []string{`"associated_tenants":[]`, `"roles":[]`}},
			{call: "GET F/users/ANN", status: 404},
		}},
		{name: "get one who has nothing", steps: []step{
			{
				call: "GET F/users/bob", status: 200,
				all: []string{`"email":null`, `"first_name":null`, `"last_name":null`, `"attributes":null`},
			},
			{call: "PUT F/users/bob", body: `{"key":"bob","attributes":{}}`, status: 200, all: []string{`"attributes":{}`}},
		}},
		{name: "get one, left out", o: Options{LeaveOut: true}, steps: []step{
			{
				call: "GET F/users/bob", status: 200, all: []string{`"attributes":{}`},
				none: []string{"email", "first_name", "last_name", "null"},
			},
		}},
		{
			name: "post", users: "[" + annWhole + " " + bobWhole + " {x x@example.com   map[]}]",
			pairs: "[" + annAdmin + " {x viewer acme }]",
			steps: []step{
				{
					call: "POST F/users", status: 201,
					body: `{"key":"x","email":"x@example.com","role_assignments":[{"role":"viewer","tenant":"acme"}]}`,
					all:  []string{`"key":"x"`, `"roles":["viewer"]`},
				},
				{call: "POST F/users", status: 409, body: `{"key":"x"}`, all: []string{"DUPLICATE_ENTITY"}},
			},
		},
		{name: "put", users: "[{ann   R map[]} " + bobWhole + " {x    map[]}]", steps: []step{
			{call: "PUT F/users/x", body: `{"key":"x"}`, status: 201, all: []string{`"key":"x"`}},
			{call: "PUT F/users/ann", body: `{"key":"ann","last_name":"R"}`, status: 200, all: []string{`"last_name":"R"`}},
			{call: "PUT F/users/x", body: `{"key":"y"}`, status: 422, all: []string{`"loc":["body","key"]`}},
		}},
		{
			name: "put keeps", o: Options{PutOmitted: Keep}, users: "[{ann ann@example.com Ann R map[a:1]} " + bobWhole + "]",
			steps: []step{
				{call: "PUT F/users/ann", body: `{"key":"ann","last_name":"R"}`, status: 200},
			},
		},
		{name: "patch", users: "[{ann ann@example.com An Lee map[b:2]} " + bobWhole + "]", steps: []step{
			{
				call: "PATCH F/users/ann", body: `{"first_name":"An","attributes":{"b":2}}`, status: 200,
				all: []string{`"attributes":{"b":2}`},
			},
			{call: "PATCH F/users/nobody", body: `{}`, status: 404},
		}},
		{name: "delete", users: "[" + bobWhole + "]", pairs: "[]", steps: []step{
			{call: "DELETE F/users/ann", status: 204},
			{call: "DELETE F/users/ann", status: 404},
			{call: "GET F/users/ann", status: 404},
		}},
		{name: "digits of a number", seed: State{}, steps: []step{
			{
				call: "PATCH F/users/bob", body: `{"attributes":{"n":12345678901234567890.10}}`, status: 200,
				all: []string{"12345678901234567890.10"},
			},
			{call: "PATCH F/users/bob", body: `{"attributes":{"n":1e999}}`, status: 200},
		}},
	})
}

func TestUsersByID(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(base)
	var u struct{ ID string }
	do(t, s, "GET F/users/ann", "").decode(t, &u)
	if r := do(t, s, "GET F/users/"+u.ID, ""); r.status != 200 {
		t.Errorf("get: %d", r.status)
	}
	if r := do(t, s, "PUT F/users/"+u.ID, `{"key":"ann"}`); r.status != 200 {
		t.Errorf("put: %d %s", r.status, r.raw)
	}
	if r := do(t, s, "POST F/role_assignments", `{"user":"`+u.ID+`","role":"viewer","tenant":"acme"}`); r.status != 200 {
		t.Errorf("assign: %d %s", r.status, r.raw)
	}
	r := do(t, s, "DELETE F/bulk/users", `{"idents":["`+u.ID+`","ann"]}`)
	if r.status != 200 || len(s.State().Users) != 1 {
		t.Errorf("delete: %d %v", r.status, s.State())
	}
	if r := do(t, s, "GET F/users/"+u.ID, ""); r.status != 404 {
		t.Errorf("get of the deleted: %d", r.status)
	}
}
