package jsonl_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"a0permit/internal/jsonl"
)

// encode returns s as encoding/json writes it.
func encode(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func checkString(t *testing.T, s string) {
	t.Helper()
	got, valid := jsonl.AppendString(nil, s)
	if want := encode(t, s); string(got) != want || valid != utf8.ValidString(s) {
		t.Errorf("AppendString(%q) = %s, %v; want %s", s, got, valid, want)
	}
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	everyByte := make([]byte, 0, 256)
	for c := range 256 {
		everyByte = append(everyByte, byte(c))
	}
	for _, s := range []string{
		"", "jane", `a"b\c`, "<&>", "two\nlines\r\n", "josé 王小明 🙂", "\u2028\u2029", "\ufffd", "a\xffb", "\xe2\x80",
		string(everyByte),
	} {
		checkString(t, s)
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
	f.Fuzz(checkString)
}
