package a0tojsonl_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"a0permit/internal/tool"
)

// The error for a table with another separator names the separator, and does not blame
// quotes. The command in the hint turns it into a valid table.
func TestOtherSeparators(t *testing.T) {
	t.Parallel()
	const (
		oneUser = `"key":"auth0|1","email":"a@acme.example"`
		noID    = "email;name\nx;y\n"
		two     = "user_id,email\nauth0|1,a@acme.example\n\"user_id\";\"email\"\n\"auth0|2\";\"x\"\n"
	)
	tests := []struct{ name, in, place, says string }{
		{"plain", "\ufeffuser_id;email;given_name\r\nauth0|1;a@acme.example;José\r\n", "row 1, line 1: ", "by semicolons,"},
		{
			"in quotes", "\ufeff\"user_id\";\"email\";\"x\"\r\n\"auth0|1\";\"a@acme.example\";\"A;\nB\"\r\n",
			"row 1, line 1, column 9: ", "by semicolons,",
		},
		{
			"in quotes from the second on", "user_id;\"email\"\nauth0|1;\"a@acme.example\"\n",
			"row 1, line 1, column 9: ", "by semicolons,",
		},
		{"a comma in the header", "user_id;email;a, b\nauth0|1;a@acme.example;x\n", "row 1, line 1: ", "by semicolons,"},
		{
			"commas in cells", "user_id;email;roles\nauth0|1;a@acme.example;[\"Admin\",\"Editor\"]\n",
			"row 1, line 1: ", "by semicolons,",
		},
		{"the dashboard's", "Id;Email\nauth0|1;a@acme.example\n", "row 1, line 1: ", "by semicolons,"},
		{"tabs", "user_id\temail\nauth0|1\ta@acme.example\n", "row 1, line 1: ", "by tabs,"},
		{
			"tabs and quotes", "\"user_id\"\t\"email\"\n\"auth0|1\"\t\"a@acme.example\"\n",
			"row 1, line 1, column 9: ", "by tabs,",
		},
		{"a line that says so", "sep=;\r\nuser_id;email\r\nauth0|1;a@acme.example\r\n", "", "by semicolons,"},
		{"pipes", "email|user_id\na@acme.example|\"auth0|1\"\n", "row 1, line 1: ", "by '|',"},
		{"no column that is known", noID, "row 1, line 1: ", "by semicolons,"},
		{"behind a table with commas", two, "row 3, line 3, column 9: ", "by semicolons,"},
	}
	python, err := exec.LookPath("python3")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := runOn(t, tt.in)
			want := "a0tojsonl: error: stdin: " + tt.place + "the cells are separated " + tt.says + " not by commas\n"
			if got.code != tool.Stopped || !strings.HasPrefix(got.err, want) {
				t.Errorf("exit %d, %s; want %s", got.code, got.err, want)
			}
			if strings.Contains(got.err, "doubled") || strings.Contains(got.err, "acme") {
				t.Errorf("%s", got.err)
			}
			_, command, found := strings.Cut(got.err, "hint: or convert it: ")
			command, _, _ = strings.Cut(command, "\n")
			if !found || !strings.HasPrefix(command, "python3 -c '") {
				t.Fatalf("no command in the hint: %s", got.err)
			}
			if err != nil || tt.in == noID || tt.in == two {
				return
			}
			dir := filepath.Dir(writeFile(t, tt.in))
			command = strings.NewReplacer("python3", python, "FILE", "in.csv").Replace(command)
			sh := exec.CommandContext(t.Context(), "sh", "-c", command)
			sh.Dir = dir
			if out, err := sh.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v %s", command, err, out)
			}
			if again := runOn(t, "", filepath.Join(dir, "commas.csv")); !strings.Contains(again.out, oneUser) {
				t.Errorf("with commas: exit %d, %s%s", again.code, again.out, again.err)
			}
		})
	}
	got := runOn(t, "\ufeffsep=,\r\nuser_id,email\r\nauth0|1,a@acme.example\r\n")
	if got.code != tool.Done || !strings.Contains(got.out, oneUser) {
		t.Errorf("with sep=,: exit %d, %s%s", got.code, got.out, got.err)
	}
}

