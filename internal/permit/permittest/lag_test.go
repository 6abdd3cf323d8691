package permittest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "a0permit/internal/permit/permittest"
)

func TestLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Lag: 10 * time.Second, DuplicateEmail: 409})
		s.Seed(base)
		put := func(rows ...string) {
			t.Helper()
			if r := do(t, s, "PUT F/bulk/users", ops(rows...)); r.status != 200 {
				t.Fatalf("put: %d %s", r.status, r.raw)
			}
		}
		sees := func(call, body string, status int, part string) {
			t.Helper()
			r := do(t, s, call, body)
			if r.status != status || !strings.Contains(r.raw, part) {
				t.Errorf("%s: %d %s, want %d with %s", call, r.status, r.raw, status, part)
			}
		}
		assign := `{"user":"new","role":"viewer","tenant":"acme"}`
		put(`{"key":"new","email":"new@example.com"}`, `{"key":"ann","email":"lee@example.com"}`)
		time.Sleep(10*time.Second - time.Nanosecond)

		sees("GET F/users/new", "", 404, "NOT_FOUND")
		sees("PATCH F/users/new", "{}", 404, "NOT_FOUND")
		sees("DELETE F/users/new", "", 404, "NOT_FOUND")
		sees("GET F/users", "", 200, `"total_count":2`)
		sees("POST F/role_assignments", assign, 404, "NOT_FOUND")
		sees("POST F/role_assignments/bulk", "["+assign+"]", 404, "NOT_FOUND")
		sees("POST F/role_assignments/bulk?missing_user_policy=ignore", "["+assign+"]", 200, `:0}`)
		sees("POST F/role_assignments/bulk?missing_user_policy=create", "["+assign+"]", 409, "DUPLICATE_ENTITY")
		sees("POST F/users/new/roles", `{"role":"viewer","tenant":"acme"}`, 404, "NOT_FOUND")
		sees("GET F/role_assignments?user=new", "", 200, "[]\n")
		// An update is not visible either, but it is written.
		sees("GET F/users/ann", "", 200, `"ann@example.com"`)
		sees("GET F/users?search=lee@", "", 200, `"total_count":0`)
		sees("POST F/users", `{"key":"x","email":"lee@example.com"}`, 409, "DUPLICATE_ENTITY")
		sees("POST F/bulk/users", ops(`{"key":"new"}`), 409, "DUPLICATE_ENTITY")
		if len(s.State().Users) != 3 {
			t.Errorf("written: %v", s.State().Users)
		}

		time.Sleep(time.Nanosecond)
		sees("GET F/users/new", "", 200, `"new@example.com"`)
		sees("GET F/users/ann", "", 200, `"lee@example.com"`)
		sees("GET F/users", "", 200, `"total_count":3`)
		sees("POST F/role_assignments/bulk", "["+assign+"]", 200, `:1}`)

		// The last of several writes decides when the user becomes visible.
		put(`{"key":"two","first_name":"One"}`)
		time.Sleep(6 * time.Second)
		put(`{"key":"two","first_name":"Two"}`)
		time.Sleep(6 * time.Second)
		sees("GET F/users/two", "", 404, "")
		time.Sleep(4 * time.Second)
		sees("GET F/users/two", "", 200, `"Two"`)
		sees("GET F/users", "", 200, `"total_count":4`)

		// What a single call writes is visible at once, a deleted user never.
		put(`{"key":"one"}`, `{"key":"gone"}`)
		sees("PUT F/users/one", `{"key":"one","first_name":"X"}`, 200, `"X"`)
		sees("GET F/users/one", "", 200, `"X"`)
		sees("DELETE F/bulk/users", `{"idents":["gone"]}`, 200, "{}")
		time.Sleep(time.Minute)
		sees("GET F/users/gone", "", 404, "")
		sees("GET F/users", "", 200, `"total_count":5`)
	})
}

func TestPostLagsToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Lag: time.Second})
		do(t, s, "POST F/bulk/users", ops(`{"key":"new"}`))
		if r := do(t, s, "GET F/users/new", ""); r.status != 404 {
			t.Errorf("at once: %d", r.status)
		}
		time.Sleep(time.Second)
		if r := do(t, s, "GET F/users/new", ""); r.status != 200 {
			t.Errorf("later: %d", r.status)
		}
	})
}

func TestAssignmentLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{AssignmentLag: time.Second})
		s.Seed(base)
		row := `[{"user":"bob","role":"viewer","tenant":"acme"}]`
		do(t, s, "POST F/role_assignments/bulk", row)
		for _, call := range []string{"GET F/role_assignments?tenant=acme", "GET F/role_assignments?user=bob"} {
			if r := do(t, s, call, ""); r.raw != "[]\n" {
				t.Errorf("%s at once: %s", call, r.raw)
			}
		}
		if r := do(t, s, "GET F/users/bob", ""); !strings.Contains(r.raw, `"roles":[]`) {
			t.Errorf("user at once: %s", r.raw)
		}
		if r := do(t, s, "POST F/role_assignments/bulk", row); r.status != 409 {
			t.Errorf("again: %d", r.status)
		}
		time.Sleep(time.Second)
		for _, filter := range []string{"tenant=acme", "user=bob", "role=viewer"} {
			if r := do(t, s, "GET F/role_assignments?"+filter, ""); !strings.Contains(r.raw, `"bob"`) {
				t.Errorf("%s later: %s", filter, r.raw)
			}
		}
		// Removed before it is visible.
		do(t, s, "POST F/role_assignments/bulk", `[{"user":"bob","role":"admin","tenant":"acme"}]`)
		do(t, s, "DELETE F/role_assignments", `{"user":"bob","role":"admin","tenant":"acme"}`)
		time.Sleep(time.Second)
		if r := do(t, s, "GET F/role_assignments?user=bob", ""); strings.Contains(r.raw, `"admin"`) {
			t.Errorf("taken away: %s", r.raw)
		}
	})
}
