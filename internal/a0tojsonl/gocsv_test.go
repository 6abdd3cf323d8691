package a0tojsonl_test

import (
	"strings"
	"testing"
)

// gocsv, used without care, panics, converts values, loses rows or reports wrong
// positions. A user must never see any of that.
func TestNoFaultOfGocsv(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, out, err string }{
		{"a longer row panics", "user_id,email\n1,a@b.co,x\n", "", "row 2, line 2: wrong number of cells: 3 in place of 2"},
		{"a shorter row passes", "user_id,email\n1\n", "", "row 2, line 2: wrong number of cells: 1 in place of 2"},
		{
			"the line is the record's number", "user_id,given_name\n|1,\"x\n\ny\"\na b,z\n",
			`{"type":"user","key":"|1","first_name":"x\n\ny"}`, `row 3, line 5, column "user_id": user key`,
		},
		{
			"one bad cell ends the batch", "user_id,email\n|1,x\n|2,a@b.co\n",
			`{"type":"user","key":"|2","email":"a@b.co"}`, `row 2, line 2, column "email": not an email address`,
		},
		{
			"a BOM hides the first column", "\ufeffuser_id,email\n|1,a@b.co\n",
			`{"type":"user","key":"|1","email":"a@b.co"}`, "",
		},
		{
			"a BOM before quotes does not parse", "\ufeff\"user_id\",email\n|1,a@b.co\n",
			`{"type":"user","key":"|1","email":"a@b.co"}`, "",
		},
		{
			"of two columns the last wins", "user_id,email,email\n1,a@b.co,c@d.co\n",
			"", `columns 2 and 3 ("email" and "email") both mean email`,
		},
		{"no column matches", "userid\n1\n", "", "no user_id column"},
		{
			"numbers are octal, hexadecimal, cut", "user_id,given_name,family_name\n|010,0x1F,1.9\n",
			`{"type":"user","key":"|010","first_name":"0x1F","last_name":"1.9"}`, "",
		},
		{
			"a row keeps cells of the one before", "user_id,given_name\n|1,x\n|2,\n",
			`{"type":"user","key":"|1","first_name":"x"}` + "\n" + `{"type":"user","key":"|2"}`, "",
		},
		{"a header alone is an error", "user_id\n", "", ""},
		{"CR alone makes it all header", "user_id\r1\r", "", "lines end with CR only"},
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
