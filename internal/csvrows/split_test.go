package csvrows_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/csvrows"
)

// For chunks of any size, the cells, lines and errors are those of encoding/csv.
func FuzzSplitterIsEncodingCSV(f *testing.F) {
	for _, in := range []string{
		"", "\n", "a", "a,b\n", "a,b\r\n1,2\r\n", "\r\n\n\r\na", `"a","b"` + "\n", `"a ""b""",` + "\n",
		"\"a\r\nb\r\r\n\"\r\n", "a\r", "\"a\r", "\"a\"\r", "\r\r\n", ",\r\n,",
		"a\"b\nc", "\"a\"b\n", "\"a\nb", "\"a\n\"\"b\nc\"\nd", "x,\"y\"\r,z\n", "\"\"\n", "\"\"\"\"\n",
		"a\rb,c\n", "\"a\"\rb\n", "\"a\rb\",\r\r\n", "a;\"b\"\n", "\"a\";\"b\"\n", "a\tb\n", "<a>\n", "a\n\x00\n",
		"a,\"b\n\nc\",d\n\ne\n", "\x00\xff,\xef\xbb\xbf\n", "1\n2,\"x\n3", "\"1\n\",\"\n2\"\n3\"\n",
	} {
		f.Add(in, uint8(1))
		f.Add(in, uint8(3))
		f.Add(in, uint8(200))
	}
	separatorLine := regexp.MustCompile(`(?i)^(\x{feff})?"*sep=`)
	f.Fuzz(func(t *testing.T, in string, size uint8) {
		if separatorLine.MatchString(in) {
			t.Skip("encoding/csv does not know the line sep=")
		}
		c := csvrows.NewCutter(strings.NewReader(in), max(int(size), 1))
		var got, want []string
		for batch, err := range c.Batches(0) {
			not, separator := (*csvrows.NotCSVError)(nil), (*csvrows.SeparatorError)(nil)
			if errors.As(err, &not) || errors.As(err, &separator) {
				t.Skip("plainly not CSV")
			}
			if err != nil {
				got = append(got, err.Error())
				break
			}
			for _, row := range batch.Rows {
				got = append(got, fmt.Sprintf("%d %d %q", row.Number, row.Line, row.Cells))
			}
		}
		r := csv.NewReader(strings.NewReader(in))
		r.FieldsPerRecord = -1
		for number := 1; ; number++ {
			cells, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if broken := (*csv.ParseError)(nil); errors.As(err, &broken) {
				syntax := csvrows.SyntaxError{
					Row: number, Start: broken.StartLine, Line: broken.Line, Column: broken.Column, Err: broken.Err,
				}
				want = append(want, syntax.Error())
				break
			}
			line, _ := r.FieldPos(0)
			want = append(want, fmt.Sprintf("%d %d %q", number, line, cells))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q in chunks of %d (-encoding/csv +got):\n%s", in, size, diff)
		}
	})
}
