package jsonl_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"a0permit/internal/jsonl"
)

func TestReader(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 600<<10) + `"`
	in := "{}\n\n  {\"a\":1} \r\n" + long + "\nlast"
	want := []jsonl.Line{
		{Number: 1, Offset: 0, Text: []byte("{}")},
		{Number: 3, Offset: 4, Text: []byte(`  {"a":1}`)},
		{Number: 4, Offset: 16, Text: []byte(long)},
		{Number: 5, Offset: 17 + int64(len(long)), Text: []byte("last"), Open: true},
	}
	for name, reader := range map[string]io.Reader{
		"whole":    strings.NewReader(in),
		"bytewise": iotest.OneByteReader(strings.NewReader(in)),
		"with EOF": iotest.DataErrReader(strings.NewReader(in)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := jsonl.NewReader(reader)
			for _, w := range want {
				got, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if got.Number != w.Number || got.Offset != w.Offset || string(got.Text) != string(w.Text) ||
					got.Open != w.Open {
					t.Errorf("Next = line %d at %d, %d bytes; want line %d at %d, %d bytes",
						got.Number, got.Offset, len(got.Text), w.Number, w.Offset, len(w.Text))
				}
			}
			if _, err := r.Next(); !errors.Is(err, io.EOF) {
				t.Errorf("Next at the end = %v, want io.EOF", err)
			}
		})
	}
}

// A line longer than MaxText is read to its end, but its Text is only the beginning.
func TestReaderOfLongLines(t *testing.T) {
	t.Parallel()
	const most = jsonl.MaxText
	x := strings.Repeat("x", 2*most)
	for name, tt := range map[string]struct {
		line       string
		size, text int
	}{
		"as long as may be":        {x[:most], most, most},
		"then white space":         {x[:most] + "  \r", most, most},
		"longer by one":            {x[:most+1], most + 1, most},
		"much longer, then spaces": {x + " \t", 2 * most, most},
		"spaces within":            {x[:100] + strings.Repeat(" ", most) + "x  ", most + 101, most},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, lineEnd := range []string{"\n{}", ""} {
				r := jsonl.NewReader(io.MultiReader(
					strings.NewReader("{}\n"), strings.NewReader(tt.line), strings.NewReader(lineEnd)))
				_, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				got, err := r.Next()
				if err != nil || got.Number != 2 || got.Offset != 3 || got.Size != int64(tt.size) || len(got.Text) != tt.text {
					t.Errorf("line %d at %d, size %d, %d bytes of it, %v", got.Number, got.Offset, got.Size, len(got.Text), err)
				}
				after, err := r.Next()
				if lineEnd == "" && !errors.Is(err, io.EOF) || lineEnd != "" && string(after.Text) != "{}" {
					t.Errorf("after it: %q, %v", after.Text, err)
				}
			}
		})
	}
}

func TestReaderErrors(t *testing.T) {
	t.Parallel()
	r := jsonl.NewReader(io.MultiReader(strings.NewReader("{}\n"), endless{}))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, jsonl.ErrLong) {
		t.Errorf("Next = %v, want ErrLong", err)
	}
	broken := errors.New("broken")
	r = jsonl.NewReader(io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(broken)))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, broken) {
		t.Errorf("Next = %v, want the reader's error", err)
	}
}

// endless is a line without an end, as in /dev/zero.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
