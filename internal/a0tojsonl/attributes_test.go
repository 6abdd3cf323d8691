package a0tojsonl_test

import (
	"fmt"
	"strings"
	"testing"

	"a0permit/internal/tool"
)

func TestAttributes(t *testing.T) {
	t.Parallel()
	const in = "Id,Email,Connection,Email Verified,logins_count,user_metadata.plan,tags,roles\n" +
		`'auth0|1,'a@b.co,'db,TRUE,7,''pro,"'{ ""b"": [1, 2.50] }",[]` + "\n"
	const start = `{"type":"user","key":"auth0|1","email":"a@b.co"`
	const tagsAndPlan = `"tags":"{ \"b\": [1, 2.50] }","user_metadata.plan":"'pro"}`
	tests := []struct {
		args []string
		want string // after the email
	}{
		{nil, `,"attributes":{"provider":"db"}`},
		{[]string{"--attributes", "none"}, ``},
		{
			[]string{"--attributes", "all"},
			`,"attributes":{"email_verified":true,"logins_count":7,"provider":"db",` + tagsAndPlan,
		},
		{[]string{"--attribute", "email_verified"}, `,"attributes":{"email_verified":true,"provider":"db"}`},
		{[]string{"--attribute", "Email Verified"}, `,"attributes":{"email_verified":true,"provider":"db"}`},
		{
			[]string{"--attribute", "Email Verified:string", "--attributes", "none"},
			`,"attributes":{"email_verified":"TRUE"}`,
		},
		{
			[]string{"--attribute", "tags=labels:json", "--attribute", "user_metadata.plan=plan"},
			`,"attributes":{"labels":{"b":[1,2.50]},"plan":"'pro","provider":"db"}`,
		},
		{
			[]string{"--attribute", "logins_count=n:number", "--attributes", "all"},
			`,"attributes":{"email_verified":true,"n":7,"provider":"db",` + tagsAndPlan,
		},
		{[]string{"--attribute", "provider=connection"}, `,"attributes":{"connection":"db"}`},
		{[]string{"--attribute", "Connection=connection"}, `,"attributes":{"connection":"db"}`},
		{
			[]string{"--attribute", "Email=mail", "--attribute", "roles:json"},
			`,"attributes":{"mail":"a@b.co","provider":"db","roles":[]}`,
		},
	}
	for _, tt := range tests {
		got := runOn(t, in, tt.args...)
		if want := start + tt.want + `,"role_assignments":[]}`; got.firstUser() != want || got.code != tool.Done {
			t.Errorf("%q: exit %d\n got %s\nwant %s\n%s", tt.args, got.code, got.firstUser(), want, got.err)
		}
	}
}

func TestAttributeTypes(t *testing.T) {
	t.Parallel()
	open99, close99 := strings.Repeat("[", 99), strings.Repeat("]", 99)
	tests := []struct{ typ, cell, want string }{ // want is "" if the row is rejected
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
		{"json", `"` + open99 + `{""a\""[["":1}` + close99 + `"`, open99 + `{"a\"[[":1}` + close99},
		{"json", strings.Repeat("[", 101) + strings.Repeat("]", 101), ""},
		{"json", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), ""},
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
		if got.firstUser() != want || (got.code == tool.Rejected) != (want == "") {
			t.Errorf("%q as %s: exit %d, %q, want %q", tt.cell, tt.typ, got.code, got.firstUser(), want)
		}
		if want == "" && !strings.Contains(got.err, `row 2, line 2, column "x": `) {
			t.Errorf("%q as %s: %s", tt.cell, tt.typ, got.err)
		}
	}
	for _, cell := range []string{"", "null"} {
		got := runOn(t, "user_id,x\nu,"+cell+"\n", "--attribute", "x:json")
		if want := `{"type":"user","key":"u"}`; got.firstUser() != want {
			t.Errorf("json %q: %s, want %s", cell, got.firstUser(), want)
		}
	}
}

func TestOptionsThatDoNotFitTheHeader(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		args   []string
		want   string
	}{
		{"user_id", []string{"--attribute", "plan"}, `--attribute: the table has no column "plan"`},
		{"user_id", []string{"--user-key", "username"}, `--user-key: the table has no column "username"`},
		{"user_id,x,x", []string{"--attributes", "all"}, `columns "x" and "x" would both become the attribute "x"`},
		{
			"user_id,x,y",
			[]string{"--attribute", "x=a", "--attribute", "y=a"},
			`columns "x" and "y" would both become the attribute "a"`,
		},
		{"user_id,,x", []string{"--attributes", "all"}, "column 2 has no name, so it cannot be an attribute"},
		{
			"user_id,\xff",
			[]string{"--attributes", "all"},
			"the name of column 2 is not UTF-8, so it cannot be an attribute",
		},
	}
	for _, tt := range tests {
		got := runOn(t, tt.header+"\n", tt.args...)
		want := "a0tojsonl: error: stdin: row 1, line 1: " + tt.want + "\na0tojsonl: hint: "
		if got.code != tool.Stopped || !strings.HasPrefix(got.err, want) {
			t.Errorf("%q %q: exit %d, %s; want %s", tt.header, tt.args, got.code, got.err, want)
		}
	}
}
