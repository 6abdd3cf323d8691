package jsonl_test

import (
	"bytes"
	"errors"
	"testing"

	"a0permit/internal/jsonl"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := jsonl.NewWriter(&out)
	err := errors.Join(w.Write(map[string]string{"a": "<b>"}), w.WriteRaw([]byte(`{"c":`), []byte(`1}`)), w.Write(nil))
	if err != nil {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		t.Errorf("wrote %q before Flush", out.String())
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "{\"a\":\"<b>\"}\n{\"c\":1}\nnull\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// brokenWriter is a writer that fails with err.
type brokenWriter struct{ err error }

func (b brokenWriter) Write([]byte) (int, error) { return 0, b.err }

func TestWriterKeepsItsError(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	w := jsonl.NewWriter(brokenWriter{full})
	_ = w.WriteRaw(make([]byte, 1<<20))
	for name, err := range map[string]error{
		"WriteRaw": w.WriteRaw([]byte("1")), "Write": w.Write(1), "Flush": w.Flush(),
	} {
		if !errors.Is(err, full) {
			t.Errorf("%s = %v, want %v", name, err, full)
		}
	}
}
