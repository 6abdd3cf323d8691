package permitload

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// What the line does not name is sent along as it is, digit for digit.
func TestUpdateKeepsWhatTheLineDoesNotName(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	srv.Seed(permittest.State{Users: []permittest.User{{
		Key: "auth0|ann", Email: "Ann@acme.example", FirstName: "Anna", LastName: "Lee",
		Attributes: map[string]any{"n": json.Number("12345678901234567890.10"), "html": "<a&b>", "list": []any{1.0, nil}},
	}}})
	wantExit(t, run(t, srv, annLine+endLine), tool.Done, "+ 0 users  ~ 1  = 0")
	want := []permittest.User{{
		Key: "auth0|ann", Email: "Ann@acme.example", FirstName: "Ann", LastName: "Lee",
		Attributes: map[string]any{"n": json.Number("12345678901234567890.10"), "html": "<a&b>", "list": []any{1.0, nil}},
	}}
	if diff := cmp.Diff(want, srv.State().Users); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAttributesReplaceLeavesThoseOfTheLine(t *testing.T) {
	t.Parallel()
	for _, o := range []permittest.Options{{}, {PutOmitted: permittest.Keep}} {
		srv := permittest.New(o)
		srv.Seed(permittest.State{Users: []permittest.User{
			{Key: "a", Attributes: map[string]any{"plan": "pro", "theme": "dark"}},
			{Key: "b", Attributes: map[string]any{"theme": "dark"}},
			{Key: "c", Attributes: map[string]any{"plan": "pro", "theme": "dark"}},
		}})
		input := `{"type":"user","key":"a","attributes":{"plan":"free"}}` + "\n" + `{"type":"user","key":"b"}` + "\n" + `{"type":"user","key":"c","attributes":{}}` + "\n" + endLine
		wantExit(t, run(t, srv, input, "--attributes", "replace"), tool.Done, "+ 0 users  ~ 2  = 1")
		want := []permittest.User{
			{Key: "a", Attributes: map[string]any{"plan": "free"}}, {Key: "b", Attributes: map[string]any{"theme": "dark"}}, {Key: "c"},
		}
		if diff := cmp.Diff(want, srv.State().Users, cmp.Transformer("empty", func(m map[string]any) map[string]any {
			if len(m) == 0 {
				return nil
			}
			return m
		})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		before := countWrites(srv)
		wantExit(t, run(t, srv, input, "--attributes", "replace"), tool.Done)
		if n := countWrites(srv) - before; n != 0 {
			t.Errorf("%d writes the second time", n)
		}
	}
}

// A key that happens to be Permit's own id of another user is not that user.
func TestPermitsOwnIDIsNoKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := usersWithEmails("ann=a bob=b")
		srv.Seed(have)
		answer := httptest.NewRecorder()
		q := httptest.NewRequestWithContext(t.Context(), http.MethodGet, factsPath+"/users/ann", http.NoBody)
		q.Header.Set("Authorization", "Bearer "+permittest.DefaultKey)
		srv.ServeHTTP(answer, q)
		var ann struct{ ID string }
		decodeJSON(t, answer.Body.Bytes(), &ann)
		got := removeUsers(t.Context(), srv, `{"type":"user","key":"`+ann.ID+`"}`+"\n"+endLine)
		wantCode(t, got, tool.Done)
		wantState(t, srv, have)
	})
}
