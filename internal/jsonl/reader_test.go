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
		{Number: 5, Offset: 17 + int64(len(long)), Text: []byte("last")},
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
				if got.Number != w.Number || got.Offset != w.Offset || string(got.Text) != string(w.Text) {
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

func TestReaderErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", jsonl.MaxLine+1)
	r := jsonl.NewReader(strings.NewReader("{}\n" + long))
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
