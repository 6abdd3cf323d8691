package permitload

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// A line that breaks a rule comes out unchanged, with the reason. The others are loaded.
func TestInvalidLinesAreRejected(t *testing.T) {
	t.Parallel()
	const (
		badUser   = "user key: Permit allows only letters, digits and | @ + - . _"
		badRole   = "role key: Permit allows only letters, digits, - and _"
		badTenant = "tenant key: Permit allows only letters, digits, - and _"
		badEmail  = "email: not an email address that Permit accepts"
		first     = "role_assignments[0]: "
		second    = "role_assignments[1]: "
		surrogate = "it contains half of a surrogate pair, which is not a character"
		nul       = "it contains a NUL character (\\u0000)"
	)
	tests := []struct{ line, message string }{
		{`{"type":"user"}`, "the key is missing"},
		{`{"type":"user","key":""}`, "the key is missing"},
		{`{"type":"user","key":"auth0|a b"}`, badUser},
		{`{"type":"user","key":7}`, "key: wrong type: number"},
		{`{"type":"user","key":"a","email":"a at b"}`, badEmail},
		{`{"type":"user","key":"a","email":"a@b"}`, badEmail},
		{`{"type":"user","key":"a","nickname":"x"}`, `unknown field "nickname"`},
		{`{"type":"user","key":"a","attributes":[]}`, "attributes: wrong type: array"},
		{`{"type":"user","key":"a","role_assignments":[{"role":"Billing Viewer"}]}`, first + badRole},
		{`{"type":"user","key":"a","role_assignments":[{"role":"x"},{"tenant":"y"}]}`, second + "the key is missing"},
		{`{"type":"user","key":"a","role_assignments":[{"role":"x","tenant":"a|b"}]}`, first + badTenant},
		{
			`{"type":"user","key":"a","role_assignments":[{"role":"x","role":"y"}]}`,
			`role_assignments: field "role" appears twice`,
		},
		{`{"type":"user","key":"a","role_assignments":[{"Role":"x"}]}`, `unknown field "Role"`},
		{`{"type":"user","type":"role","key":"a"}`, `field "type" appears twice`},
		{`{"type":"user","key":"a","k\u0065y":"b"}`, `field "key" appears twice`},
		{`{"type":"user","key":"a","firſt_name":"x"}`, `unknown field "fir\u017ft_name"`},
		{`{"type":"user","\u212aey":"a"}`, `unknown field "\u212aey"`},
		{`{"type":"user","key":"a","attributes":{"plan":1,"plan":2}}`, `attributes: field "plan" appears twice`},
		{`{"type":"user","key":"a","attributes":{"by":[{"a@b.co":1,"a@b.co":2}]}}`, "attributes: a field appears twice"},
		{`{"type":"user","key":"a","attributes":{"plan":"\udc00"}}`, surrogate},
		{`{"type":"user","key":"a","attributes":{"\ud83d":1}}`, surrogate},
		{`{"type":"user","key":"a","attributes":{"plan":["\\\u0000"]}}`, nul},
		{`{"type":"user","key":"a\u0000"}`, nul},
		{"{\"type\":\"user\",\"key\":\"a\",\"attributes\":{\"plan\":\"\xff\"}}", "it is not UTF-8"},
		{`{"type":"role","key":"Billing Viewer"}`, badRole},
		{`{"type":"role","key":"r","attributes":{"a":1,"a":1}}`, `attributes: field "a" appears twice`},
		{`{"type":"tenant","key":"t","Name":"T"}`, `unknown field "Name"`},
		{
			`{"type":"role","key":"r","permissions":["a b"]}`,
			`permissions: "a b" is not resource:action, of letters, digits, - and _`,
		},
		{`{"type":"resource","key":"a:b"}`, "resource key: Permit allows only letters, digits, - and _"},
		{`{"type":"resource","key":"r","actions":{"a:b":{}}}`, "action key: Permit allows only letters, digits, - and _"},
		{`{"type":"resource","key":"r","actions":{"a":{"Name":"A"}}}`, `unknown field "Name"`},
		{`{"type":"tenant","key":"a b"}`, badTenant},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := run(t, srv, lines(tt.line)+bobLine+endLine, "--create-missing", "yes")
			wantExit(t, got, tool.Rejected, "warning: 1 line cannot be loaded")
			if users := srv.State().Users; len(users) != 1 || users[0].Key != "auth0|bob" || len(srv.State().Roles) > 0 {
				t.Errorf("Permit has %v and %v", users, srv.State().Roles)
			}
			rejected := rejectedLines(t, got.stdout)
			if len(rejected) != 1 {
				t.Fatalf("stdout: %s", got.stdout)
			}
			fault := rejected[0].Error
			if fault.Code != "invalid_record" || fault.Message != tt.message || fault.Retryable {
				t.Fatalf("error: %+v, want %s", fault, tt.message)
			}
			text, _, _ := strings.Cut(got.stdout, `,"error":`)
			if text+"}" != tt.line {
				t.Errorf("the line came out as %s}", text)
			}
		})
	}
}

