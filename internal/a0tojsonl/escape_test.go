package a0tojsonl_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

// The first rows together show whether Auth0 escaped a table. A single row does not: an
// id may be a number, which has no ' before it, and a name may begin with a '.
func TestEscapeIsTheTables(t *testing.T) {
	t.Parallel()
	const header = "user_id,email,given_name,family_name,provider\n"
	const gil = `{"type":"user","key":"1234567","email":"gil@acme.example","first_name":"Gil",` +
		`"attributes":{"provider":"github"}}`
	tests := []struct{ name, in, want string }{
		{
			"a number first", `"user_id","email","given_name","family_name","provider"` + "\n" +
				`1234567,"'gil@acme.example","'Gil",,"'github"` + "\n" + `"'auth0|1",,,"''t Hooft",` + "\n",
			gil + "\n" + `{"type":"user","key":"auth0|1","last_name":"'t Hooft"}`,
		},
		{"numbers alone", header + "1234567,'gil@acme.example,'Gil,,'github\n", gil},
		{
			"rows without text first", header + strings.Repeat("\n1,,,,\n,,,,\n2,,-3.5,true,2026-01-01\n3\n", 5000) +
				"1234567,'gil@acme.example,'Gil,,'github\n'auth0|9,,,,\n",
			gil + "\n" + `{"type":"user","key":"auth0|9"}`,
		},
		{
			"a plain table with names of that kind",
			"user_id,email,family_name\nauth0|1,,'t Hooft\nauth0|2,a@b.co,'Ab\nauth0|3,c@d.co,\n",
			`{"type":"user","key":"auth0|1","last_name":"'t Hooft"}
{"type":"user","key":"auth0|2","email":"a@b.co","last_name":"'Ab"}
{"type":"user","key":"auth0|3","email":"c@d.co"}`,
		},
		{
			"rows mended by hand",
			"user_id,email,family_name\n'auth0|1,'a@b.co,''Ab\n'auth0|2,c@d.co,'t Hooft\n",
			`{"type":"user","key":"auth0|1","email":"a@b.co","last_name":"'Ab"}
{"type":"user","key":"auth0|2","email":"c@d.co","last_name":"t Hooft"}`,
		},
		{
			"each table by itself", "user_id,family_name\nauth0|1,\nuser_id,email\n'auth0|2,'a@b.co\nuser_id\n'auth0|3\n" +
				"role_id,name\nrol_1,'R\nrol_2,S\nuser_id,family_name\nauth0|4,\nauth0|5,'t\n",
			`{"type":"user","key":"auth0|1"}
{"type":"user","key":"auth0|2","email":"a@b.co"}
{"type":"user","key":"auth0|3"}
{"type":"user","key":"auth0|4"}
{"type":"user","key":"auth0|5","last_name":"'t"}`,
		},
		{
			"a column that another hand has joined", header[:len(header)-1] + ",plan\n'auth0|1,'a@b.co,,,'db,pro\n",
			`{"type":"user","key":"auth0|1","email":"a@b.co","attributes":{"provider":"db"}}`,
		},
		{
			"ids that begin with a digit and are none", "user_id,email\n'0a1b,'a@b.co\n'2026-01-01x,'c@d.co\n",
			`{"type":"user","key":"0a1b","email":"a@b.co"}` + "\n" + `{"type":"user","key":"2026-01-01x","email":"c@d.co"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, pace := range []struct{ workers, chunk int }{{1, 1 << 20}, {1, 1}, {3, 70}} {
				got := runParallel(t, tt.in, pace.workers, pace.chunk)
				var users []string
				for line := range strings.Lines(got.out) {
					short := strings.Contains(line, `"key":"1"`) || strings.Contains(line, `"key":"2"`)
					if strings.Contains(line, `"type":"user"`) && !short {
						users = append(users, strings.TrimSpace(line))
					}
				}
				if diff := cmp.Diff(tt.want, strings.Join(users, "\n")); diff != "" {
					t.Errorf("in chunks of %d: exit %d, users (-want +got):\n%s%.2000s", pace.chunk, got.code, diff, got.err)
				}
			}
		})
	}
	t.Run("files", func(t *testing.T) {
		t.Parallel()
		plain, escaped := writeFile(t, "user_id,email\nauth0|1,a@b.co\n"), writeFile(t, "user_id,email\n7,'c@d.co\n")
		got := runOn(t, "", plain, escaped, plain)
		if got.code != tool.Done || !strings.Contains(got.out, `"key":"7","email":"c@d.co"`) {
			t.Errorf("exit %d, %s%s", got.code, got.out, got.err)
		}
	})
}

// If it is not clear whether a table is escaped, that is an error until --escaped says.
func TestEscapeInDoubt(t *testing.T) {
	t.Parallel()
	const in = "user_id,email,family_name\n'auth0|1,'a@b.co,\nauth0|2,c@d.co,'t Hooft\n"
	got := runOn(t, in)
	want := "a0tojsonl: error: stdin: of the first texts, 3 begin with Auth0's ' and 2 do not: " +
		"with it, line 2, column \"user_id\"; without it, line 3, column \"user_id\"\n" +
		"a0tojsonl: hint: --escaped yes removes one leading ' from each cell, --escaped no removes none\n"
	if diff := cmp.Diff(want, got.messages()); diff != "" || got.code != tool.Stopped || got.end(t).Users != 0 {
		t.Errorf("exit %d, %s, stderr (-want +got):\n%s", got.code, got.out, diff)
	}
	for flag, want := range map[string]string{
		"yes": `{"type":"user","key":"auth0|1","email":"a@b.co"}
{"type":"user","key":"auth0|2","email":"c@d.co","last_name":"t Hooft"}
{"type":"end","complete":true,"users":2,"roles":0,"tenants":0,"rejected":0}
`,
		"no": `{"type":"user","key":"auth0|2","email":"c@d.co","last_name":"'t Hooft"}
{"type":"end","complete":true,"users":1,"roles":0,"tenants":0,"rejected":1}
`,
	} {
		if diff := cmp.Diff(want, runOn(t, in, "--escaped", flag).out); diff != "" {
			t.Errorf("--escaped %s: stdout (-want +got):\n%s", flag, diff)
		}
	}
}

// If the escaping changes after the sampled rows, no row is misread.
func TestEscapeThatChangesLater(t *testing.T) {
	t.Parallel()
	const header = "user_id,email,given_name,family_name\n"
	var plain, escaped strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&plain, "auth0|%d,u%d@acme.example,Ann,Lee\n", i, i)
		fmt.Fprintf(&escaped, "'auth0|%d,'u%d@acme.example,'Ann,'Lee\n", i, i)
	}
	for _, in := range []string{
		header + plain.String() + "7,'gil@acme.example,'Gil,'Hub\n7,'gil@acme.example,,\n",
		header + escaped.String() + "auth0|7,,,'t Hooft\nauth0|7,gil@acme.example,Gil,'t Hooft\n",
	} {
		path := filepath.Join(t.TempDir(), "rejects.csv")
		got := runOn(t, in, "--rejects", path)
		if end := got.end(t); got.code != tool.Rejected || end.Users != 3000 || end.Rejected != 2 {
			t.Errorf("exit %d, %+v: %s", got.code, end, got.err)
		}
		if want := "hint: repeat the header before the rows that differ"; !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.err)
		}
		data, err := os.ReadFile(path)
		if err != nil || strings.Count(string(data), "\n") != 3 || !strings.Contains(string(data), "'") {
			t.Errorf("rejects %q, %v; want both rows unchanged", data, err)
		}
		if again := runOn(t, string(data)); strings.Contains(again.out, "'gil") {
			t.Errorf("fed again unchanged: %s", again.out)
		}
	}
}

// A table gives the same records with and without Auth0's escaping, whatever its first
// rows are.
func TestEscapedReadsAsPlain(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	ids := []string{"1234567", "auth0|1", "-5", "10a", "google-oauth2|104"}
	names := []string{"", "Ann", "'t Hooft", "''", "O'Neil", "=1+1", "true", "12", "[x]"}
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	for range 300 {
		var plain, escaped strings.Builder
		for _, w := range []*strings.Builder{&plain, &escaped} {
			w.WriteString("user_id,email,given_name,family_name,email_verified,created_at,roles\n")
		}
		for range 1 + random.IntN(6) {
			texts := []string{pick(ids), "ann@acme.example", pick(names), pick(names)}
			if random.IntN(3) == 0 {
				texts[1] = ""
			}
			for i, text := range texts {
				mark := "'"
				if text == "" || i == 0 && (text == "1234567" || text == "-5") {
					mark = ""
				}
				fmt.Fprintf(&plain, "%s,", text)
				fmt.Fprintf(&escaped, "%q,", mark+text)
			}
			for _, w := range []*strings.Builder{&plain, &escaped} {
				w.WriteString("true,2026-01-01T12:00:00.000Z,[]\n")
			}
		}
		want := runOn(t, plain.String(), "--escaped", "no", "--attributes", "all")
		got := runOn(t, escaped.String(), "--attributes", "all")
		if diff := cmp.Diff(want.out, got.out); diff != "" {
			t.Errorf("%s(-plain +escaped):\n%s%s", escaped.String(), diff, got.err)
		}
	}
}
