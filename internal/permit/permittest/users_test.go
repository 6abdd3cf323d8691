package permittest_test

import (
	"fmt"
	"slices"
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestBulkUsers(t *testing.T) {
	t.Parallel()
	play(t, []scene{
		{
			name: "put creates and replaces", users: "[{ann    map[]} {auth0|1 New@example.com N W map[x:map[y:[1 <nil>]]]} {bob    map[]}]",
			steps: []step{{
				call: "PUT F/bulk/users", status: 200, all: []string{"{}\n"},
				body: ops(`{"key":"ann"}`, `{"key":"auth0|1","email":"New@example.com","first_name":"N","last_name":"W","attributes":{"x":{"y":[1,null]}}}`),
			}},
		},
		{
			name: "put keeps what is omitted", o: Options{PutOmitted: Keep}, users: "[{ann ann@example.com Ann Roe map[a:1]} " + bobWhole + "]",
			steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","last_name":"Roe"}`), status: 200}},
		},
		{
			name: "a given empty object clears", o: Options{PutOmitted: Keep}, users: "[{ann ann@example.com Ann Lee map[]} " + bobWhole + "]",
			steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","attributes":{}}`), status: 200}},
		},
		{
			name: "put of nothing", users: "[" + annWhole + " " + bobWhole + "]",
			steps: []step{{call: "PUT F/bulk/users", body: ops(), status: 200}},
		},
		{
			name: "key twice", users: "[" + annWhole + " " + bobWhole + "]",
			steps: []step{
				{call: "PUT F/bulk/users", body: ops(`{"key":"new"}`, `{"key":"new"}`), status: 409, all: []string{"DUPLICATE_ENTITY"}},
				{call: "POST F/bulk/users", body: ops(`{"key":"new"}`, `{"key":"new"}`), status: 409},
			},
		},
		{
			name: "post is all or nothing", users: "[" + annWhole + " " + bobWhole + " {x    map[]}]",
			steps: []step{
				{call: "POST F/bulk/users", body: ops(`{"key":"new"}`, `{"key":"ann"}`), status: 409, all: []string{"DUPLICATE_ENTITY"}},
				{call: "POST F/bulk/users", body: ops(`{"key":"x"}`), status: 200, all: []string{"{}\n"}},
			},
		},
		{
			name: "delete", users: "[" + bobWhole + "]", pairs: "[]",
			steps: []step{
				{call: "DELETE F/bulk/users", body: `{"idents":[]}`, status: 400, all: []string{"idents list was empty"}},
				{call: "DELETE F/bulk/users", body: `{"idents":["ann","nobody","ann"]}`, status: 200, all: []string{"{}\n"}},
				{call: "GET F/users", status: 200, all: []string{`"total_count":1`}, none: []string{"ann"}},
				{call: "GET F/role_assignments", status: 200, all: []string{"[]\n"}},
				{call: "PUT F/bulk/users", body: ops(`{"key":"bob"}`), status: 200},
			},
		},
		{
			name: "delete of nobody", o: Options{UnknownIdent: 404}, users: "[" + annWhole + " " + bobWhole + "]",
			steps: []step{{call: "DELETE F/bulk/users", body: `{"idents":["ann","nobody"]}`, status: 404, all: []string{"'User'"}}},
		},
	})
}

func TestEmailIsUnique(t *testing.T) {
	t.Parallel()
	same := "[" + annWhole + " " + bobWhole + "]"
	taken := func(name, call, body string, seed State, users string) []scene {
		return []scene{
			{name: name + " 409", seed: seed, users: users, steps: []step{{call: call, body: body, status: 409, all: []string{"DUPLICATE_ENTITY"}}}},
			{name: name + " 422", o: Options{DuplicateEmail: 422}, seed: seed, users: users, steps: []step{{call: call, body: body, status: 422, all: []string{"error_code"}}}},
		}
	}
	cy := State{Users: []User{{Key: "cy", Email: "cy@example.com"}}}
	var scenes []scene
	for _, s := range [][]scene{
		taken("bulk put", "PUT F/bulk/users", ops(`{"key":"new"}`, `{"key":"bob","email":"ANN@example.com"}`), State{}, same),
		taken("bulk post", "POST F/bulk/users", ops(`{"key":"new"}`, `{"key":"x","email":"ann@Example.com"}`), State{}, same),
		taken("within a batch", "PUT F/bulk/users", ops(`{"key":"x","email":"x@example.com"}`, `{"key":"y","email":"X@example.com"}`), State{}, same),
		taken("put", "PUT F/users/x", `{"key":"x","email":"ann@example.com"}`, State{}, same),
		taken("post", "POST F/users", `{"key":"x","email":"ann@example.com"}`, State{}, same),
		taken("patch", "PATCH F/users/bob", `{"email":"ann@example.com"}`, State{}, same),
		taken("swap", "PUT F/bulk/users", ops(`{"key":"ann","email":"cy@example.com"}`, `{"key":"cy","email":"ann@example.com"}`), cy, "["+annWhole+" "+bobWhole+" {cy cy@example.com   map[]}]"),
		taken("taken before it is given up", "PUT F/bulk/users", ops(`{"key":"bob","email":"ann@example.com"}`, `{"key":"ann"}`), State{}, same),
		{
			{
				name: "given up before it is taken", users: "[{ann    map[]} {bob ann@example.com   map[]}]",
				steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann"}`, `{"key":"bob","email":"ann@example.com"}`), status: 200}},
			},
			{
				name: "kept by an omission", o: Options{PutOmitted: Keep}, users: same,
				steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann"}`, `{"key":"bob","email":"ann@example.com"}`), status: 409}},
			},
			{
				name: "own in another case", users: "[{ann ANN@example.com   map[]} " + bobWhole + "]",
				steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","email":"ANN@example.com"}`), status: 200}},
			},
			{
				name: "free after deletion", users: "[{bob ann@example.com   map[]}]",
				steps: []step{
					{call: "DELETE F/users/ann", status: 204},
					{call: "PATCH F/users/bob", body: `{"email":"ann@example.com"}`, status: 200},
				},
			},
			{
				name: "free after a change", steps: []step{
					{call: "PATCH F/users/ann", body: `{"email":"lee@example.com"}`, status: 200},
					{call: "PATCH F/users/bob", body: `{"email":"ann@example.com"}`, status: 200},
					{call: "POST F/users", body: `{"key":"x","email":"lee@example.com"}`, status: 409},
				},
			},
			{
				name: "stored in lower case", o: Options{LowerEmails: true}, users: "[" + annWhole + " {bob bob@example.com   map[]}]",
				steps: []step{
					{call: "PUT F/bulk/users", body: ops(`{"key":"bob","email":"Bob@Example.com"}`), status: 200},
					{call: "GET F/users/bob", status: 200, all: []string{`"email":"bob@example.com"`}},
				},
			},
		},
	} {
		scenes = append(scenes, s...)
	}
	play(t, scenes)
}

func TestOneUser(t *testing.T) {
	t.Parallel()
	play(t, []scene{
		{name: "get", steps: []step{
			{call: "GET F/users/ann", status: 200, all: []string{
				`"key":"ann"`, `"attributes":{"a":1}`, `"status":"pending"`,
				`"associated_tenants":[{"tenant":"default","roles":["admin"],`, `"roles":[{"role":"admin","tenant":"default"}]`,
			}},
			{call: "GET F/users/bob", status: 200, all: []string{`"attributes":{}`, `"associated_tenants":[]`, `"roles":[]`}, none: []string{"email", "first_name", "last_name"}},
			{call: "GET F/users/ANN", status: 404},
		}},
		{name: "get with nulls", o: Options{Nulls: true}, steps: []step{
			{call: "GET F/users/bob", status: 200, all: []string{`"email":null`, `"first_name":null`, `"last_name":null`}},
		}},
		{name: "post", users: "[" + annWhole + " " + bobWhole + " {x x@example.com   map[]}]", pairs: "[" + annAdmin + " {x viewer acme }]", steps: []step{
			{call: "POST F/users", status: 201, body: `{"key":"x","email":"x@example.com","role_assignments":[{"role":"viewer","tenant":"acme"}]}`, all: []string{`"key":"x"`, `"roles":["viewer"]`}},
			{call: "POST F/users", status: 409, body: `{"key":"x"}`, all: []string{"DUPLICATE_ENTITY"}},
		}},
		{name: "put", users: "[{ann   R map[]} " + bobWhole + " {x    map[]}]", steps: []step{
			{call: "PUT F/users/x", body: `{"key":"x"}`, status: 201, all: []string{`"key":"x"`}},
			{call: "PUT F/users/ann", body: `{"key":"ann","last_name":"R"}`, status: 200, all: []string{`"last_name":"R"`}},
			{call: "PUT F/users/x", body: `{"key":"y"}`, status: 422, all: []string{`"loc":["body","key"]`}},
		}},
		{name: "put keeps", o: Options{PutOmitted: Keep}, users: "[{ann ann@example.com Ann R map[a:1]} " + bobWhole + "]", steps: []step{
			{call: "PUT F/users/ann", body: `{"key":"ann","last_name":"R"}`, status: 200},
		}},
		{name: "patch", users: "[{ann ann@example.com An Lee map[b:2]} " + bobWhole + "]", steps: []step{
			{call: "PATCH F/users/ann", body: `{"first_name":"An","attributes":{"b":2}}`, status: 200, all: []string{`"attributes":{"b":2}`}},
			{call: "PATCH F/users/nobody", body: `{}`, status: 404},
		}},
		{name: "delete", users: "[" + bobWhole + "]", pairs: "[]", steps: []step{
			{call: "DELETE F/users/ann", status: 204},
			{call: "DELETE F/users/ann", status: 404},
			{call: "GET F/users/ann", status: 404},
		}},
		{name: "digits of a number", seed: State{}, steps: []step{
			{call: "PATCH F/users/bob", body: `{"attributes":{"n":12345678901234567890.10}}`, status: 200, all: []string{"12345678901234567890.10"}},
			{call: "PATCH F/users/bob", body: `{"attributes":{"n":1e999}}`, status: 200},
		}},
	})
}

func TestUsersByID(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(base)
	var u struct{ ID string }
	do(t, s, "GET F/users/ann", "").into(t, &u)
	if r := do(t, s, "GET F/users/"+u.ID, ""); r.status != 200 {
		t.Errorf("get: %d", r.status)
	}
	if r := do(t, s, "PUT F/users/"+u.ID, `{"key":"ann"}`); r.status != 200 {
		t.Errorf("put: %d %s", r.status, r.raw)
	}
	if r := do(t, s, "POST F/role_assignments", `{"user":"`+u.ID+`","role":"viewer","tenant":"acme"}`); r.status != 200 {
		t.Errorf("assign: %d %s", r.status, r.raw)
	}
	if r := do(t, s, "DELETE F/bulk/users", `{"idents":["`+u.ID+`","ann"]}`); r.status != 200 || len(s.State().Users) != 1 {
		t.Errorf("delete: %d %v", r.status, s.State())
	}
	if r := do(t, s, "GET F/users/"+u.ID, ""); r.status != 404 {
		t.Errorf("get of the deleted: %d", r.status)
	}
}

// What a PUT does to assignments, without and with a list, under each effect.
func TestPutAssignments(t *testing.T) {
	t.Parallel()
	with := `{"key":"ann","role_assignments":[{"role":"viewer","tenant":"acme"},{"role":"viewer","tenant":"acme"}]}`
	again := `{"key":"ann","role_assignments":[{"role":"admin","tenant":"default"}]}`
	none := `{"key":"ann","role_assignments":[]}`
	without := `{"key":"ann"}`
	const acme = "{ann viewer acme }"
	var scenes []scene
	for _, tc := range []struct {
		effect Effect
		body   string
		want   string
	}{
		{0, without, annAdmin},
		{0, with, acme + " " + annAdmin},
		{Keep, again, annAdmin},
		{Keep, none, annAdmin},
		{Clear, without, ""},
		{Clear, with, acme},
		{Clear, again, annAdmin},
		{Replace, without, annAdmin},
		{Replace, with, acme},
		{Replace, none, ""},
	} {
		want := "[" + tc.want + "]"
		name := fmt.Sprintf("%d %s", tc.effect, tc.body)
		scenes = append(scenes,
			scene{name: "bulk " + name, o: Options{PutAssignments: tc.effect}, pairs: want, steps: []step{{call: "PUT F/bulk/users", body: ops(tc.body), status: 200}}},
			scene{name: "one " + name, o: Options{PutAssignments: tc.effect}, pairs: want, steps: []step{{call: "PUT F/users/ann", body: tc.body, status: 200}}})
	}
	bad := func(assignment string) string {
		return ops(`{"key":"x"}`, `{"key":"y","role_assignments":[`+assignment+`]}`)
	}
	same := "[" + annWhole + " " + bobWhole + "]"
	for _, call := range []string{"PUT F/bulk/users", "POST F/bulk/users"} {
		scenes = append(scenes,
			scene{name: call + " new user", pairs: "[" + annAdmin + " {y admin acme }]", steps: []step{{call: call, body: bad(`{"role":"admin","tenant":"acme"}`), status: 200}}},
			scene{name: call + " unknown", users: same, steps: []step{
				{call: call, body: bad(`{"role":"nope","tenant":"acme"}`), status: 404, all: []string{"'Role'", "id='nope'"}},
				{call: call, body: bad(`{"role":"admin","tenant":"nope"}`), status: 404, all: []string{"'Tenant'", "id='nope'"}},
				{call: call, body: bad(`{"role":"admin"}`), status: 422},
			}})
	}
	play(t, scenes)
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	seed := State{
		Users:       []User{{Key: "aa", Email: "zoe@example.com"}, {Key: "cy", FirstName: "Lee", LastName: "Ann"}},
		Assignments: []Assignment{{User: "aa", Role: "viewer", Tenant: "acme"}, {User: "aa", Role: "admin", Tenant: "acme", ResourceInstance: "doc:1"}},
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
		return scene{name: query, seed: seed, steps: []step{{call: "GET F/users?" + query, status: 200, all: all, none: none}}}
	}
	play(t, []scene{
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
			{call: "GET F/users?search=aa&include_resource_instance_roles=true", status: 200, all: []string{`"resource_instance_roles":[{"resource_instance":"1","resource":"doc","role":"admin"}]`}},
		}},
		{name: "pages", seed: seed, steps: []step{
			{call: "GET F/users?per_page=3", status: 200, all: []string{`"key":"ann"`, `"key":"aa"`, `"total_count":4`, `"page_count":2`}, none: []string{`"key":"cy"`}},
			{call: "GET F/users?per_page=3&page=2", status: 200, all: []string{`"key":"cy"`, `"total_count":4`}, none: []string{`"key":"aa"`}},
			{call: "GET F/users?per_page=3&page=3", status: 200, all: []string{`"data":[]`, `"total_count":4`}},
			{call: "GET F/users?page=9223372036854775807", status: 200, all: []string{`"data":[]`}},
			{call: "GET F/users?per_page=1&page=2&search=ann", status: 200, all: []string{`"key":"cy"`, `"total_count":2`}, none: []string{`"key":"ann"`}},
		}},
	})
}

func TestUserListOrderAndDefaultPage(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Seed(State{Users: []User{{Key: "z"}, {Key: "y"}}})
	do(t, s, "PUT F/bulk/users", `{"operations":`+list(40, `{"key":"u%d"}`)+`}`)
	do(t, s, "DELETE F/users/y", "")
	do(t, s, "PUT F/users/z", `{"key":"z"}`)
	var page struct {
		Data []struct{ Key string }
	}
	do(t, s, "GET F/users", "").into(t, &page)
	if len(page.Data) != 30 || page.Data[0].Key != "z" || page.Data[1].Key != "u0" || page.Data[29].Key != "u28" {
		t.Errorf("page %v", page)
	}
}
