package a0tojsonl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

// If the input breaks off, the rows before that are written, the end line says that they
// are not all, and one error says where it broke off.
func TestBrokenInput(t *testing.T) {
	t.Parallel()
	const one = "user_id\nauth0|1\n"
	whole := compress(t, time.Time{}, one+strings.Repeat("auth0|2\n", 100))
	corrupt := []byte(whole)
	corrupt[len(corrupt)-6] ^= 1 // in the checksum
	const (
		emptyInput = "a0tojsonl: stopped: the stage before failed: the command before this one wrote nothing\n"
		cutGzip    = "a0tojsonl: stopped: the stage before failed: read stdin: the gzip data breaks off\n"
		jsonInput  = "a0tojsonl: error: stdin: not CSV: it looks like JSON\n" +
			"a0tojsonl: hint: export the users as CSV: with a0export, or with an export job that has \"format\": \"csv\"\n"
		records = "a0tojsonl: error: stdin: not CSV: it looks like what a0tojsonl writes\n" +
			"a0tojsonl: hint: permitload reads it: permitload FILE\n"
	)
	tests := []struct {
		name, in string
		users    int // -1 means any number
		messages string
	}{
		{"nothing", "", 0, emptyInput},
		{"gzip around nothing", compress(t, time.Time{}, ""), 0, emptyInput},
		{"blank lines", "\n\r\n", 0, emptyInput},
		{"cut gzip", whole[:len(whole)-9], -1, cutGzip},
		{"cut in the first gzip header", whole[:5], 0, cutGzip},
		{"cut between members", whole + whole[:12], 101, cutGzip},
		{
			"corrupt gzip", string(corrupt), -1,
			"a0tojsonl: error: read stdin: the gzip data is damaged: its checksum does not match\n",
		},
		{
			"bare quote", one + "x\"y\n", 1,
			"a0tojsonl: error: stdin: row 3, line 3, column 2: a \" in a cell that is not in quotes\n" +
				"a0tojsonl: hint: write a cell that contains a \" in quotes, with the \" doubled: \"a \"\"b\"\" c\"\n",
		},
		{"JSON", `[{"user_id":"auth0|1"}]`, 0, jsonInput},
		{"our own output", `{"type":"end"}`, 0, records},
		{
			"binary", "\x7fELF\x00\x01", 0,
			"a0tojsonl: error: stdin: not CSV: it looks like binary data\n" +
				"a0tojsonl: hint: a0tojsonl reads CSV, plain or gzip, such as a0export writes\n",
		},
		{
			"workbook", "PK\x03\x04", 0,
			"a0tojsonl: error: stdin: not CSV: it looks like a spreadsheet or another zip file\n" +
				"a0tojsonl: hint: save it as CSV (UTF-8), or use the CSV file that Auth0 exported\n",
		},
		{
			"no user_id", "email,Name\njane@acme.com,Jane\n", 0,
			"a0tojsonl: error: stdin: row 1, line 1: no user_id column\n" +
				"a0tojsonl: hint: the header has: \"email\", \"Name\"\n" +
				"a0tojsonl: hint: rename the column of Auth0's user ids to user_id (Id is known too)\n",
		},
		{
			"two columns of one meaning, in the middle", one + "user_id,provider,Connection\n", 1,
			"a0tojsonl: error: stdin: row 3, line 3: " +
				"columns 2 and 3 (\"provider\" and \"Connection\") both mean provider\n" +
				"a0tojsonl: hint: remove or rename one of them\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, tt.in)
			if got.code != tool.Stopped {
				t.Errorf("exit %d, want %d", got.code, tool.Stopped)
			}
			if diff := cmp.Diff(tt.messages, got.messages()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			end := got.end(t)
			if end.Complete || !strings.Contains(tt.messages, ": "+end.Reason+"\n") {
				t.Errorf("end = %+v, want not complete, with the reason on stderr", end)
			}
			users := strings.Count(got.out, `"type":"user"`)
			if end.Users != users || tt.users >= 0 && users != tt.users {
				t.Errorf("%d users written, the end line says %d, want %d", users, end.Users, tt.users)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, data string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	early := time.Date(2026, 11, 23, 22, 43, 0, 0, time.FixedZone("", 3600))
	late := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	second := compress(t, early, "'auth0|2\nauth0|6\nuser_id\n'auth0|3")
	a := write("a.csv.gz", compress(t, late, "user_id\nauth0|1\n")+second)
	b := write("b.csv", "\ufeffId\nauth0|4")
	out := filepath.Join(dir, "out.jsonl")
	got := runOn(t, "user_id\nauth0|5\n", "-o", out, a, b, "-")
	// Most ids of the first table are not escaped, so its second row is rejected.
	if got.code != tool.Rejected || got.out != "" {
		t.Errorf("exit %d, stdout %q, stderr %s", got.code, got.out, got.err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"user","key":"auth0|1"}
{"type":"user","key":"auth0|6"}
{"type":"user","key":"auth0|3"}
{"type":"user","key":"auth0|4"}
{"type":"user","key":"auth0|5"}
{"type":"end","complete":true,"users":5,"roles":0,"tenants":0,"rejected":1,"as_of":"2026-11-23T21:43:00Z"}
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if want := "error: " + a + ": row 3, line 3, column \"user_id\": "; !strings.Contains(got.err, want) {
		t.Errorf("stderr lacks %q:\n%s", want, got.err)
	}

	none, nor, missing := filepath.Join(dir, "none"), filepath.Join(dir, "nor"), filepath.Join(dir, "missing")
	failed := runOn(t, "", "-o", none, "--rejects", nor, a, missing)
	if left, _ := filepath.Glob(filepath.Join(dir, "*no*")); failed.code != tool.Stopped || len(left) > 0 {
		t.Errorf("a failure: exit %d, left %q", failed.code, left)
	}
}
