package a0tojsonl_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

// first is the first line of a user.
func (r result) first() string {
	for line := range strings.Lines(r.out) {
		if strings.Contains(line, `"type":"user"`) {
			return strings.TrimSpace(line)
		}
	}
	return ""
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	const in = "Id,Email,Connection,Email Verified,logins_count,user_metadata.plan,tags,roles\n" +
		`'auth0|1,'a@b.co,'db,TRUE,7,''pro,"'{ ""b"": [1, 2.50] }",[]` + "\n"
	const key = `{"type":"user","key":"auth0|1","email":"a@b.co"`
	tests := []struct {
		args []string
		want string // behind the email
	}{
		{nil, `,"attributes":{"provider":"db"}`},
		{[]string{"--attributes", "none"}, ``},
		{[]string{"--attributes", "all"}, `,"attributes":{"email_verified":true,"logins_count":7,"provider":"db","tags":"{ \"b\": [1, 2.50] }","user_metadata.plan":"'pro"}`},
		{[]string{"--attribute", "email_verified"}, `,"attributes":{"email_verified":true,"provider":"db"}`},
		{[]string{"--attribute", "Email Verified"}, `,"attributes":{"email_verified":true,"provider":"db"}`},
		{[]string{"--attribute", "Email Verified:string", "--attributes", "none"}, `,"attributes":{"email_verified":"TRUE"}`},
		{[]string{"--attribute", "tags=labels:json", "--attribute", "user_metadata.plan=plan"}, `,"attributes":{"labels":{"b":[1,2.50]},"plan":"'pro","provider":"db"}`},
		{[]string{"--attribute", "logins_count=n:number", "--attributes", "all"}, `,"attributes":{"email_verified":true,"n":7,"provider":"db","tags":"{ \"b\": [1, 2.50] }","user_metadata.plan":"'pro"}`},
		{[]string{"--attribute", "provider=connection"}, `,"attributes":{"connection":"db"}`},
		{[]string{"--attribute", "Connection=connection"}, `,"attributes":{"connection":"db"}`},
		{[]string{"--attribute", "Email=mail", "--attribute", "roles:json"}, `,"attributes":{"mail":"a@b.co","provider":"db","roles":[]}`},
	}
	for _, tt := range tests {
		got := runOn(t, in, tt.args...)
		if want := key + tt.want + `,"role_assignments":[]}`; got.first() != want || got.code != tool.Done {
			t.Errorf("%q: exit %d\n got %s\nwant %s\n%s", tt.args, got.code, got.first(), want, got.err)
		}
	}
}

func TestAttributeTypes(t *testing.T) {
	t.Parallel()
	tests := []struct{ typ, cell, want string }{ // want is "" where the row is rejected
		{"bool", "true", "true"},
		{"bool", "FALSE", "false"},
		{"bool", "yes", ""},
		{"bool", "1", ""},
		{"bool", " true", ""},
		{"number", "0", "0"},
		{"number", "-1.50e3", "-1.50e3"},
		{"number", "12345678901234567890", "12345678901234567890"},
		{"number", "010", ""},
		{"number", "0x1F", ""},
		{"number", `"1,5"`, ""},
		{"number", "+1", ""},
		{"number", "1 ", ""},
		{"number", "NaN", ""},
		{"number", "1e999", ""},
		{"json", `"{""a"": ""x y""}"`, `{"a":"x y"}`},
		{"json", "3", "3"},
		{"json", "{", ""},
		{"json", "\"\"\"\xff\"\"\"", ""},
		{"string", "010", `"010"`},
		{"string", "\"a\"\"b\"", `"a\"b"`},
		{"string", "\xff", ""},
	}
	for _, tt := range tests {
		got := runOn(t, "user_id,x\nu,"+tt.cell+"\n", "--attribute", "x:"+tt.typ)
		want := fmt.Sprintf(`{"type":"user","key":"u","attributes":{"x":%s}}`, tt.want)
		if tt.want == "" {
			want = ""
		}
		if got.first() != want || (got.code == tool.Rejected) != (want == "") {
			t.Errorf("%q as %s: exit %d, %q, want %q", tt.cell, tt.typ, got.code, got.first(), want)
		}
		if want == "" && !strings.Contains(got.err, `row 2, line 2, column "x": `) {
			t.Errorf("%q as %s: %s", tt.cell, tt.typ, got.err)
		}
	}
	for _, cell := range []string{"", "null"} {
		if got := runOn(t, "user_id,x\nu,"+cell+"\n", "--attribute", "x:json"); got.first() != `{"type":"user","key":"u"}` {
			t.Errorf("json %q: %s", cell, got.first())
		}
	}
}

func TestOptionsOfAHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		args   []string
		want   string
	}{
		{"user_id", []string{"--attribute", "plan"}, `no column "plan", which is to be an attribute`},
		{"user_id", []string{"--user-key", "username"}, `no column "username", which is to be the key`},
		{"user_id,x,x", []string{"--attributes", "all"}, `columns "x" and "x" are both to be the attribute "x"`},
		{"user_id,x,y", []string{"--attribute", "x=a", "--attribute", "y=a"}, `columns "x" and "y" are both to be the attribute "a"`},
		{"user_id,,x", []string{"--attributes", "all"}, "column 2 has no name, so it cannot be an attribute"},
		{"user_id,\xff", []string{"--attributes", "all"}, "the name of column 2 is not UTF-8, so it cannot be an attribute"},
	}
	for _, tt := range tests {
		got := runOn(t, "user_id\n1\n"[:0]+tt.header+"\n", tt.args...)
		if want := "a0tojsonl: error: stdin: row 1, line 1: " + tt.want + "\na0tojsonl: hint: "; got.code != tool.Stopped || !strings.HasPrefix(got.err, want) {
			t.Errorf("%q %q: exit %d, %s; want %s", tt.header, tt.args, got.code, got.err, want)
		}
	}
}

func TestUserKey(t *testing.T) {
	t.Parallel()
	const in = "user_id,username,email,provider\nauth0|1,jane,jane@acme.com,db\nauth0|2,,x@acme.com,db\n,john,y@acme.com,db\nauth0|4,a b,z@acme.com,db\n"
	got := runOn(t, in, "--user-key", "username")
	if want := `{"type":"user","key":"jane","email":"jane@acme.com","attributes":{"auth0_user_id":"auth0|1","provider":"db"}}`; got.first() != want {
		t.Errorf("%s, want %s", got.first(), want)
	}
	for _, want := range []string{`row 3, line 3, column "username": no key`, `row 4, line 4, column "user_id": no key`, `row 5, line 5, column "username": user key: Permit takes only`} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.err)
		}
	}
	for key, want := range map[string]string{
		"Email":   `{"type":"user","key":"jane@acme.com","email":"jane@acme.com","attributes":{"auth0_user_id":"auth0|1","provider":"db"}}`,
		"user_id": `{"type":"user","key":"auth0|1","email":"jane@acme.com","attributes":{"provider":"db"}}`,
	} {
		if got := runOn(t, in, "--user-key", key); got.first() != want {
			t.Errorf("--user-key %s: %s, want %s", key, got.first(), want)
		}
	}
	if got := runOn(t, in, "--user-key", "username", "--attributes", "all"); strings.Contains(got.first(), `"username"`) {
		t.Errorf("the key is an attribute too: %s", got.first())
	}
}

