package permittest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	. "a0permit/internal/permit/permittest"
)

// answersWith makes calls of each kind with that flaw. It returns the answers, and how
// many records there are afterwards.
func answersWith(t *testing.T, flaw Flaw) (answers []string, left string) {
	t.Helper()
	var active Flaw
	s := New(Options{Flaws: func(*http.Request) Flaw { return active }})
	s.Seed(base)
	for i := range 5 {
		do(t, s, "POST F/users", fmt.Sprintf(`{"key":"u%d"}`, i))
	}
	active = flaw
	const row = `{"user":"u%d","role":"viewer","tenant":"acme"}`
	for _, call := range []string{
		"GET /v2/api-key/scope", "GET F/users", "GET F/users?page=2&per_page=2", "GET F/users/ann", "GET F/tenants/acme",
		"GET F/role_assignments", "GET F/role_assignments?include_total_count=true", "GET S/roles",
		"PUT F/bulk/users " + ops(`{"key":"u1","first_name":"Una"}`), `PUT F/users/u2 {"key":"u2","first_name":"Ute"}`,
		"POST F/role_assignments/bulk " + jsonList(3, row), "DELETE F/role_assignments/bulk " + jsonList(2, row),
	} {
		method, rest, _ := strings.Cut(call, " ")
		path, body, _ := strings.Cut(rest, " ")
		r := do(t, s, method+" "+path, body)
		answers = append(answers, fmt.Sprint(r.status, r.header["Date"] == nil, r.header["Retry-After"], r.raw))
	}
	state := s.State()
	return answers, fmt.Sprint(state.Users, state.Assignments)
}

// Each flaw changes some answer. If something answers in place of Permit, the work is
// not done; otherwise it is, except for what LeftOut and NotDone leave out.
func TestFlawsShow(t *testing.T) {
	t.Parallel()
	right, done := answersWith(t, "")
	none := New(Options{})
	none.Seed(base)
	for i := range 5 {
		do(t, none, "POST F/users", fmt.Sprintf(`{"key":"u%d"}`, i))
	}
	undone := fmt.Sprint(none.State().Users, none.State().Assignments)
	flaws := Flaws()
	inFront := flaws[slices.Index(flaws, SignInPage):]
	for _, flaw := range flaws {
		answers, left := answersWith(t, flaw)
		if slices.Equal(answers, right) {
			t.Errorf("%s changes nothing", flaw)
		}
		isInFront := slices.Contains(inFront, flaw)
		if isInFront && left != undone {
			t.Errorf("%s: there is %s, want %s", flaw, left, undone)
		}
		if isDone := !isInFront && flaw != LeftOut && flaw != NotDone; isDone != (left == done) {
			t.Errorf("%s: there is %s, and without it %s", flaw, left, done)
		}
	}
}

// This shows what the answers look like.
func TestFlawedAnswers(t *testing.T) {
	t.Parallel()
	const oneRow = `[{"user":"ann","role":"admin","tenant":"default"}]`
	const twoRows = `[{"user":"ann","role":"viewer","tenant":"acme"},{"user":"bob","role":"viewer","tenant":"acme"}]`
	for _, tt := range []struct {
		flaw       Flaw
		call, body string
		want       string // the status, the headers Date and Retry-After where they matter, and the body
	}{
		{EmptyBody, "GET F/users", "", "200 "},
		{EmptyBody, "DELETE F/users/bob", "", "200 "},
		{NoContent, "PUT F/bulk/users", ops(`{"key":"ann"}`), "204 "},
		{NullBody, "GET F/users/ann", "", "200 null"},
		{ErrorBody, "GET F/users/ann", "", `200 {"id":"00000000000000000000000000000001","title":"The request`},
		{OtherKey, "GET F/users/bob", "", `200 {"associated_tenants":[],"attributes":null,"created_at":`},
		{SignInPage, "GET F/users", "", "200 <!DOCTYPE html>"},
		{GatewayBody, "PUT F/bulk/users", ops(`{"key":"ann"}`), `200 {"error":"upstream_error"`},
		{PageOf404, "GET F/users/ann", "", "404 <html>"},
		{ErrorOf409, "POST F/role_assignments/bulk", twoRows, `409 {"error":"conflict"`},
		{DetailOf404, "GET F/users/ann", "", `404 {"detail":"Not Found"}`},
		{NoCount, "POST F/role_assignments/bulk", twoRows, `200 {"assignments_created":0}`},
		{LowCount, "POST F/role_assignments/bulk", twoRows, `200 {"assignments_created":1}`},
		{LeftOut, "POST F/role_assignments/bulk", twoRows, `200 {"assignments_created":1}`},
		{NotDone, "POST F/role_assignments/bulk", twoRows, `200 {"assignments_created":0}`},
		{NoCount, "DELETE F/role_assignments/bulk", oneRow, `200 {"assignments_removed":0}`},
		{BareList, "GET F/users?per_page=1", "", `200 [{"associated_tenants":`},
		{NoList, "GET F/users", "", `200 {"page_count":1,"total_count":2}`},
		{EmptyList, "GET F/users", "", `200 {"data":[],"page_count":1,"total_count":2}`},
		{EmptyPages, "GET F/users?page=2&per_page=1", "", `200 {"data":[],"page_count":2,"total_count":2}`},
		{ShortPage, "GET F/users?page=2&per_page=1", "", `200 {"data":[],"page_count":2,"total_count":2}`},
		{LowTotal, "GET F/users?page=3&per_page=1", "", `200 {"data":[],"page_count":2,"total_count":1}`},
		{HighTotal, "GET F/users?page=3&per_page=1", "", `200 {"data":[],"page_count":2,"total_count":3}`},
		{NoTotal, "GET F/users?page=3&per_page=1", "", `200 {"data":[],"page_count":2}`},
		{NewPages, "GET F/users?page=7&per_page=1", "", `200 {"data":[{"key":"made-up-6","name":"made-up-6",`},
	} {
		s := New(Options{Flaws: Always(tt.flaw)})
		s.Seed(base)
		r := do(t, s, tt.call, tt.body)
		if got := fmt.Sprint(r.status, " ", r.raw); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s of %s: %.300s, want %s", tt.flaw, tt.call, got, tt.want)
		}
	}
}

// If the environment only returns small pages, they still hold each item once.
func TestSmallPagesAreWhole(t *testing.T) {
	t.Parallel()
	s := New(Options{PageMax: 2})
	s.Seed(State{Users: []User{{Key: "a"}, {Key: "b"}, {Key: "c"}, {Key: "d"}, {Key: "e"}}})
	var keys []string
	for page := 1; page < 5; page++ {
		var list struct {
			Data  []struct{ Key string }
			Total int `json:"total_count"`
			Pages int `json:"page_count"`
		}
		do(t, s, fmt.Sprintf("GET F/users?per_page=100&page=%d", page), "").decode(t, &list)
		if list.Total != 5 || list.Pages != 3 {
			t.Errorf("%+v", list)
		}
		for _, item := range list.Data {
			keys = append(keys, item.Key)
		}
	}
	if want := []string{"a", "b", "c", "d", "e"}; !slices.Equal(keys, want) {
		t.Errorf("%v, want %v", keys, want)
	}
}
