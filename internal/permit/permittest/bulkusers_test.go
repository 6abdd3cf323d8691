package permittest_test

import (
	"testing"

	. "a0permit/internal/permit/permittest"
)

func TestBulkUsers(t *testing.T) {
	t.Parallel()
	runScenes(t, []scene{
		{
			name:  "put creates and replaces",
			users: "[{ann    map[]} {auth0|1 New@example.com N W map[x:map[y:[1 <nil>]]]} {bob    map[]}]",
			steps: []step{{
				call: "PUT F/bulk/users", status: 200, all: []string{"{}\n"},
				body: ops(`{"key":"ann"}`,
					`{"key":"auth0|1","email":"New@example.com","first_name":"N","last_name":"W","attributes":{"x":{"y":[1,null]}}}`),
			}},
		},
		{
			name: "put keeps what is omitted", o: Options{PutOmitted: Keep},
			users: "[{ann ann@example.com Ann Roe map[a:1]} " + bobWhole + "]",
			steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","last_name":"Roe"}`), status: 200}},
		},
		{
			name: "null clears what an omission keeps", o: Options{PutOmitted: Keep},
			users: "[{ann  Ann Lee map[a:1]} " + bobWhole + "]",
			steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","email":null}`), status: 200}},
		},
		{
			name: "null is an omission", o: Options{PutOmitted: Keep, OmitNull: true}, users: baseUsers,
			steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","email":null,"attributes":null}`), status: 200}},
		},
		{
			name: "a given empty object clears", o: Options{PutOmitted: Keep},
			users: "[{ann ann@example.com Ann Lee map[]} " + bobWhole + "]",
			steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","attributes":{}}`), status: 200}},
		},
		{
			name: "put of nothing", users: baseUsers,
			steps: []step{{call: "PUT F/bulk/users", body: ops(), status: 200}},
		},
		{
			name: "key twice", users: baseUsers,
			steps: []step{
				{
					call: "PUT F/bulk/users", body: ops(`{"key":"new"}`, `{"key":"new"}`), status: 409,
					all: []string{"DUPLICATE_ENTITY"},
				},
				{call: "POST F/bulk/users", body: ops(`{"key":"new"}`, `{"key":"new"}`), status: 409},
			},
		},
		{
			name: "post is all or nothing", users: "[" + annWhole + " " + bobWhole + " {x    map[]}]",
			steps: []step{
				{
					call: "POST F/bulk/users", body: ops(`{"key":"new"}`, `{"key":"ann"}`), status: 409,
					all: []string{"DUPLICATE_ENTITY"},
				},
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
			name: "delete leaves orphans", o: Options{KeepOrphans: true}, users: "[{ann    map[]} " + bobWhole + "]",
			pairs: "[" + annAdmin + "]",
			steps: []step{
				{call: "DELETE F/bulk/users", body: `{"idents":["ann"]}`, status: 200},
				{call: "GET F/users/ann", status: 404},
				{call: "GET F/role_assignments", status: 200, all: []string{`"user":"ann"`, `"role":"admin"`}},
				{
					call: "DELETE F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 404,
					all: []string{"'User'"},
				},
				{call: "PUT F/bulk/users", body: ops(`{"key":"ann"}`), status: 200},
				{call: "GET F/users/ann", status: 200, all: []string{`"roles":[{"role":"admin","tenant":"default"}]`}},
				{call: "POST F/role_assignments", body: `{"user":"ann","role":"admin","tenant":"default"}`, status: 409},
			},
		},
		{
			name: "orphans go with their tenant", o: Options{KeepOrphans: true}, pairs: "[]",
			steps: []step{
				{call: "DELETE F/bulk/users", body: `{"idents":["ann"]}`, status: 200},
				{call: "DELETE F/bulk/tenants", body: `{"idents":["default"]}`, status: 200},
				{call: "GET F/role_assignments", status: 200, all: []string{"[]\n"}},
			},
		},
		{
			name: "unassigned before, nothing is left", o: Options{KeepOrphans: true}, pairs: "[]",
			steps: []step{
				{call: "DELETE F/role_assignments/bulk", body: `[{"user":"ann","role":"admin","tenant":"default"}]`, status: 200},
				{call: "DELETE F/bulk/users", body: `{"idents":["ann"]}`, status: 200},
				{call: "PUT F/bulk/users", body: ops(`{"key":"ann"}`), status: 200},
			},
		},
		{
			name: "a single delete leaves none", o: Options{KeepOrphans: true}, pairs: "[]",
			steps: []step{{call: "DELETE F/users/ann", status: 204}},
		},
		{
			name: "delete of nobody", o: Options{UnknownIdent: 404}, users: baseUsers,
			steps: []step{
				{call: "DELETE F/bulk/users", body: `{"idents":["ann","nobody"]}`, status: 404, all: []string{"'User'"}},
			},
		},
	})
}
