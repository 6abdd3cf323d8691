package csvrows_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/csvrows"
)

// abHeaders says that each row whose first cell is a is a header.
type abHeaders struct{}

func (abHeaders) Marks() []string              { return []string{"a"} }
func (abHeaders) IsHeader(cells []string) bool { return strings.TrimPrefix(cells[0], "\ufeff") == "a" }

var flawNames = map[csvrows.Flaw]string{
	csvrows.LoneCR: " has a lone CR", csvrows.NUL: " has a NUL", csvrows.TooLong: " is too long",
}

// readTables reads all tables of a file and returns one line of text per row.
func readTables(in io.Reader, size int) (found []string, err error) {
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
		c.SetHeaders(abHeaders{})
		mapper := csvrows.NewMapper[abRow](header.Cells)
		for batch, err := range c.Batches(number) {
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
				text := fmt.Sprintf("%d/%d %q a=%s b=%s", row.Number, row.Line, row.Cells, v.A, v.B)
				found = append(found, text+flawNames[row.Flaw])
			}
		}
	}
}

// Most of these cases are something that gocsv or encoding/csv, used without care, gets
// wrong or accepts silently.
func TestReadTables(t *testing.T) {
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
		{
			"byte order mark before a quote", "\ufeff\"a\",b\n1,2\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`},
			"",
		},
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
			[]string{
				`1/1 header ["a"]`, `2/2 ["1"] a=1 b=`,
				`3/3 header ["a" "b"]`, `4/4 ["1" "2"] a=1 b=2`,
				`5/5 header ["a"]`,
			},
			"",
		},
		{"another column", "a,c\n1,2\n", []string{`1/1 header ["a" "c"]`, `2/2 ["1" "2"] a=1 b=`}, ""},
		{
			"NUL and bad UTF-8", "a,b\nx,\"y\x00\"\n1,\xff\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["x" "y\x00"] a=x b=y` + "\x00 has a NUL", `3/3 ["1" "\xff"] a=1 b=` + "\xff"},
			"",
		},
		{
			"CR that ends no line", "a,b\n1,2\r3,4\n5,6\r\n\"7\r7\",8\n9,0\r\r\n\r\r\nx,y\r",
			[]string{
				`1/1 header ["a" "b"]`,
				`2/2 ["1" "2\r3" "4"] a= b= has a lone CR`,
				`3/3 ["5" "6"] a=5 b=6`,
				`4/4 ["7\r7" "8"] a=7` + "\r" + `7 b=8`,
				`5/5 ["9" "0\r"] a=9 b=0` + "\r has a lone CR",
				`6/6 ["\r"] a= b= has a lone CR`,
				`7/7 ["x" "y"] a=x b=y`,
			},
			"",
		},
		{
			"a line that names the comma", "\ufeffsep=,\r\na,b\r\n1,2\r\n",
			[]string{`1/2 header ["a" "b"]`, `2/3 ["1" "2"] a=1 b=2`},
			"",
		},
		{
			"the same in quotes", "\"SEP=,\"\na,b\n",
			[]string{`1/2 header ["a" "b"]`},
			"",
		},
		{"a line that names another", "sep=;\na;b\n", nil, "the cells are separated by semicolons, not by commas"},
		{"a line that names tabs", "sep=\t\na\tb\n", nil, "the cells are separated by tabs, not by commas"},
		{"a column sep=", "sep=,b\n", []string{`1/1 header ["sep=" "b"]`}, ""},
		{
			"bare quote after rows", "a,b\n1,2\n3,x\"y\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`},
			`row 3, line 3, column 4: a " in a cell that is not in quotes`,
		},
		{
			"quote never closed", "a,b\n1,2\n\"3,4\n5,6\n",
			[]string{`1/1 header ["a" "b"]`, `2/2 ["1" "2"] a=1 b=2`},
			`row 3, line 4, column 5 (the row begins on line 3): a " that is not closed, or is followed by text`,
		},
		{"JSON", ` [{"a":1}]`, nil, "not CSV: it looks like JSON"},
		{"workbook", "PK\x03\x04\x00", nil, "not CSV: it looks like a spreadsheet or another zip file"},
		{"UTF-16", "\xff\xfea\x00,\x00", nil, "not CSV: it looks like text in UTF-16"},
		{"UTF-16 without a mark", "a\x00,\x00b\x00", nil, "not CSV: it looks like text in UTF-16LE"},
		{"UTF-16, big end first", "\x00a\x00,\x00b", nil, "not CSV: it looks like text in UTF-16BE"},
		{"binary", "a\x00b", nil, "not CSV: it looks like binary data"},
		{"packed twice", "\x1f\x8b\x08", nil, "not CSV: it looks like gzip within gzip"},
		{"half a page", "<", []string{`1/1 header ["<"]`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 2, 3, 5, 8, 13, 21, 1000} {
				got, err := readTables(iotest.HalfReader(strings.NewReader(tt.in)), size)
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

// At the end of a batch no row is lost, duplicated or left over from the batch before,
// wherever the header of the next table is.
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
		got, err := readTables(strings.NewReader(in.String()), 4096)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("two tables of %d rows (-want +got):\n%s", n, diff)
		}
	}
}

