package csvrows_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/csvrows"
)

// cells is a row type that keeps all it hears.
type cells struct{ A, B string }

func (c *cells) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case "a":
		c.A = cell
	case "b":
		c.B = cell
	}
	return nil
}

// tables is a file of tables, each of whose headers begins with a cell a.
type tables struct{}

func (tables) Marks() []string            { return []string{"a"} }
func (tables) Begins(cells []string) bool { return strings.TrimPrefix(cells[0], "\ufeff") == "a" }

// read reads all tables and writes down what it finds, one row a line.
func read(in io.Reader, size int) (found []string, err error) {
	c := csvrows.NewCutter(in, size)
	for number := 0; ; {
		header, err := c.Header()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return found, csvrows.Shift(err, number)
		}
		number += header.Number
		found = append(found, fmt.Sprintf("%d/%d header %q", number, header.Line, header.Cells))
		c.Table(tables{})
		mapper := csvrows.NewMapper[cells](header.Cells)
		for batch, err := range c.Serial(number) {
			if err != nil {
				return found, err
			}
			values, err := mapper.Map(batch)
			if err != nil {
				return found, err
			}
			if len(values) != len(batch.Rows) {
				return found, fmt.Errorf("%d values for %d rows", len(values), len(batch.Rows))
			}
			for i, v := range values {
				row := batch.Rows[i]
				number = row.Number
				found = append(found, fmt.Sprintf("%d/%d %q a=%s b=%s", row.Number, row.Line, row.Cells, v.A, v.B))
			}
		}
	}
}

// Most of these rows stand for something that gocsv or encoding/csv, used
// plainly, gets wrong or passes in silence.
func TestRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     []string
		err      string
	}{
		{"plain", "a,b\n1,2\n", []string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`}, ""},
		{"no last line end", "a,b\n1,2", []string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`}, ""},
		{"header alone", "a,b", []string{`1/1 header ["a" "b"]`}, ""},
		{"nothing", "", nil, ""},
		{"byte order mark", "\ufeffa,b\n1,2\n", []string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`}, ""},
		{"byte order mark before a quote", "\ufeff\"a\",b\n1,2\n", []string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`}, ""},
		{"byte order mark alone", "\ufeff", nil, ""},
		{
			"long and short rows", "a,b\n1,2,3\n4\n5,6\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["1" "2" "3"] a= b=`, `3/3 ["4"] a= b=`, `4/4 ["5" "6"] a=5 b=6`},
			"",
		},
		{
			"lines are physical, rows are records", "a,b\r\n\"1\r\n1\",2\r\n\r\n3,4\r\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["1\n1" "2"] a=1` + "\n" + `1 b=2`, `3/5 ["3" "4"] a=3 b=4`},
			"",
		},
		{
			"tables", "a\n1\na,b\n1,2\na\n",
			[]string{`1/1 header ["a"]`, `2/2 ["1"] a=1 b=`, `3/3 header ["a" "b"]`, `4/4 ["1" "2"] a=1 b=2`, `5/5 header ["a"]`},
			"",
		},
		{"another column", "a,c\n1,2\n", []string{`1/1 header ["a" "c"]`, `2/2 ["1" "2"] a=1 b=`}, ""},
		{"NUL and bad UTF-8", "a,b\n" + strings.Repeat("x,y\n", 200) + "\x00,\xff\n", nil, ""},
		{
			"bare quote after rows", "a,b\n1,2\n3,x\"y\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`},
			`row 3, line 3, column 4: bare " in non-quoted-field`,
		},
		{
			"quote never closed", "a,b\n1,2\n\"3,4\n5,6\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`},
			`row 3, line 4, column 5 (the row begins on line 3): extraneous or missing " in quoted-field`,
		},
		{"JSON", ` [{"a":1}]`, nil, "not CSV: it looks like JSON"},
		{"workbook", "PK\x03\x04\x00", nil, "not CSV: it looks like a spreadsheet or another zip file"},
		{"UTF-16", "\xff\xfea\x00,\x00", nil, "not CSV: it looks like text in UTF-16"},
		{"binary", "a\x00b", nil, "not CSV: it looks like binary data"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 2, 3, 5, 8, 13, 21, 1000} {
				got, err := read(iotest.HalfReader(strings.NewReader(tt.in)), size)
				if tt.want != nil || len(got) == 0 {
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("in chunks of %d: read (-want +got):\n%s", size, diff)
					}
				}
				text := ""
				if err != nil {
					text = err.Error()
				}
				if text != tt.err {
					t.Errorf("in chunks of %d: error = %q, want %q", size, text, tt.err)
				}
			}
		})
	}
}

