package a0tojsonl_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

// No cell in the file of rejects is a formula in a spreadsheet, not even a column name.
// Once fixed, the rows give the original cells.
func TestFormulasInRejects(t *testing.T) {
	t.Parallel()
	const in = `user_id,email,given_name,family_name,roles,=a,'b` + "\n" +
		`'auth0|1,broken,'=HYPERLINK("x"),'+49,=cmd|x,'@SUM(1),"'` + "\t" + `-1"` + "\n"
	// encoding/csv requires a cell that contains quotes to be quoted.
	table := strings.Replace(in, `'=HYPERLINK("x")`, `"'=HYPERLINK(""x"")"`, 1)
	path := filepath.Join(t.TempDir(), "rejects.csv")
	if got := runOn(t, table, "--escaped", "yes", "--rejects", path); got.code != tool.Rejected {
		t.Fatalf("exit %d: %s", got.code, got.err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `user_id,email,given_name,family_name,roles,'=a,'b,reject_reason` + "\n" +
		`auth0|1,broken,"'=HYPERLINK(""x"")",'+49,'=cmd|x,'@SUM(1),'` + "\t" +
		`-1,email: not an email address that Permit accepts` + "\n"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
	mended := strings.NewReplacer("broken", "a@b.co", "'=cmd|x", "[]").Replace(string(data))
	got := runOn(t, mended, "--attributes", "all")
	wantUser := `{"type":"user","key":"auth0|1","email":"a@b.co","first_name":"=HYPERLINK(\"x\")","last_name":"+49",` +
		`"attributes":{"'b":"\t-1","=a":"@SUM(1)"},"role_assignments":[]}`
	if got.firstUser() != wantUser {
		t.Errorf("fixed: %s, want %s; %s", got.firstUser(), wantUser, got.err)
	}
}

// Once fixed, a rejected row gives the original cells, whatever they are. No spreadsheet
// sees a formula in the file of rejects.
func FuzzRejects(f *testing.F) {
	for _, cell := range []string{
		"", "a", "'", "''", "'t Hooft", "''t", "=1+1", "'=1+1", "''=1+1", "+1", "-1.5", "@x", "\tx", "a\rb", "\ra",
		"a\r\r\nb", "a,b", "\"", "'\"=", "\ufeffx", " ", "\n", "user_id", "[]", "＝1", "\\.", "x\r", "'\r\n",
	} {
		f.Add(cell, "'auth0", true)
		f.Add("=", cell, false)
	}
	f.Fuzz(func(t *testing.T, a, b string, escaped bool) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) || strings.Contains(a+b, "\x00") {
			t.Skip("rejected for another reason, too")
		}
		mark, flag := "", "no"
		if escaped {
			mark, flag = "'", "yes"
		}
		var in strings.Builder
		w := csv.NewWriter(&in)
		_ = w.WriteAll([][]string{ // memory never fails
			{"user_id", "email", "a", "b"},
			{mark + "auth0|1", "broken", mark + a, mark + b},
		})
		rows, err := csv.NewReader(strings.NewReader(in.String())).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		// A CSV reader returns each line end as \n.
		a, b = strings.TrimPrefix(rows[1][2], mark), strings.TrimPrefix(rows[1][3], mark)
		path := filepath.Join(t.TempDir(), "rejects.csv")
		if got := runOn(t, in.String(), "--escaped", flag, "--rejects", path); got.code != tool.Rejected {
			t.Fatalf("exit %d: %s", got.code, got.err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		checkNoFormula(t, data)
		mended := strings.Replace(string(data), "broken", "a@b.co", 1)
		got := runOn(t, mended, "--attribute", "a:string", "--attribute", "b:string")
		var user struct{ Attributes map[string]string }
		if err := json.Unmarshal([]byte(got.firstUser()), &user); err != nil {
			t.Fatalf("%v: exit %d, %s%s", err, got.code, got.out, got.err)
		}
		if got.code != tool.Done || user.Attributes["a"] != a || user.Attributes["b"] != b {
			t.Errorf("%q and %q came back as %q, by %q", a, b, user.Attributes, data)
		}
	})
}

// checkNoFormula fails the test if a cell begins like a formula.
func checkNoFormula(t *testing.T, data []byte) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(string(data)))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.Contains("=+-@\t\r\n", cell[:1]) {
				t.Errorf("a formula: %q", cell)
			}
		}
	}
}
