package permittest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "a0permit/internal/permit/permittest"
)

// A bulk call writes three new users and an existing one, each with a role. One of five
// options says what happens to the roles.
func TestInlineAssignments(t *testing.T) {
	t.Parallel()
	body := ops(
		`{"key":"x","role_assignments":[{"role":"viewer","tenant":"acme"}]}`,
		`{"key":"y","role_assignments":[{"role":"viewer","tenant":"acme"}]}`,
		`{"key":"z","role_assignments":[{"role":"viewer","tenant":"acme"}]}`,
		`{"key":"ann","role_assignments":[{"role":"viewer","tenant":"acme"},{"role":"admin","tenant":"default"}]}`,
	)
	const (
		all = "[{ann viewer acme } " + annAdmin + " {x viewer acme } {y viewer acme } {z viewer acme }]"
		// The first and the third of the call, and what ann had: listed ones stay.
		half = "[" + annAdmin + " {x viewer acme } {z viewer acme }]"
		none = "[" + annAdmin + "]"
	)
	for name, tt := range map[string]struct {
		inline Inline
		status int
		pairs  string
	}{
		"made":    {InlineMade, 200, all},
		"half":    {InlineHalf, 200, half},
		"late":    {InlineLate, 200, all},
		"ignored": {InlineIgnored, 200, none},
		"refused": {InlineRefused, 422, none},
	} {
		for _, put := range []Effect{Keep, Replace} {
			runScenes(t, []scene{{
				name: name, o: Options{Inline: tt.inline, PutAssignments: put}, pairs: tt.pairs,
				steps: []step{{call: "PUT F/bulk/users", body: body, status: tt.status}},
			}})
		}
	}
	runScenes(t, []scene{
		{
			name: "refused names each", o: Options{Inline: InlineRefused}, users: baseUsers,
			steps: []step{
				{
					call: "POST F/bulk/users", body: ops(`{"key":"x"}`, `{"key":"y","role_assignments":[]}`), status: 422,
					all: []string{`["body","operations",1,"role_assignments"]`, "value_error.extra"}, none: []string{"operations\",0"},
				},
			},
		},
		{
			name: "single calls make them", o: Options{Inline: InlineRefused},
			pairs: "[" + annAdmin + " {bob admin acme } {x admin acme }]",
			steps: []step{
				{call: "POST F/users", body: `{"key":"x","role_assignments":[{"role":"admin","tenant":"acme"}]}`, status: 201},
				{call: "PUT F/users/bob", body: `{"key":"bob","role_assignments":[{"role":"admin","tenant":"acme"}]}`, status: 200},
			},
		},
		{
			name: "ignored, so nothing is replaced", o: Options{Inline: InlineIgnored, PutAssignments: Replace}, pairs: none,
			steps: []step{{call: "PUT F/bulk/users", body: ops(`{"key":"ann","role_assignments":[]}`), status: 200}},
		},
		{
			name: "an unknown role refuses the call", users: baseUsers,
			steps: []step{
				{
					call: "PUT F/bulk/users", status: 404,
					body: ops(`{"key":"x","role_assignments":[{"role":"no","tenant":"acme"}]}`),
				},
			},
		},
	})
}

// Roles that are made with their user appear together with the user, or ten seconds
// later, whatever the lag of other assignments.
func TestInlineAssignmentsAreLate(t *testing.T) {
	t.Parallel()
	for inline, lag := range map[Inline]time.Duration{InlineMade: 3 * time.Second, InlineLate: 13 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Options{Inline: inline, Lag: 3 * time.Second, AssignmentLag: time.Minute})
			s.Seed(base)
			one := `[{"user":"bob","role":"admin","tenant":"acme"}]`
			if r := do(t, s, "POST F/role_assignments/bulk", one); r.status != 200 {
				t.Fatal(r.status, r.raw)
			}
			user := ops(`{"key":"x","role_assignments":[{"role":"viewer","tenant":"acme"}]}`)
			if r := do(t, s, "PUT F/bulk/users", user); r.status != 200 {
				t.Fatal(r.status, r.raw)
			}
			time.Sleep(lag - time.Nanosecond)
			if r := do(t, s, "GET F/role_assignments", ""); strings.Contains(r.raw, `"x"`) {
				t.Errorf("too early: %s", r.raw)
			}
			time.Sleep(time.Nanosecond)
			if r := do(t, s, "GET F/role_assignments", ""); !strings.Contains(r.raw, `"x"`) || strings.Contains(r.raw, `"bob"`) {
				t.Errorf("after %v: %s", lag, r.raw)
			}
		})
	}
}
