package permitload

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// Each line that cannot be loaded comes out as it is, with its reason, and the
// others are loaded.
func TestInvalidLinesAreRejected(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, message string }{
		{`{"type":"user"}`, "no key"},
		{`{"type":"user","key":""}`, "no key"},
		{`{"type":"user","key":"auth0|a b"}`, "user key: Permit takes only letters, digits and | @ + - . _"},
		{`{"type":"user","key":7}`, "key: it is of the wrong type: number"},
		{`{"type":"user","key":"a","email":"a at b"}`, "email: not an address Permit takes"},
		{`{"type":"user","key":"a","email":"a@b"}`, "email: not an address Permit takes"},
		{`{"type":"user","key":"a","nickname":"x"}`, `unknown field "nickname"`},
		{`{"type":"user","key":"a","attributes":[]}`, "attributes: it is of the wrong type: array"},
		{`{"type":"user","key":"a","role_assignments":[{"role":"Billing Viewer"}]}`, "role_assignments[0]: role key: Permit takes only letters, digits, - and _"},
		{`{"type":"user","key":"a","role_assignments":[{"role":"x"},{"tenant":"y"}]}`, "role_assignments[1]: no key"},
		{`{"type":"user","key":"a","role_assignments":[{"role":"x","tenant":"a|b"}]}`, "role_assignments[0]: tenant key: Permit takes only letters, digits, - and _"},
		{`{"type":"role","key":"Billing Viewer"}`, "role key: Permit takes only letters, digits, - and _"},
		{`{"type":"role","key":"r","permissions":["a:b"]}`, `unknown field "permissions"`},
		{`{"type":"tenant","key":"a b"}`, "tenant key: Permit takes only letters, digits, - and _"},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := run(t, srv, tt.line+"\n"+bobLine+endLine, "--create-missing", "yes")
			wantExit(t, got, tool.Rejected, "warning: 1 line cannot be loaded")
			if users := srv.State().Users; len(users) != 1 || users[0].Key != "auth0|bob" || len(srv.State().Roles) > 0 {
				t.Errorf("Permit has %v and %v", users, srv.State().Roles)
			}
			left := rejectedLines(t, got.out)
			if len(left) != 1 || left[0].Error.Code != "invalid_record" || left[0].Error.Message != tt.message || left[0].Error.Retryable {
				t.Fatalf("stdout: %s\nwant %s", got.out, tt.message)
			}
			whole, _, _ := strings.Cut(got.out, `,"error":`)
			if whole+"}" != tt.line {
				t.Errorf("the line came out as %s}", whole)
			}
		})
	}
}

func TestUserLinesOfOneKey(t *testing.T) {
	t.Parallel()
	annAgain := strings.Replace(annLine, `"Ann"`, `"Anne"`, 1)
	tests := []struct {
		name, input string
		code        int
		left        []string
		says        string
	}{
		{"alike", annLine + bobLine + annLine + annLine, tool.Done, nil, "users: 4 in = 2 loaded + 0 unchanged + 2 repeated + 0 not loaded"},
		{
			"alike but for spaces and order", annLine + bobLine + `{ "key":"auth0|ann", "type":"user", "first_name":"Ann", "email":"ann@acme.example" }`, tool.Done, nil,
			"users: 3 in = 2 loaded + 0 unchanged + 1 repeated + 0 not loaded",
		},
		{
			"differing", annLine + bobLine + annAgain, tool.Rejected,
			[]string{"auth0|ann differing_lines", "auth0|ann differing_lines"},
			"users: 3 in = 1 loaded + 0 unchanged + 2 not loaded",
		},
		{
			"differing in the last", bobLine + annLine + annLine + annAgain, tool.Rejected,
			[]string{"auth0|ann differing_lines", "auth0|ann differing_lines"},
			"users: 4 in = 1 loaded + 0 unchanged + 1 repeated + 2 not loaded",
		},
		{
			"roles known and unknown", bobLine + `{"type":"user","key":"a"}` + "\n" + `{"type":"user","key":"a","role_assignments":[]}`, tool.Rejected,
			[]string{"a differing_lines", "a differing_lines"},
			"users: 3 in = 1 loaded + 0 unchanged + 2 not loaded",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := run(t, srv, tt.input)
			wantExit(t, got, tt.code, tt.says)
			if diff := cmp.Diff(tt.left, rejectedCodes(t, got.out)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s", diff)
			}
		})
	}
}

// What is left is input again: its errors are passed over, and once the cause
// is gone it loads.
func TestRejectedLinesLoadAgain(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	taken := permittest.State{Users: []permittest.User{{Key: "zoe", Email: "ANN@acme.example"}}}
	srv.Seed(taken)
	long := `{"type":"user","key":"auth0|ann","email":"ann@acme.example","attributes":{"error":"of hers","n":12345678901234567890.10,"t":"<a&b>"}}`
	got := run(t, srv, long+"\n"+bobLine+endLine)
	wantExit(t, got, tool.Rejected, "users: 2 in = 1 loaded + 0 unchanged + 1 not loaded")
	if diff := cmp.Diff([]string{"auth0|ann duplicate_email"}, rejectedCodes(t, got.out)); diff != "" {
		t.Fatalf("stdout (-want +got):\n%s", diff)
	}
	again := run(t, srv, got.out)
	wantExit(t, again, tool.Rejected, "users: 1 in = 0 loaded + 0 unchanged + 1 not loaded")
	if n := strings.Count(again.out, `"error":{`); n != 1 {
		t.Errorf("an error was added to the error: %s", again.out)
	}
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "zoe"}}})
	wantExit(t, run(t, srv, again.out), tool.Done, "users: 1 in = 1 loaded")
	want := map[string]any{"error": "of hers", "n": json.Number("12345678901234567890.10"), "t": "<a&b>"}
	if diff := cmp.Diff(want, srv.State().Users[0].Attributes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
