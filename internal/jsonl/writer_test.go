package jsonl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"a0permit/internal/jsonl"
)

func encoded(t *testing.T, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	every := make([]byte, 0, 256)
	for c := range 256 {
		every = append(every, byte(c))
	}
	for _, s := range []string{
		"", "jane", `a"b\c`, "<&>", "two\nlines\r\n", "josé 王小明 🙂", "\u2028\u2029", "\ufffd", "a\xffb", "\xe2\x80", string(every),
	} {
		want := encoded(t, s)
		if got, valid := jsonl.AppendString(nil, s); string(got)+"\n" != want || valid != utf8.ValidString(s) {
			t.Errorf("AppendString(%q) = %s, %v; want %s", s, got, valid, want)
		}
	}
}

func BenchmarkAppendString(b *testing.B) {
	const s = "auth0|5f7c8ec7dc0f2b006c5a1b2c"
	var dst []byte
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = jsonl.AppendString(dst[:0], s)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\xff\u2028\x00\"")
	f.Fuzz(func(t *testing.T, s string) {
		got, valid := jsonl.AppendString(nil, s)
		if want := encoded(t, s); string(got)+"\n" != want || valid != utf8.ValidString(s) {
			t.Errorf("AppendString(%q) = %s, %v; want %s", s, got, valid, want)
		}
	})
}

func TestWriter(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := jsonl.NewWriter(&out)
	if err := errors.Join(w.Write(map[string]string{"a": "<b>"}), w.WriteRaw([]byte(`{"c":1}`)), w.Write(nil)); err != nil {
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

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestWriterKeepsItsError(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	w := jsonl.NewWriter(broken{full})
	_ = w.WriteRaw(make([]byte, 1<<20))
	for name, err := range map[string]error{"WriteRaw": w.WriteRaw([]byte("1")), "Write": w.Write(1), "Flush": w.Flush()} {
		if !errors.Is(err, full) {
			t.Errorf("%s = %v, want %v", name, err, full)
		}
	}
}
