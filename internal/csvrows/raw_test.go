package csvrows_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/csvrows"
)

// readRaw returns one line of text per row, with its cells, its bytes and its line end.
func readRaw(in io.Reader) (bom string, found []string, err error) {
	r, err := csvrows.NewRaw(in)
	if err != nil {
		return "", nil, err
	}
	for {
		cells, row, eol, err := r.Next()
		if errors.Is(err, io.EOF) {
			return string(r.BOM()), found, nil
		}
		if err != nil {
			return string(r.BOM()), found, err
		}
		found = append(found, fmt.Sprintf("%q %q %q", cells, row, eol))
	}
}

func TestRawKeepsEveryByte(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, bom string
		want          []string
	}{
		{"nothing", "", "", nil},
		{"plain", "a,b\n1,2\n", "", []string{`["a" "b"] "a,b" "\n"`, `["1" "2"] "1,2" "\n"`}},
		{"CRLF", "a,b\r\n1,2\r\n", "", []string{`["a" "b"] "a,b" "\r\n"`, `["1" "2"] "1,2" "\r\n"`}},
		{"mixed line ends", "a\r\n1\n2\r\n", "", []string{`["a"] "a" "\r\n"`, `["1"] "1" "\n"`, `["2"] "2" "\r\n"`}},
		{"no last line end", "a,b\n1,2", "", []string{`["a" "b"] "a,b" "\n"`, `["1" "2"] "1,2" ""`}},
		{"half a last line end", "a,b\r\n1,2\r", "", []string{`["a" "b"] "a,b" "\r\n"`, `["1" "2"] "1,2" "\r"`}},
		{"needless quotes", `"a","b"` + "\n", "", []string{`["a" "b"] "\"a\",\"b\"" "\n"`}},
		{"quotes in quotes", `"'O""Neil",""` + "\n", "", []string{`["'O\"Neil" ""] "\"'O\"\"Neil\",\"\"" "\n"`}},
		{"line ends in quotes", "\"1\r\n2\n\n3\",x\r\n", "", []string{`["1\n2\n\n3" "x"] "\"1\r\n2\n\n3\",x" "\r\n"`}},
		{"blank lines are left out", "\n\r\na\n\r\n\n1\n\n", "", []string{`["a"] "a" "\n"`, `["1"] "1" "\n"`}},
		{"a CR that ends no line", "\ra,b\r\n\r\r\n", "", []string{`["\ra" "b"] "\ra,b" "\r\n"`, `["\r"] "\r" "\r\n"`}},
		{"ragged", "a,b\n1\n1,2,3\n", "", []string{`["a" "b"] "a,b" "\n"`, `["1"] "1" "\n"`, `["1" "2" "3"] "1,2,3" "\n"`}},
		{"BOM", "\ufeffa,b\n", "\ufeff", []string{`["a" "b"] "a,b" "\n"`}},
		{"BOM and quotes", "\ufeff\"a\",b\n", "\ufeff", []string{`["a" "b"] "\"a\",b" "\n"`}},
		{"BOM alone", "\ufeff", "\ufeff", nil},
		{"half a BOM", "\xef\xbb", "", []string{`["\xef\xbb"] "\xef\xbb" ""`}},
		{"spaces", " a , b \n", "", []string{`[" a " " b "] " a , b " "\n"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			whole := func() io.Reader { return strings.NewReader(tt.in) }
			for _, in := range []io.Reader{whole(), iotest.OneByteReader(whole()), iotest.DataErrReader(whole())} {
				bom, found, err := readRaw(in)
				if err != nil {
					t.Fatal(err)
				}
				if bom != tt.bom {
					t.Errorf("BOM %q, want %q", bom, tt.bom)
				}
				if diff := cmp.Diff(tt.want, found); diff != "" {
					t.Errorf("rows (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestRawRowsLargerThanItsBuffers(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for i := range 40 {
		fmt.Fprintf(&in, "%d,\"%s\"\r\n", i, strings.Repeat("x\n\"\"", i*2000))
	}
	if got := copyRaw(t, in.String()); got != in.String() {
		t.Error("the rows are not the input")
	}
}

// A row of MaxRow bytes is passed on. A longer row is an error before it is in memory.
func TestRawRowOverTheLimit(t *testing.T) {
	t.Parallel()
	fits := "a,b\n1," + strings.Repeat("x", csvrows.MaxRow-3) + "\n2,y\n"
	if _, found, err := readRaw(strings.NewReader(fits)); err != nil || len(found) != 3 {
		t.Errorf("a row of the limit: %d rows, %v", len(found), err)
	}
	endless := io.MultiReader(strings.NewReader("a,b\n1,2\n3,\""), endlessReader{})
	_, found, err := readRaw(endless)
	const want = "CSV: the row after line 2 is longer than 8 MiB: probably a quote in it is never closed"
	if len(found) != 2 || err == nil || err.Error() != want {
		t.Errorf("an endless row: %d rows, %v; want %s", len(found), err, want)
	}
}

// endlessReader yields text without an end.
type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// The error for a file that is plainly not CSV says what it is.
func TestRawOfOtherFiles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>": csvrows.HTML,
		`<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>`:     csvrows.XML,
		`{"statusCode":401,"message":"Invalid token"}`:                      csvrows.JSON,
		"PK\x03\x04rest": csvrows.Workbook,
		"\x1f\x8brest":   csvrows.Gzip,
	} {
		_, err := csvrows.NewRaw(strings.NewReader(in))
		if not, ok := errors.AsType[*csvrows.NotCSVError](err); !ok || not.Looks != want {
			t.Errorf("%.20q: %v, want %s", in, err, want)
		}
	}
}

func TestRawErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"a quote in a cell", "a,b\n1,2\n3,4\"\n", `CSV, line 3: a " in a cell that is not in quotes`},
		{"a quote that never ends", "a,b\n1,\"2\n3,4\n", `CSV, line 3: a " that is not closed, or is followed by text`},
		{"text after a quote", "a,b\n\"1\"x,2\n", `CSV, line 2: a " that is not closed, or is followed by text`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, found, err := readRaw(strings.NewReader(tt.in))
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if len(found) == 0 {
				t.Error("the rows before it are lost")
			}
		})
	}
	broken := errors.New("the line is down")
	for _, before := range []string{"", "a", "a,b\n", "a,b\n1,"} {
		in := io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken))
		if _, _, err := readRaw(in); !errors.Is(err, broken) {
			t.Errorf("after %q: error %v, want the reader's own", before, err)
		}
	}
}