func TestTenantKeyAndMemberRole(t *testing.T) {
	t.Parallel()
	const in = "organization_id,name,display_name\norg_1,acme,Acme Inc\norg_3,a b,\n" +
		"user_id,organizations\n" +
		`1,"[{""id"":""org_1"",""name"":""acme"",""display_name"":""Acme Inc"",""roles"":[""A""]},{""id"":""org_2"",""name"":""globex"",""roles"":[]}]"` + "\n" +
		`2,"[{""id"":""org_9"",""roles"":[""A""]}]"` + "\n"
	got := runOn(t, in, "--tenant-key", "name", "--member-role", "Org Member")
	want := `{"type":"tenant","key":"acme","name":"Acme Inc","attributes":{"auth0_organization_id":"org_1"}}
{"type":"role","key":"A","name":"A"}
{"type":"role","key":"org-member","name":"Org Member"}
{"type":"tenant","key":"globex","name":"globex","attributes":{"auth0_organization_id":"org_2"}}
{"type":"user","key":"1","role_assignments":[{"role":"A","tenant":"acme"},{"role":"org-member","tenant":"globex"}]}
{"type":"end","complete":true,"users":1,"roles":2,"tenants":2,"rejected":2}
`
	if diff := cmp.Diff(want, got.out); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	for _, want := range []string{
		`row 3, line 3, column "name": tenant key: Permit takes only`, `row 6, line 6, column "organizations": name: no key`,
		"warning: --tenant-key name: a name may change in Auth0",
	} {
		if !strings.Contains(got.err, want) {
			t.Errorf("stderr lacks %q:\n%s", want, got.err)
		}
	}
	if strings.Contains(got.err, "without a role") {
		t.Errorf("members have a role: %s", got.err)
	}
	clash := runOn(t, "organization_id,name\norg_1,acme\norg_2,acme\n", "--tenant-key", "name")
	if want := `row 3, line 3: organizations "org_1" and "org_2" are both called "acme"`; clash.code != tool.Stopped || !strings.Contains(clash.err, want) {
		t.Errorf("two organizations of one name: exit %d, %s", clash.code, clash.err)
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	early, late := "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
	at, err := time.Parse(time.RFC3339, "2026-01-15T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	packed := zip(t, at, "user_id\n1\n")
	tests := []struct{ in, flag, want string }{
		{"user_id\n1\n", "", ""},
		{"user_id\n1\n", early, early},
		{"user_id\n1\n", "2026-01-01T02:00:00+02:00", early},
		{packed, "", "2026-01-15T00:00:00Z"},
		{packed, early, early}, // the oldest counts
		{packed, late, "2026-01-15T00:00:00Z"},
	}
	for _, tt := range tests {
		var args []string
		if tt.flag != "" {
			args = []string{"--as-of", tt.flag}
		}
		if end := runOn(t, tt.in, args...).end(t); end.AsOf != tt.want {
			t.Errorf("--as-of %q: as_of %q, want %q", tt.flag, end.AsOf, tt.want)
		}
	}
}

func TestUsageOfOptions(t *testing.T) {
	t.Parallel()
	tests := [][]string{
		{"--attribute", "x:int"},
		{"--attribute", "=x"},
		{"--attribute", "x="},
		{"--attribute", ""},
		{"--attributes", "some"},
		{"--attributes", ""},
		{"--user-key", ""},
		{"--tenant-key", "slug"},
		{"--member-role", ""},
		{"--as-of", "yesterday"},
		{"--as-of", "2999-01-01T00:00:00Z"},
	}
	for _, args := range tests {
		if got := runOn(t, "user_id\n1\n", args...); got.code != tool.BadUsage || got.out != "" || !strings.Contains(got.err, "hint: ") {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want exit 2 and a hint", args, got.code, got.out, got.err)
		}
	}
}

// A file that two flags name is left as it is.
func TestOneFileForTwo(t *testing.T) {
	t.Parallel()
	for _, flags := range [][2]string{{"--rejects", "--summary"}, {"--output", "--summary"}, {"--output", "--rejects"}} {
		path := filepath.Join(t.TempDir(), "precious")
		if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := runOn(t, "user_id\n1\n", flags[0], path, flags[1], filepath.Dir(path)+"/./precious")
		if got.code != tool.BadUsage || !strings.Contains(got.err, "name the same file") {
			t.Errorf("%q: exit %d, %s", flags, got.code, got.err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
			t.Errorf("%q: the file holds %q, %v", flags, text, err)
		}
	}
}

// Tables that were put together carelessly: nothing is taken for what it is not.
func TestTablesPutTogether(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input string
		code        int
		out, says   string // a part of each
	}{
		{
			"the header of the dashboard's file in the middle", "user_id,given_name,family_name\nauth0|1,Al,Ax\nId,Family Name,Given Name\nauth0|2,Bx,Bo\n", tool.Stopped,
			`"complete":false`, `stdin: row 3, line 3, column "user_id": the header of another file` + "\na0tojsonl: hint: name the files one by one",
		},
		{
			"a header with a sign of data", "user_id,nick\nauth0|1,Al\nuser_id,a|b\nauth0|2,Bo\n", tool.Done,
			`{"type":"user","key":"auth0|2","attributes":{"a|b":"Bo"}}`, "",
		},
		{
			"a user who is called like a column", "user_id,given_name\nauth0|1,user_id\n", tool.Done,
			`{"type":"user","key":"auth0|1","first_name":"user_id"}`, "",
		},
		{
			"an organization that gets its name later", "user_id,organizations\nauth0|1,\"[{\"\"id\"\":\"\"org_1\"\",\"\"roles\"\":[\"\"A\"\"]}]\"\norganization_id,name,display_name\norg_1,acme,Acme Inc\norg_1,acme,Acme Inc\n", tool.Done,
			`{"type":"tenant","key":"org_1","name":"Acme Inc"}` + "\n" + `{"type":"end"`, "",
		},
		{
			"organizations, and users who do not say theirs", "organization_id,name\norg_1,acme\nuser_id,roles\nauth0|1,[]\n", tool.Done,
			`"role_assignments":[]`, "warning: the users say nothing of organizations",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, chunk := range []int{1, 1 << 18} {
				got := runPaced(t, tt.input, 2, chunk, "--attributes", "all")
				if got.code != tt.code || !strings.Contains(got.out, tt.out) || !strings.Contains(got.err, tt.says) {
					t.Errorf("exit %d\n%s%s\nwant exit %d, %s and %s", got.code, got.out, got.err, tt.code, tt.out, tt.says)
				}
			}
		})
	}
}

// No name of a person, or anything else that no header has, is on the screen.
func TestRowsThatAreNoHeader(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"Jane,Doe,+491701234567\n", "Jane;Doe;x\n", "user_id,provider,email\nauth0|1,jane@acme.com,db\n"} {
		got := runOn(t, input)
		for _, word := range []string{"Jane", "jane", "Doe", "+49"} {
			if got.code == tool.Done || strings.Contains(got.err, word) {
				t.Errorf("exit %d, %s", got.code, got.err)
			}
		}
	}
	if got := runOn(t, "email,given_name\n"); !strings.Contains(got.err, `the header has: "email", "given_name"`) {
		t.Errorf("%s", got.err)
	}
}

