package permitload

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"a0permit/internal/permit/permittest"
	"a0permit/internal/tool"
)

// Input from elsewhere stops the load before any write.
func TestForeignInputStopsTheLoad(t *testing.T) {
	t.Parallel()
	const (
		notOurs = "not a record from a0tojsonl: "
		notJSON = notOurs + "it is not JSON"
		noType  = notOurs + "it has no type"
	)
	endless := strings.Repeat("x", 16<<20+1)
	cutGzip, damagedGzip := gzipText(annLine + endLine)[:40], gzipText(annLine+endLine)+"x"
	tests := []struct{ name, input, says, hint string }{
		{"not JSON", annLine + "user: ann\n" + endLine, "stdin: line 2: " + notJSON, "jq -c"},
		{"CSV", "email,\"user_id\"\na@b.co,1\n", "stdin: line 1: " + notOurs + "it is CSV", "a0tojsonl FILE | permitload"},
		{"pretty-printed", lines(`{`, `  "type": "user",`, `  "key": "ann"`, `}`), "stdin: line 1: " + notJSON, "jq -c"},
		{"cut within a line", annLine + bobLine[:20], "stdin: line 2 is cut: the input broke off", ""},
		{"two objects on a line", strings.TrimSpace(annLine) + bobLine, "line 1: " + notJSON, "jq -c"},
		{"a list", "[" + strings.TrimSpace(annLine) + "]\n", "line 1: " + noType, "jq -c"},
		{"no type", `{"key":"ann"}`, "line 1: " + noType, "jq -c"},
		{"a null type", `{"type":null,"key":"ann"}`, "line 1: " + noType, "jq -c"},
		{
			"an unknown type", annLine + lines(`{"type":"group","key":"a"}`) + endLine,
			"stdin: line 2: " + notOurs + `its type is "group"`, "jq -c",
		},
		{
			"an end of another make", annLine + `{"type":"end","complete":"yes"}`,
			"line 2: " + notOurs + "an end line", "jq -c",
		},
		{
			"an end at no time", annLine + `{"type":"end","complete":true,"as_of":"yesterday"}`,
			"line 2: " + notOurs + "an end line: as_of is not a time", "jq -c",
		},
		{"nothing", "", "the command before this one wrote nothing", ""},
		{"an endless line", endless, "stdin: line 1: " + noType + " in its first 16 MiB", "jq -c"},
		{"an endless line, cut", annLine + `{"type":"user","key":"` + endless, "stdin: line 2: " + notJSON, "jq -c"},
		{"an endless end", annLine + `{"type":"end","reason":"` + endless + `"}`, "stdin: line 2: " + notJSON, "jq -c"},
		{"no type in these letters", `{"Type":"user","key":"ann"}`, "line 1: " + noType, "jq -c"},
		{"cut gzip", cutGzip, "read stdin: the gzip data breaks off", ""},
		{"damaged gzip", damagedGzip, "read stdin: the gzip data", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := run(t, srv, tt.input, "--create-missing", "yes")
			kind := "permitload: error: "
			if tt.hint == "" { // the first error on the screen is that of another command
				kind = "permitload: stopped: the stage before failed: "
			}
			wantExit(t, got, tool.Stopped, kind, tt.says)
			wantNothingWritten(t, srv, got, tt.hint)
		})
	}
}

// Input that says that it is incomplete is not loaded, wherever it says so. There is no
// hint, since the stage that broke off has given one.
func TestIncompleteInputIsNotLoaded(t *testing.T) {
	t.Parallel()
	const reason = "read users.csv.gz: the gzip data breaks off"
	const says = "permitload: stopped: the stage before failed: the input is not complete: " + reason
	const broken = `{"type":"end","complete":false,"reason":"` + reason + `",` +
		`"users":1,"roles":0,"tenants":0,"rejected":0}` + "\n"
	for name, input := range map[string]string{
		"last":                  annLine + broken,
		"first":                 broken + annLine,
		"before a complete one": broken + annLine + endLine,
		"after one":             annLine + endLine + broken,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			got := run(t, srv, input)
			wantExit(t, got, tool.Stopped, says)
			wantNothingWritten(t, srv, got, "")

			got = run(t, srv, input, "--allow-incomplete")
			wantExit(t, got, tool.Done, "users: 1 added")
			if n := len(srv.State().Users); n != 1 {
				t.Errorf("%d users under --allow-incomplete", n)
			}
		})
	}
}