// A row over the limit is marked, and the rows after it are read, wherever the chunks
// are cut. If its end cannot be found, nothing after it can be read.
func TestLongRow(t *testing.T) {
	t.Parallel()
	const (
		tooLong = "row 3, line 3: longer than 8 MiB: probably a quote in it is never closed"
		allCR   = "row 3, line 3: longer than 8 MiB: its lines end with CR only"
		bare    = `row 3, line 3, column 2: a " in a cell that is not in quotes`
	)
	fits := strings.Repeat("x", csvrows.MaxRow-2)
	sizes := []int{1 << 10, csvrows.MaxRow}
	if testing.Short() {
		sizes = sizes[:1]
	}
	tests := []struct {
		name, row string
		want      string // the cells of the row
		line      int    // the line of the row after it
		err       string
	}{
		{"of the limit", "1," + fits, "", 4, ""},
		{"plain", "3,x" + fits, `["3"]`, 4, ""},
		{"in quotes", "\"3\",4,,\"x\n\"\"" + fits + "\"", `["3" "4" ""]`, 5, ""},
		{"in one cell", "\"" + fits + "xxx\"\r", `[]`, 4, ""},
		{"far over it", "3,y," + strings.Repeat("\"\n\",", csvrows.MaxRow/2), "", 4 + csvrows.MaxRow/2, ""},
		{"never closed", "\"3,x" + fits, "", 0, tooLong},
		{"closed by the wrong quote", "\"3,x" + fits + "\n5,\"6", "", 0, tooLong},
		{"a quote in a cell, beyond the limit", "3,x" + fits + "\"", "", 0, tooLong},
		{"a quote in a cell", "3\",x" + fits, "", 0, bare},
		{"never closed, by CRs", strings.Repeat("3,x\r", csvrows.MaxRow/4+1) + "\"", "", 0, allCR},
	}
	for _, tt := range tests {
		for _, size := range sizes {
			got, err := readTables(strings.NewReader("a,b\n1,2\n"+tt.row+"\n5,6\n"), size)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err || len(got) != 2 {
					t.Errorf("%s, in chunks of %d: %d rows, %v; want %s", tt.name, size, len(got), err, tt.err)
				}
				continue
			}
			if err != nil || len(got) != 4 {
				t.Errorf("%s, in chunks of %d: %d rows, %v", tt.name, size, len(got), err)
				continue
			}
			if want := "3/3 " + tt.want + " a= b= is too long"; tt.want != "" && got[2] != want {
				t.Errorf("%s, in chunks of %d: %.80s; want %s", tt.name, size, got[2], want)
			}
			if want := fmt.Sprintf(`4/%d ["5" "6"] a=5 b=6`, tt.line); got[3] != want {
				t.Errorf("%s, in chunks of %d: then %.80s; want %s", tt.name, size, got[3], want)
			}
		}
	}
	if got, err := readTables(strings.NewReader("a,b\r"+fits+"\n1,2\n"), 1<<10); len(got) > 0 || err == nil ||
		err.Error() != "row 1, line 1: longer than 8 MiB: its lines end with CR only" {
		t.Errorf("a header over the limit: %d rows, %v", len(got), err)
	}
}

// The rows before a read error come first, and then every call returns the error.
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
