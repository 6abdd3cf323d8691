package permittest_test

import (
	"fmt"
	"testing"

	. "a0permit/internal/permit/permittest"
)

// The test makes a PUT with and without a list of assignments, under each effect.
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
		want, o := "["+tc.want+"]", Options{PutAssignments: tc.effect}
		name := fmt.Sprintf("%d %s", tc.effect, tc.body)
		bulk := step{call: "PUT F/bulk/users", body: ops(tc.body), status: 200}
		single := step{call: "PUT F/users/ann", body: tc.body, status: 200}
		scenes = append(scenes,
			scene{name: "bulk " + name, o: o, pairs: want, steps: []step{bulk}},
			scene{name: "one " + name, o: o, pairs: want, steps: []step{single}})
	}
	bad := func(assignment string) string {
		return ops(`{"key":"x"}`, `{"key":"y","role_assignments":[`+assignment+`]}`)
	}
	for _, call := range []string{"PUT F/bulk/users", "POST F/bulk/users"} {
		scenes = append(scenes,
			scene{
				name: call + " new user", pairs: "[" + annAdmin + " {y admin acme }]",
				steps: []step{{call: call, body: bad(`{"role":"admin","tenant":"acme"}`), status: 200}},
			},
			scene{name: call + " unknown", users: baseUsers, steps: []step{
				{call: call, body: bad(`{"role":"nope","tenant":"acme"}`), status: 404, all: []string{"'Role'", "id='nope'"}},
				{call: call, body: bad(`{"role":"admin","tenant":"nope"}`), status: 404, all: []string{"'Tenant'", "id='nope'"}},
				{call: call, body: bad(`{"role":"admin"}`), status: 422},
			}})
	}
	runScenes(t, scenes)
}