// Around the end of a batch, no row may be lost, doubled or left over from the
// batch before, and a header may stand anywhere.
func TestBatches(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 511, 512, 513, 1023, 1024, 1500} {
		var in strings.Builder
		var want []string
		number := 0
		for range 2 {
			in.WriteString("a,b\n")
			number++
			want = append(want, fmt.Sprintf(`%d/%d header ["a" "b"]`, number, number))
			for i := range n {
				number++
				fmt.Fprintf(&in, "%d,x\n", i)
				want = append(want, fmt.Sprintf(`%d/%d ["%d" "x"] a=%d b=x`, number, number, i, i))
			}
		}
		got, err := read(strings.NewReader(in.String()), 4096)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("two tables of %d rows (-want +got):\n%s", n, diff)
		}
	}
}

// A row beyond the limit is one error, wherever the chunks are cut.
func TestLongRow(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("x", csvrows.MaxRow-2)
	for _, size := range []int{1 << 10, 1 << 20, csvrows.MaxRow} {
		if got, err := read(strings.NewReader("a,b\n1,"+fits+"\n3,4\n"), size); err != nil || len(got) != 3 {
			t.Errorf("in chunks of %d: a row of the limit: %d rows, %v", size, len(got), err)
		}
		for _, in := range []string{"a,b\n1,2\n3,x" + fits + "\n5,6\n", "a,b\n1,2\n\"3,x" + fits + "\n5,6\n", "a,b\n1,2\n\"3,x" + fits + "\n5,\"6\n"} {
			got, err := read(strings.NewReader(in), size)
			if want := "row 3, line 3: longer than 8 MiB; most likely a quote in it is never closed"; err == nil || err.Error() != want || len(got) != 2 {
				t.Errorf("in chunks of %d: %d rows, %v; want %s", size, len(got), err, want)
			}
		}
		_, err := read(strings.NewReader("a,b\n1,2\n3\",x"+fits+"\n5,6\n"), size)
		if want := `row 3, line 3, column 2: bare " in non-quoted-field`; err == nil || err.Error() != want {
			t.Errorf("in chunks of %d: %v, want %s", size, err, want)
		}
	}
}

// What was read before a fault counts, and the fault stays.
func TestReadError(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut")
	c := csvrows.NewCutter(io.MultiReader(strings.NewReader("a,b\n1,2\n3,"), iotest.ErrReader(cut)), 1<<10)
	if _, err := c.Header(); err != nil {
		t.Fatal(err)
	}
	var chunk csvrows.Chunk
	if err := c.Next(&chunk); err != nil || string(chunk.Data) != "1,2\n" {
		t.Fatalf("Next = %v with %q, want the row that is whole", err, chunk.Data)
	}
	for range 2 {
		if err := c.Next(&chunk); !errors.Is(err, cut) {
			t.Errorf("Next = %v, want %v", err, cut)
		}
	}
	if _, err := c.Header(); !errors.Is(err, cut) {
		t.Errorf("Header = %v, want %v", err, cut)
	}
	if _, err := csvrows.NewCutter(iotest.ErrReader(cut), 10).Header(); !errors.Is(err, cut) {
		t.Errorf("Header = %v, want %v", err, cut)
	}
}

type refuses struct{ A string }

func (*refuses) UnmarshalCSVWithFields(string, string) error { return errors.New("no") }

func TestMapErrorHasOurRows(t *testing.T) {
	t.Parallel()
	c := csvrows.NewCutter(strings.NewReader("a\n1\n2\n"), 100)
	header, err := c.Header()
	if err != nil {
		t.Fatal(err)
	}
	for batch, err := range c.Serial(1) {
		if err != nil {
			t.Fatal(err)
		}
		_, err = csvrows.NewMapper[refuses](header.Cells).Map(batch)
		if err == nil || !strings.HasPrefix(err.Error(), "map rows 2 to 3: ") {
			t.Errorf("Map = %v, want an error with rows 2 to 3", err)
		}
	}
}

var cellsPool sync.Pool

func (*cells) Pool() *sync.Pool { return &cellsPool }

var refusesPool sync.Pool

func (*refuses) Pool() *sync.Pool { return &refusesPool }
