package permittest_test

import (
	"fmt"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

// Two users may share an email, each in its own case.
func TestEmailIsShared(t *testing.T) {
	t.Parallel()
	both := "[" + annWhole + " {bob ANN@example.com   map[]}]"
	for _, call := range []struct{ call, body string }{
		{"PUT F/bulk/users", ops(`{"key":"bob","email":"ANN@example.com"}`)},
		{"PUT F/users/bob", `{"key":"bob","email":"ANN@example.com"}`},
		{"PATCH F/users/bob", `{"email":"ANN@example.com"}`},
	} {
		runScenes(t, []scene{{
			name: call.call, users: both, steps: []step{
				{call: call.call, body: call.body, status: 200},
				{call: "GET F/users?search=ann@", status: 200, all: []string{`"ann@example.com"`, `"ANN@example.com"`}},
			},
		}})
	}
	runScenes(t, []scene{
		{
			name: "new users", users: "[" + annWhole + " " + bobWhole +
				" {x ann@example.com   map[]} {y ann@example.com   map[]} {z ann@example.com   map[]}]",
			steps: []step{
				{call: "POST F/users", body: `{"key":"x","email":"ann@example.com"}`, status: 201},
				{
					call: "POST F/bulk/users", status: 200,
					body: ops(`{"key":"y","email":"ann@example.com"}`, `{"key":"z","email":"ann@example.com"}`),
				},
			},
		},
		{
			name: "swap", seed: State{Users: []User{{Key: "bob", Email: "bob@example.com"}}},
			users: "[{ann bob@example.com   map[]} {bob ann@example.com   map[]}]",
			steps: []step{{
				call: "PUT F/bulk/users", status: 200,
				body: ops(`{"key":"ann","email":"bob@example.com"}`, `{"key":"bob","email":"ann@example.com"}`),
			}},
		},
		{
			name: "seeded, and one of them goes", seed: State{Users: []User{{Key: "bob", Email: "ann@example.com"}}},
			users: "[" + annWhole + "]", steps: []step{{call: "DELETE F/users/bob", status: 204}},
		},
	})
}

// If emails are unique, their case does not matter, and a refusal changes nothing.
func TestEmailIsUnique(t *testing.T) {
	t.Parallel()
	taken := func(name, call, body string, seed State, users string) []scene {
		return []scene{
			{
				name: name + " 409", seed: seed, users: users,
				steps: []step{{call: call, body: body, status: 409, all: []string{"DUPLICATE_ENTITY"}}},
			},
			{
				name: name + " 422", o: Options{DuplicateEmail: 422}, seed: seed, users: users,
				steps: []step{{call: call, body: body, status: 422, all: []string{"error_code"}}},
			},
		}
	}
	cy := State{Users: []User{{Key: "cy", Email: "cy@example.com"}}}
	var scenes []scene
	for _, s := range [][]scene{
		taken("bulk put", "PUT F/bulk/users", ops(`{"key":"new"}`, `{"key":"bob","email":"ANN@example.com"}`), State{},
			baseUsers),
		taken("bulk post", "POST F/bulk/users", ops(`{"key":"new"}`, `{"key":"x","email":"ann@Example.com"}`), State{},
			baseUsers),
		taken("within a batch", "PUT F/bulk/users",
			ops(`{"key":"x","email":"x@example.com"}`, `{"key":"y","email":"X@example.com"}`), State{}, baseUsers),
		taken("put", "PUT F/users/x", `{"key":"x","email":"ann@example.com"}`, State{}, baseUsers),
		taken("post", "POST F/users", `{"key":"x","email":"ann@example.com"}`, State{}, baseUsers),
		taken("patch", "PATCH F/users/bob", `{"email":"ann@example.com"}`, State{}, baseUsers),
		taken("swap", "PUT F/bulk/users",
			ops(`{"key":"ann","email":"cy@example.com"}`, `{"key":"cy","email":"ann@example.com"}`),
			cy, "["+annWhole+" "+bobWhole+" {cy cy@example.com   map[]}]"),
		taken("taken before it is given up", "PUT F/bulk/users",
			ops(`{"key":"bob","email":"ann@example.com"}`, `{"key":"ann"}`), State{}, baseUsers),
		{
			{
				name: "given up before it is taken", users: "[{ann    map[]} {bob ann@example.com   map[]}]",
				steps: []step{
					{call: "PUT F/bulk/users", body: ops(`{"key":"ann"}`, `{"key":"bob","email":"ann@example.com"}`), status: 200},
				},
			},
			{
				name: "kept by an omission", o: Options{PutOmitted: Keep}, users: baseUsers,
				steps: []step{
					{call: "PUT F/bulk/users", body: ops(`{"key":"ann"}`, `{"key":"bob","email":"ann@example.com"}`), status: 409},
				},
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
				name: "stored in lower case", o: Options{LowerEmails: true},
				users: "[" + annWhole + " {bob bob@example.com   map[]}]",
				steps: []step{
					{call: "PUT F/bulk/users", body: ops(`{"key":"bob","email":"Bob@Example.com"}`), status: 200},
					{call: "GET F/users/bob", status: 200, all: []string{`"email":"bob@example.com"`}},
				},
			},
		},
	} {
		scenes = append(scenes, s...)
	}
	for i := range scenes {
		if o := &scenes[i].o; o.DuplicateEmail == 0 {
			o.DuplicateEmail = 409
		}
	}
	runScenes(t, scenes)
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
