package a0export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// holdersOf returns holders of these roles. Each list is a role followed by its members.
func holdersOf(roles ...[]string) *holders {
	h := newHolders()
	for _, role := range roles {
		number := h.role(role[0])
		for _, user := range role[1:] {
			h.add(user, number)
		}
	}
	h.seal()
	return h
}

// columnsOf returns the column roles, or no column if h is nil.
func columnsOf(h *holders) []*column {
	if h == nil {
		return nil
	}
	return []*column{{name: rolesColumn, cells: h}}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	const (
		viewer = `"[""Viewer""]"`
		both   = `"[""Admin"",""Viewer""]"`
		odd    = `"[""The \""big\"", <one>""]"`
	)
	held := holdersOf(
		[]string{"Viewer", "a|1", "a|2"},
		[]string{"Admin", "a|1"},
		[]string{`The "big", <one>`, "a|3", "'a|4", "", "a|9"},
	)
	const untouched = "\ufeff\"user_id\",x\r\n\"'a|1\",\"\r\n\"\r\n"
	tests := []struct {
		name, in, want string
		roles          *holders
		users, found   int
	}{
		{"name order", "user_id\na|1\na|2\n", "user_id,roles\na|1," + both + "\na|2," + viewer + "\n", held, 2, 2},
		{"none", "user_id\na|5\n", "user_id,roles\na|5,[]\n", held, 1, 0},
		{"quotes in a name", "user_id\na|3\n", "user_id,roles\na|3," + odd + "\n", held, 1, 1},
		{
			"user_id elsewhere",
			"email,user_id,x\ne,a|2,1\n",
			"email,user_id,x,roles\ne,a|2,1," + viewer + "\n",
			held, 1, 1,
		},
		{
			"escaped",
			"\"user_id\"\n\"'a|2\"\n\"''a|4\"\n",
			"\"user_id\",roles\n\"'a|2\"," + viewer + "\n\"''a|4\"," + odd + "\n",
			held, 2, 2,
		},
		{
			"escaped but for one",
			"user_id\n'a|2\na|1\n",
			"user_id,roles\n'a|2," + viewer + "\na|1," + both + "\n",
			held, 2, 2,
		},
		{
			"plain, and one that begins with an apostrophe",
			"user_id\na|2\n'a|4\n",
			"user_id,roles\na|2," + viewer + "\n'a|4," + odd + "\n",
			held, 2, 2,
		},
		{
			"decided by the first id there is",
			"x,user_id\n1,\"\"\n2,'a|2\n",
			"x,user_id,roles\n1,\"\"," + odd + "\n2,'a|2," + viewer + "\n",
			held, 2, 2,
		},
		{
			"ragged rows stay ragged",
			"x,user_id\n1\n1,a|5,3\n",
			"x,user_id,roles\n1," + odd + "\n1,a|5,3,[]\n",
			held, 2, 1,
		},
		{"nobody holds anything", "user_id\na|1\n", "user_id,roles\na|1,[]\n", newHolders(), 1, 0},
		{"without roles", untouched, untouched, nil, 1, 0},
		{"no last line end", "user_id\na|5", "user_id,roles\na|5,[]\n", held, 1, 0},
		{"a header alone", "user_id,email", "user_id,email,roles\n", held, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { // not parallel: the tests share holders
			var out bytes.Buffer
			columns := columnsOf(tt.roles)
			counts, err := join(t.Context(), strings.NewReader(tt.in), &out, columns, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("CSV (-want +got):\n%s", diff)
			}
			found := 0
			for _, c := range columns {
				found += c.found
			}
			if counts.users != tt.users || found != tt.found {
				t.Errorf("%d users, %d of them found, want %d and %d", counts.users, found, tt.users, tt.found)
			}
		})
	}
}

