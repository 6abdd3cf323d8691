package a0tojsonl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/tool"
)

// A CR within a row may hide a second user, so the row is rejected, whatever column it is
// in. In quotes, a CR is part of the text.
func TestLoneCR(t *testing.T) {
	t.Parallel()
	const found = "row 2, line 2: a CR in the middle of the row, which may be two rows in one"
	tests := []struct {
		name, in string
		code     int
		users    string // keys of the users
		says     string
	}{
		{
			"all lines", "user_id,email\rauth0|1,a@acme.example\rauth0|2,b@acme.example\r", tool.Stopped, "",
			"row 1, line 1: lines end with CR only",
		},
		{
			"the header's", "user_id,email\rauth0|1,a@acme.example\nauth0|2,\n", tool.Stopped, "",
			"row 1, line 1: lines end with CR only",
		},
		{
			"all lines, in quotes", "\"user_id\",\"email\"\r\"auth0|1\",\"a@acme.example\"\r", tool.Stopped, "",
			"row 1, line 1, column 17: the line ends with CR only",
		},
		{
			"a row in quotes", "user_id,email\n\"auth0|1\",\"a@acme.example\"\r\"auth0|2\",\"\"\n", tool.Stopped, "",
			"row 2, line 2, column 26: the line ends with CR only",
		},
		{
			"some lines", "user_id,email,given_name\r\nauth0|1,,Ann\rauth0|2,,Bob\r\nauth0|3,,Cy\r\n", tool.Rejected, "auth0|3",
			found,
		},
		{"a name", "user_id,given_name\nauth0|1,Ann\rauth0|2\nauth0|3,c\n", tool.Rejected, "auth0|3", found},
		{"an email", "user_id,email\nauth0|1,a@acme.example\rauth0|2\nauth0|3,\n", tool.Rejected, "auth0|3", found},
		{"a key", "user_id\nauth0|1\rauth0|2\nauth0|3\n", tool.Rejected, "auth0|3", found},
		{
			"a column that is not used", "user_id,x\nauth0|1,y\rauth0|2\nauth0|3,\n", tool.Rejected, "auth0|3",
			found,
		},
		{"before the line end", "user_id,x\nauth0|1,y\r\r\nauth0|3,\n", tool.Rejected, "auth0|3", found},
		{"in an empty row", "user_id\n\r\r\nauth0|3\n", tool.Rejected, "auth0|3", found},
		{
			"roles", "role_id,name,description\nrol_1,A,x\rrol_2\nuser_id\nauth0|3\n", tool.Rejected, "auth0|3",
			found,
		},
		{"quoted, in a name", "user_id,given_name\nauth0|1,\"Ann\rLee\"\n", tool.Done, "auth0|1", ""},
		{
			"quoted, in a key", "user_id,given_name\n\"auth0|1\rauth0|2\",x\nauth0|3,\n", tool.Rejected, "auth0|3",
			`column "user_id": an invisible character: U+000D (carriage return)`,
		},
		{"at the end of the file", "user_id,x\r\nauth0|1,y\r", tool.Done, "auth0|1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, chunk := range []int{1, 1 << 20} {
				got := runParallel(t, tt.in, 2, chunk)
				var keys []string
				for line := range strings.Lines(got.out) {
					if _, rest, ok := strings.Cut(line, `{"type":"user","key":"`); ok {
						key, _, _ := strings.Cut(rest, `"`)
						keys = append(keys, key)
					}
				}
				users := strings.Join(keys, " ")
				if got.code != tt.code || users != tt.users || !strings.Contains(got.err, tt.says) {
					t.Errorf("exit %d, users %q, %s; want exit %d, users %q, %s",
						got.code, users, got.err, tt.code, tt.users, tt.says)
				}
				if hint := `: tr '\r' '\n' < FILE`; strings.Contains(tt.says, "CR") && strings.Count(got.err, hint) != 1 {
					t.Errorf("not one hint %s:\n%s", hint, got.err)
				}
			}
		})
	}
}

// Rows with a lone CR or a NUL are rejected again if they are fed again unchanged.
func TestFlawsStayInRejects(t *testing.T) {
	t.Parallel()
	const in = "user_id,email,given_name,reject_reason_of_old\n" +
		"auth0|1,a@acme.example,Ann\rauth0|2,\n" +
		"auth0|3,\r\r\n" +
		"auth0|4,,\"x\ry\",\x00\n" +
		"auth0|5,broken,\"a\r\r\nb\r\",\n" +
		"\"a,b\",,c\rd,\n"
	first, second := filepath.Join(t.TempDir(), "first.csv"), filepath.Join(t.TempDir(), "second.csv")
	want := runOn(t, in, "--rejects", first)
	got := runOn(t, "", "--rejects", second, first)
	if got.end(t) != want.end(t) || got.code != tool.Rejected || got.end(t).Rejected != 5 {
		t.Errorf("fed again: exit %d, %s%s", got.code, got.out, got.err)
	}
	a, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(second)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		t.Errorf("rejects of rejects (-first +second):\n%s", diff)
	}
	mended := strings.NewReplacer("Ann\rauth0|2", "Ann", "broken", "b@acme.example").Replace(string(a))
	again := runOn(t, mended)
	if !strings.Contains(again.out, `"key":"auth0|5","email":"b@acme.example","first_name":"a\r\nb\r"`) ||
		!strings.Contains(again.out, `"key":"auth0|1","email":"a@acme.example","first_name":"Ann"`) {
		t.Errorf("fixed: %s%s", again.out, again.err)
	}
}

// A row with a NUL byte is rejected, whatever column the byte is in.
func TestNUL(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"user_id,given_name\nauth0|1,a\x00b\nauth0|2,\n",
		"user_id,x\nauth0|1,\"\x00\"\nauth0|2,\n",
		"user_id,x\n" + strings.Repeat("auth0|2,\n", 2000) + "auth0|1\x00,\n",
		"user_id,x\nauth0|1,\x00,ragged\nauth0|2,\n",
	} {
		got := runOn(t, in)
		if end := got.end(t); got.code != tool.Rejected || end.Rejected != 1 || !strings.Contains(got.err, ": a NUL byte\n") {
			t.Errorf("%.40q: exit %d, %+v, %s", in, got.code, end, got.err)
		}
	}
	got := runOn(t, "user_id\nauth0|1\nrole_id,name,a\x00b\nrol_1,A,\n")
	if want := "row 3, line 3: a NUL byte in the header\n"; got.code != tool.Stopped || !strings.Contains(got.err, want) {
		t.Errorf("in a later header: exit %d, %s", got.code, got.err)
	}
}
