package auth0_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/auth0/auth0test"
)

const roleID = "rol_AAAAAAAAAAAAAAAA"

// The fake sends a short second page, and an empty page after the last member.
func TestRoleUsersToTheLastPage(t *testing.T) {
	t.Parallel()
	tests := []struct{ members, pageMax, calls int }{
		{0, 100, 1},
		{1, 100, 2},
		{50, 50, 2},
		{99, 100, 2},
		{100, 100, 2},
		{101, 100, 3},
		{250, 50, 6},
		{1250, 100, 14}, // offset pagination ends at 1000
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d by %d", tt.members, tt.pageMax), func(t *testing.T) {
			t.Parallel()
			want := userIDs(tt.members)
			s := auth0test.New(auth0test.Tenant{Roles: []auth0test.Role{{ID: roleID, Members: want}}},
				auth0test.Options{PageMax: tt.pageMax})
			got, err := collect(newClient(s).RoleUsers(t.Context(), roleID))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("error %v, users (-want +got):\n%s", err, diff)
			}
			if n := len(s.Calls()); n > tt.calls {
				t.Errorf("%d calls, want %d at most", n, tt.calls)
			}
		})
	}
}

// A list ends only at a page without next, however short a page is.
func TestPagesOfAllSizes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		pages []string
		want  []string
	}{
		{"no next", []string{`{"users":[{"user_id":"a"}]}`}, []string{"a"}},
		{"an empty next", []string{`{"users":[{"user_id":"a"}],"next":""}`}, []string{"a"}},
		{"a next that is null", []string{`{"users":[{"user_id":"a"}],"next":null}`}, []string{"a"}},
		{
			"short, then more",
			[]string{`{"users":[{"user_id":"a"}],"next":"1"}`, `{"users":[{"user_id":"b"},{"user_id":"c"}]}`},
			[]string{"a", "b", "c"},
		},
		{
			"empty, then more",
			[]string{
				`{"users":[],"next":"1"}`, `{"users":[],"next":"2"}`, `{"users":[{"user_id":"a"}],"next":"3"}`, `{"users":[]}`,
			},
			[]string{"a"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := collect(newClient(answerInTurn(tt.pages...)).RoleUsers(t.Context(), roleID))
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("error %v, users (-want +got):\n%s", err, diff)
			}
		})
	}
}

// A page without its list may have been damaged on the way, so it is an error.
func TestPageWithoutAList(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"", "{}", "null", `{"users":null}`} {
		if got, err := collect(newClient(answerInTurn(page)).RoleUsers(t.Context(), roleID)); err == nil || len(got) > 0 {
			t.Errorf("%q: users %v, error %v", page, got, err)
		}
	}
}

func TestPagesThatGoInCircles(t *testing.T) {
	t.Parallel()
	page := func(id, next string) string {
		return fmt.Sprintf(`{"users":[{"user_id":%q}],"next":%q}`, id, next)
	}
	tests := []struct {
		name    string
		handler http.Handler
	}{
		{
			"the same page",
			auth0test.New(auth0test.Tenant{Roles: []auth0test.Role{{ID: roleID, Members: userIDs(3)}}},
				auth0test.Options{RepeatNext: true}),
		},
		{"a circle of two", answerInTurn(page("a", "1"), page("b", "2"), page("c", "1"))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := collect(newClient(tt.handler).RoleUsers(t.Context(), roleID))
			if err == nil || !strings.Contains(err.Error(), "the same page again and again") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Checkpoints and ids may hold any character, so both are escaped.
func TestPageQueries(t *testing.T) {
	t.Parallel()
	var got []string
	handler := answerInTurn(`{"users":[],"next":"a+b/c==&take=1"}`, `{"users":[]}`)
	c := newClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.URL.RequestURI())
		handler.ServeHTTP(w, r)
	}))
	if _, err := collect(c.RoleUsers(t.Context(), "rol/1?x")); err != nil {
		t.Fatal(err)
	}
	path := "GET /api/v2/roles/rol%2F1%3Fx/users?"
	want := []string{path + "take=100", path + url.Values{"from": {"a+b/c==&take=1"}, "take": {"100"}}.Encode()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// A caller that stops early causes no more calls. An error is yielded once and ends
// the list.
func TestPagesStop(t *testing.T) {
	t.Parallel()
	tenant := auth0test.Tenant{Roles: []auth0test.Role{{ID: roleID, Members: userIDs(250)}}}
	s := auth0test.New(tenant, auth0test.Options{})
	for id, err := range newClient(s).RoleUsers(t.Context(), roleID) {
		if id != "auth0|0" || err != nil {
			t.Errorf("yields %q, %v", id, err)
		}
		break
	}
	if n := len(s.Calls()); n != 1 {
		t.Errorf("%d calls for the first user", n)
	}
	c := newClient(auth0test.New(tenant, auth0test.Options{}))
	faults := 0
	for id, err := range c.RoleUsers(t.Context(), "rol_unknown") {
		if err == nil || id != "" {
			t.Errorf("yields %q, %v", id, err)
		}
		faults++
	}
	if faults != 1 {
		t.Errorf("%d errors", faults)
	}
}