// Each row ends like the header, however many rows there are. The reader reuses its
// buffer, so a saved line end could be overwritten.
func TestJoinEndsEveryRowAsTheHeader(t *testing.T) {
	t.Parallel()
	for _, newline := range []string{"\n", "\r\n"} {
		for rows := range 400 {
			var in, want strings.Builder
			in.WriteString("\"user_id\",\"email\"" + newline)
			want.WriteString("\"user_id\",\"email\",roles" + newline)
			for i := range rows {
				row := fmt.Sprintf(`"'auth0|%024d","'user%d@acme.example"`, i, i)
				in.WriteString(row + newline)
				want.WriteString(row + ",[]" + newline)
			}
			var out bytes.Buffer
			_, err := join(t.Context(), strings.NewReader(in.String()), &out, columnsOf(newHolders()), nil)
			if err != nil {
				t.Fatalf("%d rows: %v", rows, err)
			}
			if out.String() != want.String() {
				t.Fatalf("%d rows that end in %q: the output is not the input with a column roles", rows, newline)
			}
		}
	}
}

func TestJoinErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing", "", "the export is empty: it has no header"},
		{"blank lines", "\n\n", "the export is empty: it has no header"},
		{"no user_id", "Id,Email\n1,2\n", "none of the 2 columns of the export is user_id"},
		{"no CSV", "user_id\n\"a\n", `CSV, line 2: a " that is not closed, or is followed by text`},
		{"no CSV in the header", "user_id,\"a\n", `CSV, line 1: a " that is not closed, or is followed by text`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := join(t.Context(), strings.NewReader(tt.in), io.Discard, columnsOf(newHolders()), nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// limitedWriter fails after a number of writes.
type limitedWriter struct{ left int }

var errFull = errors.New("no space left on device")

func (w *limitedWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestJoinStops(t *testing.T) {
	t.Parallel()
	const in = "user_id\na|1\na|2\n"
	for writes := range 10 {
		_, err := join(t.Context(), strings.NewReader(in), &limitedWriter{writes}, columnsOf(newHolders()), nil)
		if !errors.Is(err, errFull) {
			t.Errorf("after %d writes: error %v", writes, err)
		}
	}
	down := errors.New("the line is down")
	for n := range in {
		broken := io.MultiReader(strings.NewReader(in[:n]), iotest.ErrReader(down))
		if _, err := join(t.Context(), broken, io.Discard, columnsOf(newHolders()), nil); !errors.Is(err, down) {
			t.Errorf("after %d bytes: error %v", n, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("terminated"))
	counts, err := join(ctx, strings.NewReader(in), io.Discard, columnsOf(newHolders()), nil)
	if !errors.Is(err, context.Cause(ctx)) || counts.users != 0 {
		t.Errorf("%+v, %v", counts, err)
	}
}

// join changes no CSV file except for one more cell at the end of each row.
func FuzzJoin(f *testing.F) {
	for _, in := range []string{
		"user_id,email\n\"'a|1\",\"'x\"\n", "\ufeffuser_id\r\na|1\r\n",
		"x,user_id\n1\n1,2,3\n\n\"\r\n\",a|1", "user_id\na|1\r", "user_id\n\"a\"\"\nb\"\n",
	} {
		f.Add(in)
	}
	roles := holdersOf([]string{"Admin", "a|1"}, []string{"A \"b\",\n", "a|1", "1"})
	f.Fuzz(func(t *testing.T, in string) {
		var out bytes.Buffer
		counts, err := join(t.Context(), strings.NewReader(in), &out, columnsOf(roles), nil)
		if err != nil {
			return
		}
		before, after := parseCSV(t, in), parseCSV(t, out.String())
		if len(before) != len(after) || len(after) != counts.users+1 {
			t.Fatalf("%d rows became %d, and %d are reported", len(before), len(after), counts.users+1)
		}
		for i, row := range after {
			last := len(row) - 1
			if !cmp.Equal(before[i], row[:last]) {
				t.Fatalf("row %q became %q", before[i], row)
			}
			switch row[last] {
			case "roles", "[]", `["A \"b\",\n"]`, `["A \"b\",\n","Admin"]`:
			default:
				t.Fatalf("row %q has the roles %s", before[i], row[last])
			}
		}
	})
}