// copyRaw returns in, copied row by row.
func copyRaw(t *testing.T, in string) string {
	t.Helper()
	r, err := csvrows.NewRaw(strings.NewReader(in))
	if err != nil {
		t.Skip(err) // it looks like another format
	}
	out := bytes.NewBuffer(bytes.Clone(r.BOM()))
	for {
		_, row, eol, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Skip("not CSV")
		}
		out.Write(row)
		out.Write(eol)
	}
}

func FuzzRawPassesEverythingOn(f *testing.F) {
	for _, in := range []string{
		"a,b\n1,2", "\ufeff\"a\",b\r\n1,\"2\n\n3\"\r\n", "a\r\n\r\n\nb\n", "\ra\r\r\n", "a,b\r", "1\n1,2,3\n",
		"\"\"\"\"\n", "\"\r\n\"\r",
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if bare := strings.TrimLeft(in, "\r\n"); bare != in && strings.HasPrefix(bare, "\ufeff") {
			t.Skip("without its blank lines the first cell would begin with a byte order mark")
		}
		got := copyRaw(t, in)
		if diff := cmp.Diff(parse(t, in), parse(t, got)); diff != "" {
			t.Fatalf("%q became %q, which reads (-want +got):\n%s", in, got, diff)
		}
		if want := removeBlankLines(in); got != want {
			t.Fatalf("%q became %q, want %q", in, got, want)
		}
	})
}

// removeBlankLines removes the blank lines outside quotes. For an input that is not
// CSV the result may be wrong.
func removeBlankLines(in string) string {
	rest, bom := strings.CutPrefix(in, "\ufeff")
	var out strings.Builder
	if bom {
		out.WriteString("\ufeff")
	}
	quoted := false
	for line := range strings.Lines(rest) {
		blank := line == "\n" || line == "\r\n" || line == "\r" // "\r" only at the end of the input
		if quoted || !blank {
			out.WriteString(line)
		}
		quoted = quoted != (strings.Count(line, `"`)%2 == 1)
	}
	return out.String()
}

// parse returns the rows as encoding/csv reads them.
func parse(t *testing.T, in string) [][]string {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(in, "\ufeff")))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func FuzzQuoteReadsBack(f *testing.F) {
	for _, cell := range []string{
		"", "a", `["Admin","Billing, all"]`, "'\"", "a\nb", "a\rb", "a\r", " a ", "\ufeff", "\x00\xff", `\.`,
	} {
		f.Add(cell)
	}
	f.Fuzz(func(t *testing.T, cell string) {
		quoted := string(csvrows.Quote(cell))
		r := csv.NewReader(strings.NewReader("x," + quoted + "," + quoted + "\n"))
		got, err := r.ReadAll()
		// encoding/csv returns CRLF as \n.
		cell = strings.ReplaceAll(cell, "\r\n", "\n")
		want := [][]string{{"x", cell, cell}}
		if err != nil || !cmp.Equal(want, got) {
			t.Fatalf("%q reads back as %q, %v", cell, got, err)
		}
	})
}
