package a0tojsonl_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

func TestRejects(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rejects.csv")
	const in = "Id,Email,Family Name,Connection,roles\n" +
		"'auth0|1,'secret1,''t Hooft,'db,\n" +
		"'auth0|2\n" +
		"'auth0|3,'a@b.co,'x,'db,secret2\n" +
		"'auth0|4,'a@b.co,\"'two\nlines\",'db,\n" +
		",'a@b.co,'x,'google,\n" +
		"'auth0|secret3 7,'a@b.co,'x,'google,\n"
	got := runOn(t, in, "--rejects", path)
	wantOut := `{"type":"user","key":"auth0|4","email":"a@b.co","last_name":"two\nlines",` +
		`"attributes":{"provider":"db"}}
{"type":"end","complete":true,"users":1,"roles":0,"tenants":0,"rejected":5}
`
	if diff := cmp.Diff(wantOut, got.out); diff != "" || got.code != tool.Rejected {
		t.Errorf("exit %d, stdout (-want +got):\n%s", got.code, diff)
	}
	wantMessages := `a0tojsonl: error: stdin: row 2, line 2, column "Email": not an email address that Permit accepts
a0tojsonl: error: stdin: row 3, line 3: wrong number of cells: 1 in place of 5
a0tojsonl: error: stdin: row 4, line 4, column "roles": not a JSON array of role names, such as ["Admin"]
a0tojsonl: error: stdin: row 6, line 7, column "Id": the key is missing
a0tojsonl: error: stdin: row 7, line 8, column "Id": user key: Permit allows only letters, digits and | @ + - . _
a0tojsonl: hint: fix ` + path + ` and feed it again: a0tojsonl ` + path + ` | permitload
`
	if diff := cmp.Diff(wantMessages, got.messages()); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	if strings.Contains(got.err, "secret") || strings.Contains(got.err, "@b.co") {
		t.Errorf("stderr shows what is in cells:\n%s", got.err)
	}
	wantFile := `user_id,email,family_name,provider,roles,reject_reason
auth0|1,secret1,'t Hooft,db,,email: not an email address that Permit accepts
auth0|2,wrong number of cells
auth0|3,a@b.co,x,db,secret2,"roles: not a JSON array of role names, such as [""Admin""]"
,a@b.co,x,google,,user_id: the key is missing
auth0|secret3 7,a@b.co,x,google,,"user_id: user key: Permit allows only letters, digits and | @ + - . _"
`
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantFile, string(data)); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}

	t.Run("fed again as they are", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "again.csv")
		again := runOn(t, wantFile, "--rejects", path)
		if end := again.end(t); again.code != tool.Rejected || end.Rejected != 5 || end.Users != 0 {
			t.Errorf("exit %d, end %+v, want all five rejected again", again.code, end)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wantFile, string(data)); diff != "" {
			t.Errorf("rejects of rejects (-want +got):\n%s", diff)
		}
	})
	t.Run("mended by hand", func(t *testing.T) {
		t.Parallel()
		mended := strings.NewReplacer(
			"secret1", "jane@acme.com",
			"auth0|2,wrong number of cells", "auth0|2,,,,,",
			"secret2", `"[""Admin""]"`,
			"\n,a@b.co", "\nauth0|9,a@b.co",
			"secret3 ", "",
		).Replace(wantFile)
		again := runOn(t, mended)
		if end := again.end(t); again.code != tool.Done || end.Users != 5 {
			t.Errorf("exit %d, end %+v, stderr %s", again.code, end, again.err)
		}
		if want := `"key":"auth0|1","email":"jane@acme.com","last_name":"'t Hooft"`; !strings.Contains(again.out, want) {
			t.Errorf("stdout lacks %s:\n%s", want, again.out)
		}
	})
}