// The error for a web page or an error message in place of CSV says what it is, and shows
// its message.
func TestPagesSavedInPlaceOfData(t *testing.T) {
	t.Parallel()
	const (
		xml = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>AccessDenied</Code>" +
			"<Message>Request has expired</Message><X-Amz-Expires>60</X-Amz-Expires></Error>\n"
		html = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n" +
			"<TITLE lang=en> Sign&nbsp;in\n&amp; go </TITLE></head></html>"
		pageHint = "a0tojsonl: hint: export again, for example with a0export; " +
			"the link may have expired before the file was saved\n"
		answerHint = "a0tojsonl: hint: export again, for example with a0export; this is the answer to a call that failed\n"
	)
	tests := []struct{ name, in, want, hint string }{
		{"XML", xml, `an XML page that says "AccessDenied: Request has expired"`, pageHint},
		{"XML of another kind", "<a/>", `an XML page`, pageHint},
		{"HTML", html, `an HTML page that says "Sign in & go"`, pageHint},
		{"HTML without a title", "<html>", `an HTML page`, pageHint},
		{"a title that is cut", "<html><title>Sign", `an HTML page`, pageHint},
		{
			"JSON", `{"statusCode":401,"error":"Unauthorized","message":"Invalid token"}`,
			`JSON that says "Unauthorized: Invalid token"`, answerHint,
		},
		{
			"JSON of OAuth", `{"error":"access_denied","error_description":"No."}`,
			`JSON that says "access_denied: No."`, answerHint,
		},
		{
			"what would reach the terminal", "<html><title>\x1b[2J\u202e</title>",
			`an HTML page that says "\x1b[2J\u202e"`, pageHint,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := "a0tojsonl: error: stdin: not CSV: it looks like " + tt.want + "\n" + tt.hint
			for how, in := range map[string]string{
				"plain": tt.in, "packed": compress(t, time.Time{}, tt.in), "with a BOM": "\ufeff" + tt.in,
				"after blanks": "\r\n \t" + tt.in,
			} {
				if got := runOn(t, in); got.code != tool.Stopped || got.messages() != want {
					t.Errorf("%s: exit %d, %s; want %s", how, got.code, got.messages(), want)
				}
			}
		})
	}
}

// The same holds if it comes after a table in the same stream.
func TestPagesBehindATable(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]string{
		`<?xml version="1.0"?><Error><Message>Expired</Message></Error>`: `an XML page that says "Expired"`,
		`{"error":"Unauthorized"}`:                                       `JSON that says "Unauthorized"`,
	} {
		got := runOn(t, "user_id,email\nauth0|1,\n"+page)
		if got.code != tool.Stopped || !strings.Contains(got.err, ": not CSV: it looks like "+want+"\n") ||
			!strings.Contains(got.err, "export again") {
			t.Errorf("exit %d, %s; want %s", got.code, got.err, want)
		}
	}
}

// The error for UTF-16 says so, and a hint gives the command that converts it to UTF-8.
func TestUTF16(t *testing.T) {
	t.Parallel()
	encode := func(text string, first, second int) string {
		var out []byte
		for _, unit := range utf16.Encode([]rune(text)) {
			pair := [2]byte{byte(unit), byte(unit >> 8)}
			out = append(out, pair[first], pair[second])
		}
		return string(out)
	}
	const text = "user_id,given_name\nauth0|1,José\n"
	for in, name := range map[string]string{
		encode("\ufeff"+text, 0, 1): "UTF-16", encode("\ufeff"+text, 1, 0): "UTF-16",
		encode(text, 0, 1): "UTF-16LE", encode(text, 1, 0): "UTF-16BE",
	} {
		want := "a0tojsonl: error: stdin: not CSV: it looks like text in " + name + "\n" +
			"a0tojsonl: hint: iconv -f " + name + " -t UTF-8 FILE | a0tojsonl\n"
		if got := runOn(t, in); got.code != tool.Stopped || got.messages() != want {
			t.Errorf("%.8q: exit %d, %s; want %s", in, got.code, got.messages(), want)
		}
	}
}