// Input without an end line may have been cut short.
func TestInputWithoutEndLine(t *testing.T) {
	t.Parallel()
	const says = "the input has no end line: it may have been cut short"
	srv := permittest.New(permittest.Options{})
	got := run(t, srv, annLine, "--require-end")
	wantExit(t, got, tool.Stopped, "error: "+says)
	wantNothingWritten(t, srv, got, "--require-end")

	got = run(t, srv, annLine)
	wantExit(t, got, tool.Done, "warning: "+says)
	if n := len(srv.State().Users); n != 1 {
		t.Errorf("%d users", n)
	}
	got = run(t, srv, annLine+endLine+bobLine+endLine, "--require-end")
	if got.code != tool.Done || strings.Contains(got.stderr, says) {
		t.Errorf("with two ends: exit code %d\n%s", got.code, got.stderr)
	}
}

// Lines that were lost on the way are reported if the end lines count more of them. If
// they count fewer, there is no warning: a joined stream may have no end line.
func TestLinesThatWereLeftOut(t *testing.T) {
	t.Parallel()
	const says = " that its end line counts: were the others left out on purpose?"
	role := lines(`{"type":"role","key":"r"}`)
	end := func(roles, users int) string {
		return fmt.Sprintf(`{"type":"end","complete":true,"users":%d,"roles":%d,"tenants":0,"rejected":0}`+"\n", users, roles)
	}
	for name, tt := range map[string]struct{ input, says string }{
		"none":                  {role + annLine + bobLine + end(1, 2), ""},
		"one of two users":      {role + annLine + end(1, 2), "warning: the input has only 1 of 2 users"},
		"the role, and a user":  {bobLine + end(1, 2), "0 of 1 role, 1 of 2 users"},
		"of two streams":        {annLine + end(0, 1) + end(0, 1), "1 of 2 users"},
		"twice the same":        {annLine + annLine + end(0, 2), ""},
		"a broken line":         {annLine + lines(`{"type":"user","key":"a b"}`) + end(0, 2), ""},
		"more than are counted": {annLine + bobLine + end(0, 1), ""},
		"no end line":           {annLine, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, permittest.New(permittest.Options{}), tt.input, "--dry-run", "--create-missing", "yes")
			if got.code == tool.Stopped || strings.Contains(got.stderr, says) != (tt.says != "") ||
				!strings.Contains(got.stderr, tt.says) {
				t.Errorf("exit code %d, want %q:\n%s", got.code, tt.says, got.stderr)
			}
		})
	}
}

// Streams are joined by cat, compressed or not, and by naming several files.
func TestInputsAreJoined(t *testing.T) {
	t.Parallel()
	want := permittest.State{Tenants: defaultTenants(), Users: []permittest.User{
		{Key: "auth0|ann", Email: "ann@acme.example", FirstName: "Ann"},
		{Key: "auth0|bob", Email: "bob@acme.example", FirstName: "Bob"},
	}}
	tests := []struct {
		name, stdin string
		files       []string
	}{
		{"one stream", annLine + endLine + bobLine + endLine, nil},
		{"without the last line end", bobLine + strings.TrimSpace(annLine), nil},
		{"empty lines", "\n" + annLine + "\r\n \n" + bobLine, nil},
		{"a byte order mark alone on its line", "\ufeff\r\n" + annLine + "\ufeff\n" + bobLine, nil},
		{"packed", gzipText(annLine+endLine) + gzipText(bobLine+endLine), nil},
		{"files", "", []string{writeFile(t, "a.jsonl", annLine), writeFile(t, "b.jsonl", bobLine+endLine)}},
		{"a packed file and stdin", annLine, []string{writeFile(t, "b.jsonl.gz", gzipText(bobLine+endLine)), "-"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := permittest.New(permittest.Options{})
			wantExit(t, run(t, srv, tt.stdin, tt.files...), tool.Done, "users: 2 added")
			wantState(t, srv, want)
		})
	}
}

// A dry run also says where a broken line is, and what is wrong with it.
func TestDryRunSaysWhereALineIsBroken(t *testing.T) {
	t.Parallel()
	srv := permittest.New(permittest.Options{})
	input := "\ufeff" + annLine + lines(
		`{"type":"user","key":"a b"}`,
		`{"type":"user","key":"c","first_name":"\ud800"}`,
		`{"type":"user","key":"d","key":"e"}`,
		`{"type":"user","Key":"f"}`,
		`{"type":"user","key":"ok","first_name":"\ud83d\ude00 \\ud800"}`,
	) + endLine
	wantExit(t, run(t, srv, input, "--dry-run"), tool.Rejected, "users: 2 to add",
		"stdin: line 2: user key: Permit allows only",
		"stdin: line 3: it contains half of a surrogate pair",
		`stdin: line 4: field "key" appears twice`,
		`stdin: line 5: unknown field "Key"`)
}

func gzipText(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(text)) // writing to memory cannot fail
	_ = z.Close()
	return b.String()
}
