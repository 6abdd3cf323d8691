package a0export

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// held is who holds what, role by role as it is read.
func held(roles ...[]string) *holders {
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

// with is the column of roles, or none.
func with(h *holders) []*column {
	if h == nil {
		return nil
	}
	return []*column{{name: rolesColumn, cells: h}}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	roles := held([]string{"Viewer", "a|1", "a|2"}, []string{"Admin", "a|1"}, []string{`The "big", <one>`, "a|3", "'a|4", "", "a|9"})
	tests := []struct {
		name, in, want string
		roles          *holders
		users, found   int
	}{
		{"name order", "user_id\na|1\na|2\n", "user_id,roles\na|1,\"[\"\"Admin\"\",\"\"Viewer\"\"]\"\na|2,\"[\"\"Viewer\"\"]\"\n", roles, 2, 2},
		{"none", "user_id\na|5\n", "user_id,roles\na|5,[]\n", roles, 1, 0},
		{"quotes in a name", "user_id\na|3\n", "user_id,roles\na|3,\"[\"\"The \\\"\"big\\\"\", <one>\"\"]\"\n", roles, 1, 1},
		{"user_id elsewhere", "email,user_id,x\ne,a|2,1\n", "email,user_id,x,roles\ne,a|2,1,\"[\"\"Viewer\"\"]\"\n", roles, 1, 1},
		{"escaped", "\"user_id\"\n\"'a|2\"\n\"''a|4\"\n", "\"user_id\",roles\n\"'a|2\",\"[\"\"Viewer\"\"]\"\n\"''a|4\",\"[\"\"The \\\"\"big\\\"\", <one>\"\"]\"\n", roles, 2, 2},
		{"escaped but for one", "user_id\n'a|2\na|1\n", "user_id,roles\n'a|2,\"[\"\"Viewer\"\"]\"\na|1,\"[\"\"Admin\"\",\"\"Viewer\"\"]\"\n", roles, 2, 2},
		{"plain, and one that begins with an apostrophe", "user_id\na|2\n'a|4\n", "user_id,roles\na|2,\"[\"\"Viewer\"\"]\"\n'a|4,\"[\"\"The \\\"\"big\\\"\", <one>\"\"]\"\n", roles, 2, 2},
		{"decided by the first id there is", "x,user_id\n1,\"\"\n2,'a|2\n", "x,user_id,roles\n1,\"\",\"[\"\"The \\\"\"big\\\"\", <one>\"\"]\"\n2,'a|2,\"[\"\"Viewer\"\"]\"\n", roles, 2, 2},
		{"ragged rows stay ragged", "x,user_id\n1\n1,a|5,3\n", "x,user_id,roles\n1,\"[\"\"The \\\"\"big\\\"\", <one>\"\"]\"\n1,a|5,3,[]\n", roles, 2, 1},
		{"nobody holds anything", "user_id\na|1\n", "user_id,roles\na|1,[]\n", newHolders(), 1, 0},
		{"without roles", "\ufeff\"user_id\",x\r\n\"'a|1\",\"\r\n\"\r\n", "\ufeff\"user_id\",x\r\n\"'a|1\",\"\r\n\"\r\n", nil, 1, 0},
		{"no last line end", "user_id\na|5", "user_id,roles\na|5,[]\n", roles, 1, 0},
		{"a header alone", "user_id,email", "user_id,email,roles\n", roles, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			columns := with(tt.roles)
			done, err := join(t.Context(), strings.NewReader(tt.in), &out, columns, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("CSV (-want +got):\n%s", diff)
			}
			if done.users != tt.users || columns != nil && columns[0].found != tt.found {
				t.Errorf("%d users, of them %d found, want %d and %d", done.users, columns[0].found, tt.users, tt.found)
			}
		})
	}
}

func TestJoinErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing", "", "the export is empty: there is not even a header"},
		{"blank lines", "\n\n", "the export is empty: there is not even a header"},
		{"no user_id", "Id,Email\n1,2\n", "the export has no user_id column among its 2"},
		{"no CSV", "user_id\n\"a\n", `the CSV, line 2: extraneous or missing " in quoted-field`},
		{"no CSV in the header", "user_id,\"a\n", `the CSV, line 1: extraneous or missing " in quoted-field`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := join(t.Context(), strings.NewReader(tt.in), io.Discard, with(newHolders()), nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// failing takes so many writes, and then no more.
type failing struct{ left int }

var errFull = errors.New("no space left on device")

func (w *failing) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestJoinStops(t *testing.T) {
	t.Parallel()
	const in = "user_id\na|1\na|2\n"
	for writes := range 10 {
		if _, err := join(t.Context(), strings.NewReader(in), &failing{writes}, with(newHolders()), nil); !errors.Is(err, errFull) {
			t.Errorf("after %d writes: error %v", writes, err)
		}
	}
	down := errors.New("the line is down")
	for n := range in {
		broken := io.MultiReader(strings.NewReader(in[:n]), iotest.ErrReader(down))
		if _, err := join(t.Context(), broken, io.Discard, with(newHolders()), nil); !errors.Is(err, down) {
			t.Errorf("after %d bytes: error %v", n, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("terminated"))
	if done, err := join(ctx, strings.NewReader(in), io.Discard, with(newHolders()), nil); !errors.Is(err, context.Cause(ctx)) || done.users != 0 {
		t.Errorf("%+v, %v", done, err)
	}
}

// Whatever the CSV, it is the same afterwards but for one cell at each row's
// end.
func FuzzJoin(f *testing.F) {
	for _, in := range []string{
		"user_id,email\n\"'a|1\",\"'x\"\n", "\ufeffuser_id\r\na|1\r\n", "x,user_id\n1\n1,2,3\n\n\"\r\n\",a|1", "user_id\na|1\r", "user_id\n\"a\"\"\nb\"\n",
	} {
		f.Add(in)
	}
	roles := held([]string{"Admin", "a|1"}, []string{"A \"b\",\n", "a|1", "1"})
	f.Fuzz(func(t *testing.T, in string) {
		var out bytes.Buffer
		done, err := join(t.Context(), strings.NewReader(in), &out, with(roles), nil)
		if err != nil {
			return
		}
		before, after := parse(t, in), parse(t, out.String())
		if len(before) != len(after) || len(after) != done.users+1 {
			t.Fatalf("%d rows became %d, and %d are reported", len(before), len(after), done.users+1)
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

func parse(t *testing.T, in string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(in, "\ufeff")))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%q: %v", in, err)
	}
	return rows
}
