package permittest_test

import (
	"fmt"
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
	runScenes(t, []scene{
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
			{
				call: post, body: batch(good, nobody), status: 404,
				all: []string{
					"NOT_FOUND",
					"The requested data could not be found, we could not find 'User' with the given filters (id='nobody')",
				},
			},
			{call: post + "?missing_user_policy=fail", body: batch(good, nobody), status: 404},
		}},
		{name: "unknown user, ignore", pairs: both, users: baseUsers, steps: []step{
			{call: post + "?missing_user_policy=ignore", body: batch(good, nobody), status: 200, all: created(1)},
		}},
		{
			name: "unknown user, create", pairs: "[" + annAdmin + " " + bobView + " {nobody admin acme } {nobody viewer acme }]",
			users: "[" + annWhole + " " + bobWhole + " {nobody    map[]}]",
			steps: []step{
				{
					call: post + "?missing_user_policy=create",
					body: batch(good, nobody, `{"user":"nobody","role":"admin","tenant":"acme"}`), status: 200, all: created(3),
				},
			},
		},
		{name: "create refuses", pairs: only, users: baseUsers, steps: []step{
			{call: post + "?missing_user_policy=create", body: batch(nobody, again), status: 409},
			{
				call: post + "?missing_user_policy=create", body: batch(nobody, `{"user":"a b","role":"admin","tenant":"acme"}`),
				status: 422, all: []string{`["body",1,"user"]`},
			},
		}},
		{name: "unknown role", pairs: only, steps: []step{
			{
				call: post, body: batch(good, `{"user":"bob","role":"nope","tenant":"acme"}`), status: 404, all: []string{"'Role'"},
			},
			{
				call: post + "?missing_user_policy=ignore", body: batch(`{"user":"nobody","role":"nope","tenant":"acme"}`),
				status: 404,
			},
		}},
		{name: "unknown role, 422", o: Options{UnknownRole: 422}, pairs: only, steps: []step{
			{
				call: post, body: batch(good, `{"user":"bob","role":"nope","tenant":"acme"}`), status: 422,
				all: []string{"INVALID_INPUT", "'Role'"},
			},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"nope","tenant":"acme"}`, status: 422},
			{
				call: "PUT F/bulk/users", body: ops(`{"key":"x","role_assignments":[{"role":"nope","tenant":"acme"}]}`),
				status: 422,
			},
		}},
		{name: "unknown tenant", pairs: only, steps: []step{
			{
				call: post, body: batch(good, `{"user":"bob","role":"admin","tenant":"nope"}`), status: 404,
				all: []string{"'Tenant'"},
			},
		}},
		{name: "no tenant", pairs: only, steps: []step{
			{
				call: post, body: batch(good, `{"user":"bob","role":"admin"}`), status: 422, all: []string{`["body",1,"__root__"]`},
			},
			{call: "POST F/role_assignments", body: `{"user":"bob","role":"admin"}`, status: 422},
		}},
		{name: "no tenant, 400", o: Options{MissingTenant: 400}, pairs: only, steps: []step{
			{call: post, body: batch(good, `{"user":"bob","role":"admin"}`), status: 400, all: []string{"INVALID_INPUT"}},
		}},
		{name: "not by e-mail", steps: []step{
			{call: post, body: batch(`{"user":"ann@example.com","role":"admin","tenant":"acme"}`), status: 404},
		}},
		{name: "delete", pairs: "[]", steps: []step{
			{
				call: "DELETE F/role_assignments/bulk", body: batch(again, good, nobody, again), status: 200,
				all: []string{`{"assignments_removed":1}`},
			},
			{call: "GET F/role_assignments", status: 200, all: []string{"[]\n"}},
			{call: "DELETE F/role_assignments/bulk", body: "[]", status: 200, all: []string{`{"assignments_removed":0}`}},
		}},
		{name: "delete of the unknown", o: Options{UnknownIdent: 404}, pairs: only, steps: []step{
			{call: "DELETE F/role_assignments/bulk", body: batch(again, good), status: 404},
		}},
	})
}