// The same bytes, whoever was faster and wherever the chunks were cut.
func TestDeterminism(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for table := range 4 {
		in.WriteString("user_id,email,given_name,roles,user_id_note\n,no@id.example,x,,\n")
		for i := range 300 {
			fmt.Fprintf(&in, "'auth0|%d,'u%d@acme.com,\"'two\n\"\"lines\"\" %d\",\"[\"\"Role %d\"\",\"\"role  %d\"\"]\",\"user_id\nx\"\n", i, i, i, i%70*table, i%40)
			switch i % 50 {
			case 7:
				in.WriteString("'auth0|ragged,x\n\n")
			case 9:
				in.WriteString("'auth0|9,broken,x,[],\r\n")
			case 11:
				in.WriteString("'auth0|11,,\xff,[],user_id\n")
			}
		}
		in.WriteString("role_id,name\nrol_1,\"two\nlines\"\nrol_2,\norganization_id,name\norg_1,x\n")
	}
	for _, broken := range []string{"", "\"a\"b\n", "1,\"never closed\n\n2,x\n"} {
		stream := in.String() + broken
		convert := func(workers, chunk int) (result, string) {
			rejects := filepath.Join(t.TempDir(), "r.csv")
			got := runPaced(t, stream, workers, chunk, "--attributes", "all", "--rejects", rejects)
			got.err = got.messages()
			data, _ := os.ReadFile(rejects) // there is none when the run has stopped
			return got, string(data)
		}
		want, wantRejects := convert(1, 1<<20)
		for _, workers := range []int{1, 2, 5} {
			for _, chunk := range []int{1, 61, 1000, 4096, 70_000} {
				got, rejects := convert(workers, chunk)
				if got != want || rejects != wantRejects {
					t.Errorf("%d workers, chunks of %d: other than one worker and one chunk: exit %d and %d\n%s", workers, chunk, got.code, want.code,
						cmp.Diff(want.out+want.err+wantRejects, got.out+got.err+rejects))
					return
				}
			}
		}
	}
}

