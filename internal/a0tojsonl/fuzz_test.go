package a0tojsonl_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/convert"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// For any input, each line of the output is a valid record, the end line has the right
// counts, and every row is either written or rejected. The rejected rows are a valid
// stream of tables without formulas.
func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "user_id", "user_id\nauth0|1", "user_id\n\"", "user_id\n'a\n''b\n",
		"\ufeffId,Email,Given Name,Connection\r\nauth0|1,a@b.co,\"x\r\ny\",db\r\n",
		"user_id,roles\n1,\"[\"\"A b\"\",\"\"a  b\"\"]\"\n2,[]\n3,null\n4,\"[\"\"!\"\"]\"\n5,",
		"user_id,organizations\n1,\"[{\"\"id\"\":\"\"o\"\",\"\"roles\"\":[\"\"A\"\"]},{\"\"id\"\":\"\"p\"\"}]\"\n",
		"user_id,given_name\n1,\xff\n2,\x00\n3,\u2028\n4\n5,6,7\n,\n",
		"role_id,name,description\nrol_1,A,d\nrol_1,\nuser_id,roles\n1,\"[\"\"A\"\"]\"\norganization_id,name\no,\nuser_id\n2",
		"user_id,email\nuser_id,email\nrole_id,user_id\n1,user_id\na|b,user_id\n",
		"user_id,reject_reason\n'1,x\n", "user_id,role_id\nuser_id,role_id\n1,2\n", "user_id,user_id\n",
		"role_id,organization_id\n",
		"[{}]", "a\rb", "PK\x03\x04", "\x1f\x8b", "\x1f\x8b\x08\x00", "\xff\xfeu\x00",
		"user_id,a,b\n1,\"{\"\"x\"\":[1e999]}\",TRUE\n",
		// Inputs that users had trouble with, shortened.
		"\"user_id\",\"email\"\n1234567,\"'gil@acme.example\"\n\"'0a1b\",\"'ann@acme.example\"\n",
		"user_id,email\n'auth0|1,'a@b.co\nauth0|2,c@d.co\n", "user_id,=a,'b\n|1,=1+1,'t\n|2,'=x\n|3 ,\tx,'\n",
		"user_id,email\n|1,a@acme.example\u200b\n|2,a@acme.example \n|3,O'Neil@acme.example\n|4,[d@a.co](mailto:d@a.co)\n",
		"<!DOCTYPE html><html><title>Sign in</title>", "<?xml?><Error><Code>A</Code><Message>B</Message></Error>",
		"{\"error\":\"Unauthorized\",\"message\":\"Invalid token\"}",
		"user_id,email\rauth0|1,\r", "user_id,x\n|1,y\r|2\n|3,\"a\rb\"\n|4,c\r\r\n\r\r\n", "user_id,x\n|1,y\r\x00\n\"\"\n",
		"\"user_id\"\r\"auth0|1\"\r", "\ufeffuser_id;email\n|1;x\n", "\"user_id\";\"email\"\n", "sep=;\nuser_id;x\n",
		"sep=,\r\nuser_id,x\r\n|1,\r\n", "user_id\temail\n", "u\x00s\x00",
		"user_id,roles\n|1,\"[\"\"Admin\"\"]\"\n|2,\"[\"\" Admin \"\",\"\"\U0001F680\"\"]\"\n",
		"role_id,name\nrol_1,A\nrol_2,A\n", "reject_reason,user_id\n\"\"\n,\r\r\n\"\ufeff\",a b\n",
	} {
		f.Add([]byte(seed), uint8(7))
	}
	f.Add(bytes.Repeat([]byte("user_id\n1\n"), 600), uint8(200))
	f.Fuzz(func(t *testing.T, in []byte, chunk uint8) {
		var out, errs bytes.Buffer
		rejects := filepath.Join(t.TempDir(), "rejects.csv")
		args := []string{"a0tojsonl", "--attributes", "all", "--rejects", rejects}
		code := a0tojsonl.RunParallel(t.Context(), args, bytes.NewReader(in), &out, &errs, 2, 1+int(chunk))
		if code != tool.Done && code != tool.Stopped && code != tool.Rejected {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
		checkSchema(t, out.String())
		end, users := checkStream(t, out.Bytes())
		if end.Complete != (code != tool.Stopped) || end.Users != users ||
			end.Complete && (end.Rejected > 0) != (code == tool.Rejected) {
			t.Errorf("exit %d, %d users written, end %+v", code, users, end)
		}
		if !end.Complete {
			return
		}
		data, err := os.ReadFile(rejects)
		if err != nil {
			t.Fatal(err)
		}
		checkNoFormula(t, data)
		if rows, _ := countRows(t, data); rows != end.Rejected {
			t.Errorf("%d rejected, and %d rows of rejects: %q", end.Rejected, rows, data)
		}
		if bytes.HasPrefix(in, []byte("\x1f\x8b")) {
			return
		}
		rows, onlyUsers := countRows(t, in)
		if got := users + end.Rejected; got > rows || onlyUsers && got != rows {
			t.Errorf("%d users and %d rejected of %d rows", users, end.Rejected, rows)
		}
	})
}

