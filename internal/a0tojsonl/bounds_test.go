package a0tojsonl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// A row that is too long is rejected like any other, with enough cells to find it, and
// rejected again if it is fed again. The rows after it are converted.
func TestRowsOverTheLimit(t *testing.T) {
	t.Parallel()
	cell := strings.Repeat("x", 9<<20)
	const says = "row 3, line 3: longer than 8 MiB\n"
	tests := []struct{ name, header, row, kept string }{
		{"a name", "user_id,email,given_name", "'auth0|2,'b@acme.example,'" + cell, "auth0|2,b@acme.example,"},
		{
			"a name in quotes", "user_id,email,given_name",
			`"'auth0|2",'b@acme.example,"'` + cell + "\"\"\n\"", "auth0|2,b@acme.example,",
		},
		{"ragged", "user_id,email,given_name", "'auth0|2,'b@acme.example,'c,'d," + cell, "auth0|2,b@acme.example,"},
		{"the key", "user_id,email,given_name", cell + ",,", ""},
		{"many cells", "user_id,email,given_name", "'auth0|2" + strings.Repeat(",", 9<<20), "auth0|2,,"},
		{"a role list", "user_id,email,roles", "'auth0|2,," + `"[""` + cell + `""]"`, "auth0|2,,"},
		{"two rows in one", "user_id,email,given_name", strings.Repeat("'auth0|2,,\r", 1<<20), "auth0|2,,"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "rejects.csv")
			in := tt.header + "\n'auth0|1,'a@acme.example,\n" + tt.row + "\n'auth0|3,'c@acme.example,\n"
			got := runOn(t, in, "--rejects", path)
			if end := got.end(t); got.code != tool.Rejected || end.Users != 2 || end.Rejected != 1 {
				t.Fatalf("exit %d, %+v, %s", got.code, end, got.err)
			}
			if !strings.Contains(got.err, says) {
				t.Errorf("%s; want %s", got.err, says)
			}
			if strings.Contains(got.err, "doubled") {
				t.Errorf("a hint about quotes: %s", got.err)
			}
			data, err := os.ReadFile(path)
			want := tt.header + ",reject_reason\n" + tt.kept + "longer than 8 MiB\n"
			if err != nil || string(data) != want {
				t.Errorf("rejects %.200q, %v; want %q", data, err, want)
			}
			if again := runOn(t, string(data)); again.code != tool.Rejected || again.end(t).Users > 0 {
				t.Errorf("fed again: exit %d, %s", again.code, again.err)
			}
		})
	}
	// The long row may be the first row, or the only one with text.
	for in, rejected := range map[string]int{
		"user_id,x\nauth0|1," + cell + "\n1,2\n":                               1,
		"user_id,x\n1,\nauth0|2," + cell + "\n":                                1,
		"user_id,x\nauth0|1," + cell + "\nuser_id,x\nauth0|2," + cell + "\n1,": 2,
	} {
		got := runOn(t, in)
		if end := got.end(t); got.code != tool.Rejected || end.Rejected != rejected || end.Users != 1 {
			t.Errorf("%.30q: exit %d, %+v, %.1000s", in, got.code, end, got.err)
		}
	}
	got := runOn(t, "user_id,email\nauth0|1,\n\"auth0|2,"+cell+"\nauth0|3,\n")
	const want = "row 3, line 3: longer than 8 MiB: probably a quote in it is never closed\n"
	if got.code != tool.Stopped || !strings.Contains(got.err, want) || got.end(t).Users != 1 {
		t.Errorf("a quote that is never closed: exit %d, %s", got.code, got.err)
	}
}

// Absurd lists of roles are rejected, in a time proportional to their length.
func TestAbsurdRoles(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	many := `"[""` + strings.Repeat(`a"",""`, (csvrows.MaxRow-100)/6) + `a""]"`
	in := "user_id,roles,organizations\n" +
		"auth0|1," + deep + ",\n" +
		"auth0|2,,\"[{\"\"id\"\":\"\"o\"\",\"\"roles\"\":" + deep + "}]\"\n" +
		"auth0|3," + many + ",\n" +
		"auth0|4,\"[\"\"A\"\"]\",\n"
	got := runOn(t, in)
	if end := got.end(t); got.code != tool.Rejected || end.Users != 1 || end.Rejected != 3 {
		t.Errorf("exit %d, %+v, %s", got.code, end, got.err)
	}
	for _, want := range []string{
		`row 2, line 2, column "roles": not a JSON array of role names`,
		`row 3, line 3, column "organizations": not a JSON array of organizations`,
		`row 4, line 4: its record would be longer than 16 MiB`,
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.err)
		}
	}
}
