package a0tojsonl_test

import (
	"strings"
	"testing"

	"a0permit/internal/tool"
)

// If tables were put together carelessly, no row is misread.
func TestTablesPutTogether(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, input string
		code        int
		out, says   string // parts of stdout and stderr
	}{
		{
			"the header of the dashboard's file in the middle",
			"user_id,given_name,family_name\nauth0|1,Al,Ax\nId,Family Name,Given Name\nauth0|2,Bx,Bo\n", tool.Stopped,
			`"complete":false`,
			`stdin: row 3, line 3, column "user_id": this row is the header of another file` +
				"\na0tojsonl: hint: do not join the files, name them",
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
			"an organization that gets its name later",
			`user_id,organizations
auth0|1,"[{""id"":""org_1"",""roles"":[""A""]}]"
organization_id,name,display_name
org_1,acme,Acme Inc
org_1,acme,Acme Inc
`, tool.Done,
			`{"type":"tenant","key":"org_1","name":"Acme Inc"}` + "\n" + `{"type":"end"`, "",
		},
		{
			"organizations, and users who do not say theirs",
			"organization_id,name\norg_1,acme\nuser_id,roles\nauth0|1,[]\n", tool.Done,
			`"role_assignments":[]`, "warning: the input has organizations, but the users have no organizations column",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, chunk := range []int{1, 1 << 18} {
				got := runParallel(t, tt.input, 2, chunk, "--attributes", "all")
				if got.code != tt.code || !strings.Contains(got.out, tt.out) || !strings.Contains(got.err, tt.says) {
					t.Errorf("exit %d\n%s%s\nwant exit %d, %s and %s",
						got.code, got.out, got.err, tt.code, tt.out, tt.says)
				}
			}
		})
	}
}

// A first row that is not a header may be about a person, so it is not printed.
func TestRowsThatAreNoHeader(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		"Jane,Doe,+491701234567\n", "Jane;Doe;x\n", "user_id,provider,email\nauth0|1,jane@acme.com,db\n",
	} {
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
