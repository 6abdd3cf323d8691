package permittest_test

import (
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

// Every write that contains a poison record is refused, alone and in a batch, and
// nothing of the batch is done. Reads and other writes pass.
func TestPoison(t *testing.T) {
	t.Parallel()
	const viewer = `{"user":"ann","role":"viewer","tenant":"acme"}`
	both := `[{"user":"bob","role":"viewer","tenant":"acme"},` + viewer + "]"
	runScenes(t, []scene{{
		name: "ann", o: Options{Poison: map[string]int{"ann": 451}},
		users: "[" + annWhole + " {ann2    map[]} " + bobWhole + "]", pairs: "[" + annAdmin + "]",
		steps: []step{
			{call: "PUT F/bulk/users", body: ops(`{"key":"new"}`, `{"key":"ann"}`), status: 451},
			{call: "PUT F/users/ann", body: `{"key":"ann"}`, status: 451},
			{call: "PATCH F/users/ann", body: `{"first_name":"A"}`, status: 451},
			{call: "DELETE F/users/ann", status: 451},
			{call: "DELETE F/bulk/users", body: `{"idents":["bob","ann"]}`, status: 451},
			{call: "POST F/role_assignments", body: viewer, status: 451},
			{call: "POST F/role_assignments/bulk", body: both, status: 451},
			{call: "DELETE F/role_assignments/bulk", body: "[" + viewer + "]", status: 451},
			{call: "GET F/users/ann", status: 200},
			{call: "PUT F/bulk/users", body: ops(`{"key":"bob"}`), status: 200},
			{call: "PUT F/bulk/users", body: ops(`{"key":"ann2"}`), status: 200},
		},
	}})
}

// A 422 of a bulk call may name each item at fault, one of them, or always item 0.
func TestNames(t *testing.T) {
	t.Parallel()
	body := ops(`{"key":"a"}`, `{"key":"b","email":"no email"}`, `{"key":"c"}`, `{"key":"d","email":"none either"}`)
	for names, want := range map[Names][]string{
		NameAll: {`"operations",1,"email"`, `"operations",3,"email"`}, NameOne: {`"operations",1,"email"`},
		NameFirst: {`"operations",0,"email"`}, NameFar: {`"operations",100000,"email"`},
	} {
		r := do(t, New(Options{Names: names}), "PUT F/bulk/users", body)
		if n := strings.Count(r.raw, `"loc"`); r.status != 422 || n != len(want) {
			t.Errorf("%d: %d with %d places: %s", names, r.status, n, r.raw)
		}
		for _, place := range want {
			if !strings.Contains(r.raw, place) {
				t.Errorf("%d lacks %s: %s", names, place, r.raw)
			}
		}
	}
	single := do(t, New(Options{Names: NameFirst}), "PUT F/users/b", `{"key":"b","email":"no email"}`)
	if single.status != 422 || !strings.Contains(single.raw, `["body","email"]`) {
		t.Errorf("a single call: %d %s", single.status, single.raw)
	}
}