// Faults that gocsv has, used plainly (it panics, converts, forgets or says a
// wrong place), and none of which may reach anybody.
func TestNoFaultOfGocsv(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, out, err string }{
		{"a longer row panics", "user_id,email\n1,a@b.co,x\n", "", "row 2, line 2: ragged row: 3 cells under a header of 2"},
		{"a shorter row passes", "user_id,email\n1\n", "", "row 2, line 2: ragged row: 1 cells under a header of 2"},
		{"the line is the record's number", "user_id,given_name\n1,\"x\n\ny\"\na b,z\n", `{"type":"user","key":"1","first_name":"x\n\ny"}`, `row 3, line 5, column "user_id": user key`},
		{"one bad cell ends the batch", "user_id,email\n1,x\n2,a@b.co\n", `{"type":"user","key":"2","email":"a@b.co"}`, `row 2, line 2, column "email": not an address`},
		{"a BOM hides the first column", "\ufeffuser_id,email\n1,a@b.co\n", `{"type":"user","key":"1","email":"a@b.co"}`, ""},
		{"a BOM before quotes does not parse", "\ufeff\"user_id\",email\n1,a@b.co\n", `{"type":"user","key":"1","email":"a@b.co"}`, ""},
		{"of two columns the last wins", "user_id,email,email\n1,a@b.co,c@d.co\n", "", `columns 2 and 3, "email" and "email", are both the email`},
		{"no column matches", "userid\n1\n", "", "no user_id column"},
		{"numbers are octal, hexadecimal, cut", "user_id,given_name,family_name\n010,0x1F,1.9\n", `{"type":"user","key":"010","first_name":"0x1F","last_name":"1.9"}`, ""},
		{"a row before shines through", "user_id,given_name\n1,x\n2,\n", `{"type":"user","key":"1","first_name":"x"}` + "\n" + `{"type":"user","key":"2"}`, ""},
		{"a header alone is an error", "user_id\n", "", ""},
		{"CR alone makes it all header", "user_id\r1\r", "", "the lines end in CR alone"},
		{"no UTF-8 passes", "user_id,given_name\n1,\xff\n", "", `row 2, line 2, column "given_name": not UTF-8`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, tt.in)
			users := strings.TrimSpace(got.out[:strings.LastIndex(got.out, `{"type":"end"`)])
			if users != tt.out {
				t.Errorf("stdout %s, want %s", users, tt.out)
			}
			if (tt.err == "") != (got.messages() == "") || !strings.Contains(got.err, tt.err) {
				t.Errorf("stderr %s, want %q", got.err, tt.err)
			}
		})
	}
}
