package permitload

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// Fields that the line does not name are sent unchanged, digit for digit.
func TestUpdateKeepsWhatTheLineDoesNotName(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	attributes := map[string]any{
		"n": json.Number("12345678901234567890.10"), "html": "<a&b>", "list": []any{1.0, nil},
	}
	srv.Seed(permittest.State{Users: []permittest.User{{
		Key: "auth0|ann", Email: "Ann@acme.example", FirstName: "Anna", LastName: "Lee", Attributes: attributes,
	}}})
	wantExit(t, run(t, srv, annLine+endLine), tool.Done, "users: 0 to add, 1 to change, 0 unchanged")
	want := []permittest.User{{
		Key: "auth0|ann", Email: "Ann@acme.example", FirstName: "Ann", LastName: "Lee", Attributes: attributes,
	}}
	if diff := cmp.Diff(want, srv.State().Users); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// With --attributes replace, a line with attributes replaces all of them. A line without
// leaves them.
func TestAttributesReplaceLeavesThoseOfTheLine(t *testing.T) {
	t.Parallel()
	for _, o := range []permittest.Options{{}, {PutOmitted: permittest.Keep}} {
		srv := permittest.New(o)
		srv.Seed(permittest.State{Users: []permittest.User{
			{Key: "a", Attributes: map[string]any{"plan": "pro", "theme": "dark"}},
			{Key: "b", Attributes: map[string]any{"theme": "dark"}},
			{Key: "c", Attributes: map[string]any{"plan": "pro", "theme": "dark"}},
		}})
		input := lines(
			`{"type":"user","key":"a","attributes":{"plan":"free"}}`,
			`{"type":"user","key":"b"}`,
			`{"type":"user","key":"c","attributes":{}}`,
		) + endLine
		wantExit(t, run(t, srv, input, "--attributes", "replace"), tool.Done, "users: 0 to add, 2 to change, 1 unchanged")
		want := []permittest.User{
			{Key: "a", Attributes: map[string]any{"plan": "free"}},
			{Key: "b", Attributes: map[string]any{"theme": "dark"}},
			{Key: "c"},
		}
		if diff := cmp.Diff(want, srv.State().Users, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		wantNoWrites(t, srv, func() {
			wantExit(t, run(t, srv, input, "--attributes", "replace"), tool.Done)
		})
	}
}

// A key may equal Permit's own id of another user. It is not that user.
func TestPermitsOwnIDIsNoKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := permittest.New(permittest.Options{})
		have := usersWithEmails("ann=a bob=b")
		srv.Seed(have)
		var ann struct{ ID string }
		decodeJSON(t, callPermit(t, srv, http.MethodGet, factsPath+"/users/ann", ""), &ann)
		got := removeUsers(t.Context(), srv, lines(`{"type":"user","key":"`+ann.ID+`"}`)+endLine)
		wantReport(t, got, tool.Done)
		wantState(t, srv, have)
	})
}
