package jsonl

import (
	"encoding/binary"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// plain is the set of one-byte characters that need no escape in a JSON string.
var plain = func() (set [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

// AppendString appends s as a JSON string and reports whether s is UTF-8. The bytes are
// those that encoding/json writes without HTML escaping: bytes that are not UTF-8 become
// \ufffd. It is for hot loops, where reflection would cost more than everything else.
func AppendString(dst []byte, s string) (_ []byte, valid bool) {
	dst = append(dst, '"')
	if allPlain([]byte(s)) { // the compiler makes no copy
		return append(append(dst, s...), '"'), true
	}
	return append(appendEscaped(dst, s), '"'), utf8.ValidString(s)
}

// allPlain reports whether all bytes are plain, as in most strings. It checks eight
// bytes at a time.
func allPlain(s []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(s) >= 8; s = s[8:] {
		w := binary.LittleEndian.Uint64(s)
		q, b := w^'"'*ones, w^'\\'*ones
		// The top bit is set in each byte above ASCII, and in the first byte that is "
		// or \ or below a space.
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
		if e := escape(r, size); e != "" {
			dst = append(append(dst, s[start:i]...), e...)
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// escape returns the escape sequence of a character, "" if it needs none.
func escape(r rune, size int) string {
	switch {
	case r == '"':
		return `\"`
	case r == '\\':
		return `\\`
	case r < ' ':
		return controls[r]
	case r == utf8.RuneError && size == 1: // not UTF-8
		return `\ufffd`
	case r == '\u2028': // U+2028 and U+2029 end a line in JavaScript
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