// checkStream checks each line, and returns the end line and the number of users.
func checkStream(t *testing.T, stream []byte) (end record.End, users int) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSuffix(stream, []byte("\n")), []byte("\n"))
	known := map[string]bool{}
	for i, line := range lines {
		var kind struct{ Type, Key string }
		if err := json.Unmarshal(line, &kind); err != nil {
			t.Fatalf("line %d: %v: %q", i+1, err, line)
		}
		var rec interface{ Validate() error }
		switch kind.Type {
		case record.TypeUser:
			users++
			rec = &record.User{}
		case record.TypeRole:
			rec = &record.Role{}
		case record.TypeTenant:
			rec = &record.Tenant{}
		case record.TypeEnd:
			if i != len(lines)-1 {
				t.Errorf("an end line in the middle: line %d of %d", i+1, len(lines))
			}
			if err := json.Unmarshal(line, &end); err != nil {
				t.Fatal(err)
			}
			return end, users
		default:
			t.Fatalf("line %d: type %q", i+1, kind.Type)
		}
		known[kind.Type+" "+kind.Key] = true
		if err := errors.Join(json.Unmarshal(line, rec), rec.Validate()); err != nil {
			t.Errorf("line %d: %v: %q", i+1, err, line)
		}
		if u, ok := rec.(*record.User); ok {
			for _, a := range u.RoleAssignments {
				if !known["role "+a.Role] || a.Tenant != "" && !known["tenant "+a.Tenant] {
					t.Errorf("line %d: no line before it for %+v", i+1, a)
				}
			}
		}
	}
	t.Fatalf("no end line in %q", stream)
	return end, users
}

// countRows returns the number of rows that are not headers, and whether all are users.
// It reads with encoding/csv only.
func countRows(t *testing.T, in []byte) (rows int, onlyUsers bool) {
	t.Helper()
	in = bytes.TrimPrefix(in, []byte("\ufeff"))
	if line, rest, _ := bytes.Cut(in, []byte("\n")); bytes.EqualFold(bytes.Trim(line, "\"\r"), []byte("sep=,")) {
		in = rest
	}
	r := csv.NewReader(bytes.NewReader(in))
	r.FieldsPerRecord = -1
	var table *convert.Table
	onlyUsers = true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, onlyUsers
		}
		if err != nil {
			t.Fatalf("a complete run over input that cannot be parsed: %v", err)
		}
		if table != nil && !table.IsHeader(cells) {
			rows++
			continue
		}
		cells[0] = string(bytes.TrimPrefix([]byte(cells[0]), []byte("\ufeff")))
		if table, err = convert.NewTable(cells, &convert.Options{Keep: convert.KeepAll}); err != nil {
			t.Fatalf("a complete run over a header that cannot be read: %v", err)
		}
		onlyUsers = onlyUsers && table.Kind == convert.Users
	}
}