// The rejected rows of several kinds of tables are a stream of tables that can be fed
// again.
func TestRejectsOfSeveralTables(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rejects.csv")
	const in = "Id,Email\nauth0|1,x\nauth0|2,y\nrole_id,name\nrol_1,\nuser_id,email\n,a@b.co\n"
	got := runOn(t, in, "--rejects", path)
	if got.code != tool.Rejected {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `user_id,email,reject_reason
auth0|1,x,email: not an email address that Permit accepts
auth0|2,y,email: not an email address that Permit accepts
role_id,name,reject_reason
rol_1,,name: no name
user_id,email,reject_reason
,a@b.co,user_id: the key is missing
`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
	if again := runOn(t, string(data)); again.end(t).Rejected != 4 {
		t.Errorf("fed again: %s", again.out)
	}
}

func TestManyRejects(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rejects.csv")
	in := "user_id,email,provider\n" + strings.Repeat("auth0|1,x,db\n", 1000) + strings.Repeat("auth0|1,x,saml\n", 2000)
	got := runOn(t, in, "--rejects", path)
	messages := got.messages()
	if n := strings.Count(messages, "\n"); n != 23 {
		t.Errorf("%d lines on stderr, want 20 rows, 2 sums and what to do:\n%s", n, messages)
	}
	want := `a0tojsonl: error: 2,980 more rows were rejected
a0tojsonl: error: rejected 3,000 rows: email: not an email address that Permit accepts ("saml" 2,000, "db" 1,000)
a0tojsonl: hint: fix ` + path + ` and feed it again: a0tojsonl ` + path + ` | permitload
`
	if !strings.HasSuffix(messages, want) {
		t.Errorf("stderr ends in %q, want %q", messages[len(messages)-200:], want)
	}
	data, err := os.ReadFile(path)
	if err != nil || bytes.Count(data, []byte("\n")) != 3001 {
		t.Errorf("%d lines of rejects, %v; want all", bytes.Count(data, []byte("\n")), err)
	}
}

// A few bad rows are reported once each. The last hint says what to type.
func TestFewRejects(t *testing.T) {
	t.Parallel()
	got := runOn(t, "user_id,email,provider\nauth0|1,x,db\nauth0|2,y,db\n,a@b.co,db\nauth0|3\u200b,,db\n")
	want := `a0tojsonl: error: stdin: row 2, line 2, column "email": not an email address that Permit accepts
a0tojsonl: error: stdin: row 3, line 3, column "email": not an email address that Permit accepts
a0tojsonl: error: stdin: row 4, line 4, column "user_id": the key is missing
a0tojsonl: error: stdin: row 5, line 5, column "user_id": an invisible character: U+200B (zero width space)
a0tojsonl: hint: type the cell again by hand: pasted text may contain invisible characters
a0tojsonl: hint: keep rejected rows in a file, to fix and feed again: a0tojsonl --rejects rejects.csv
`
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Rejected {
		t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
	}
}

func TestStrict(t *testing.T) {
	t.Parallel()
	got := runOn(t, "user_id\nauth0|1\na b\nauth0|2\nc d\n", "--strict")
	want := `a0tojsonl: error: stdin: row 3, line 3, column "user_id": ` +
		`user key: Permit allows only letters, digits and | @ + - . _
a0tojsonl: hint: fix the row, or leave --strict out: then such rows are set aside and the rest is converted
`
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Stopped {
		t.Errorf("exit %d, stderr (-want +got):\n%s", got.code, diff)
	}
	if end := got.end(t); end.Complete || end.Users != 1 || end.Rejected != 1 {
		t.Errorf("end = %+v", end)
	}
}

// The first id shows whether a table is escaped, also for the rows before it.
func TestRejectsBeforeTheFirstID(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "rejects.csv")
	const in = "user_id,email,given_name\n,'x@y.co,'Zoe\n'auth0|3,'ragged\n'auth0|2,'b@y.co,'Bob\n"
	if got := runOn(t, in, "--rejects", path); got.code != tool.Rejected {
		t.Errorf("exit %d: %s", got.code, got.err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "user_id,email,given_name,reject_reason\n,x@y.co,Zoe,user_id: the key is missing\n" +
		"auth0|3,ragged,wrong number of cells\n"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
}