// A line that is too long for memory or nested too deep is not loaded and comes out
// whole, from a file as from a pipe. It casts doubt on the other line of its key.
func TestHugeLinesAreRejected(t *testing.T) {
	t.Parallel()
	x, deep := strings.Repeat("x", 17<<20), strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)
	const tooLong, tooDeep = "it is longer than 16 MiB", "it is nested more than 10,000 deep"
	for name, tt := range map[string]struct{ line, message string }{
		"long":                {`{"type":"user","key":"auth0|ann","attributes":{"a":"` + x + `"}}`, tooLong},
		"deep":                {`{"type":"user","key":"auth0|ann","attributes":{"a":` + deep + `}}`, tooDeep},
		"deep before its key": {`{"attributes":{"a":` + deep + `},"key":"auth0|ann","type":"user"}`, tooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			input := lines(tt.line) + annLine + bobLine + endLine
			pipe, file := permittest.New(permittest.Options{}), permittest.New(permittest.Options{})
			for srv, got := range map[*permittest.Server]result{
				pipe: run(t, pipe, input),
				file: run(t, file, "", writeFile(t, "records.jsonl", input)),
			} {
				wantExit(t, got, tool.Rejected, "line 1: "+tt.message, "users: 1 added, 2 left over")
				first, _, _ := strings.Cut(got.stdout, "\n")
				text, fault, _ := strings.Cut(first, `,"error":`)
				if text+"}" != tt.line || !strings.HasPrefix(fault, `{"code":"invalid_record","message":"`+tt.message) {
					t.Errorf("%d bytes of %d came out: %.100s ... %s", len(text), len(tt.line), text, fault)
				}
				if users := srv.State().Users; len(users) != 1 || users[0].Key != "auth0|bob" {
					t.Errorf("Permit has %v", users)
				}
			}
		})
	}
}

// A line that came out of an earlier load can be loaded, whatever its error says.
func TestErrorOfALineIsIgnored(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	input := strings.Replace(annLine, "{", `{"error":{"code":1,"code":2,"At":"\u0000"},"error":null,`, 1) + endLine
	wantExit(t, run(t, srv, input), tool.Done, "users: 1 added")
}

// Identical lines of one user count as one. If they differ, nobody knows which is right,
// and none is loaded.
func TestUserLinesOfOneKey(t *testing.T) {
	t.Parallel()
	const (
		inAnotherOrder  = `{ "key":"auth0|ann", "type":"user", "first_name":"Ann", "email":"ann@acme.example" }`
		rolesUnknown    = `{"type":"user","key":"a"}` + "\n"
		rolesKnown      = `{"type":"user","key":"a","role_assignments":[]}` + "\n"
		differing       = "auth0|ann differing_lines"
		oneOfThree      = "users: 1 added, 2 left over"
		repeatedTwice   = "users: 2 added, 2 repeated"
		repeatedOnce    = "users: 2 added, 1 repeated"
		repeatedDiffers = "users: 1 added, 1 repeated, 2 left over"
	)
	anne := strings.Replace(annLine, `"Ann"`, `"Anne"`, 1)
	tests := []struct {
		name, input string
		rejected    []string
		says        string
	}{
		{"alike", annLine + bobLine + annLine + annLine, nil, repeatedTwice},
		{"alike but for spaces and order", annLine + bobLine + inAnotherOrder, nil, repeatedOnce},
		{"differing", annLine + bobLine + anne, []string{differing, differing}, oneOfThree},
		{
			"differing in the last", bobLine + annLine + annLine + anne,
			[]string{differing, differing},
			repeatedDiffers,
		},
		{
			"roles known and unknown", bobLine + rolesUnknown + rolesKnown,
			[]string{"a differing_lines", "a differing_lines"},
			oneOfThree,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := run(t, srv, tt.input)
			code := tool.Done
			if tt.rejected != nil {
				code = tool.Rejected
			}
			wantExit(t, got, code, tt.says)
			wantRejected(t, got, tt.rejected...)
		})
	}
}

// A rejected line is valid input: its error is ignored, and once the cause is gone it
// loads.
func TestRejectedLinesLoadAgain(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{DuplicateEmail: 409})
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "zoe", Email: "ANN@acme.example"}}})
	ann := lines(`{"type":"user","key":"auth0|ann","email":"ann@acme.example",` +
		`"attributes":{"error":"of hers","n":12345678901234567890.10,"t":"<a&b>"}}`)
	got := run(t, srv, ann+bobLine+endLine)
	wantExit(t, got, tool.Rejected, "users: 1 added, 1 left over")
	wantRejected(t, got, "auth0|ann DUPLICATE_ENTITY")
	again := run(t, srv, got.stdout)
	wantExit(t, again, tool.Rejected, "users: 1 left over")
	if n := strings.Count(again.stdout, `"error":{`); n != 1 {
		t.Errorf("an error was added to the error: %s", again.stdout)
	}
	srv.Seed(permittest.State{Users: []permittest.User{{Key: "zoe"}}})
	wantExit(t, run(t, srv, again.stdout), tool.Done, "users: 1 added")
	want := map[string]any{"error": "of hers", "n": json.Number("12345678901234567890.10"), "t": "<a&b>"}
	if diff := cmp.Diff(want, srv.State().Users[0].Attributes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
