// Package jsonl writes and reads JSON Lines: one JSON value a line. It knows
// nothing of what the values mean.
package jsonl

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"unicode/utf8"
)

// A Writer writes lines through one buffer. Its first error stays: every later
// call returns it, so a caller may look at any of them. It is not safe for
// concurrent use.
type Writer struct {
	buf *bufio.Writer
	enc *json.Encoder
}

// NewWriter returns a writer of lines to w. Flush must be called at the end.
func NewWriter(w io.Writer) *Writer {
	buf := bufio.NewWriterSize(w, 256<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false) // these lines are data, never a part of a web page
	return &Writer{buf: buf, enc: enc}
}

// Write writes v as one line.
func (w *Writer) Write(v any) error { return w.enc.Encode(v) }

// WriteRaw writes a value that is encoded already, in one part or in several,
// without its line end.
func (w *Writer) WriteRaw(parts ...[]byte) error {
	for _, part := range parts {
		_, _ = w.buf.Write(part) // the error stays in buf
	}
	return w.buf.WriteByte('\n')
}

// Flush writes out what is buffered. After it everything is whole lines.
func (w *Writer) Flush() error { return w.buf.Flush() }

const hex = "0123456789abcdef"

// plain are the bytes that stand for themselves in a JSON string, and are a
// character each.
var plain = func() (is [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// AppendString appends s as a JSON string, byte for byte as encoding/json
// writes it without HTML escaping, and reports whether it is UTF-8: what is not
// becomes U+FFFD. It is here for hot loops, in which reflection costs more than
// all the rest.
func AppendString(dst []byte, s string) (_ []byte, valid bool) {
	dst = append(dst, '"')
	from := len(dst)
	dst = append(dst, s...)
	if allPlain(dst[from:]) {
		return append(dst, '"'), true
	}
	return append(appendEscaped(dst[:from], s), '"'), utf8.ValidString(s)
}

// allPlain reports whether all bytes are plain, which most strings are
// throughout. It looks at eight of them at a time.
func allPlain(s []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(s) >= 8; s = s[8:] {
		w := binary.LittleEndian.Uint64(s)
		q, b := w^'"'*ones, w^'\\'*ones
		// A top bit for each byte beyond ASCII, and the lowest one for the
		// first that is " or \ or below a space.
		if (w|(q-ones)&^q|(b-ones)&^b|(w-' '*ones)&^w)&tops != 0 {
			return false
		}
	}
	for _, c := range s {
		if !plain[c] {
			return false
		}
	}
	return true
}

func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if plain[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if escape := escaped(r, size); escape != "" {
			dst = append(append(dst, s[start:i]...), escape...)
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// escaped is how JSON writes a character; "" for one that stands for itself.
func escaped(r rune, size int) string {
	switch {
	case r == '"':
		return `\"`
	case r == '\\':
		return `\\`
	case r < ' ':
		return controls[r]
	case r == utf8.RuneError && size == 1: // no character at all
		return `\ufffd`
	case r == '\u2028': // these two end a line in JavaScript
		return `\u2028`
	case r == '\u2029':
		return `\u2029`
	default:
		return ""
	}
}

var controls = func() (text [' ']string) {
	for c := range text {
		text[c] = `\u00` + string(hex[c>>4]) + string(hex[c&0xf])
	}
	text['\b'], text['\f'], text['\n'], text['\r'], text['\t'] = `\b`, `\f`, `\n`, `\r`, `\t`
	return text
}()
