package tool

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// visible returns text for a terminal: characters without a shape become \u and a number,
// as in JSON. They may control the terminal, reverse the letters after them, or hide.
// Line ends and tabs stay.
func visible(text []byte) []byte {
	if !bytes.ContainsFunc(text, isHidden) {
		return text
	}
	var shown []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && size == 1:
			shown = fmt.Appendf(shown, `\x%02x`, text[0])
		case isHidden(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				shown = fmt.Appendf(shown, `\u%04x`, unit)
			}
		default:
			shown = append(shown, text[:size]...)
		}
		text = text[size:]
	}
	return shown
}

// isHidden reports whether a character must not reach a terminal. Blanks of every kind
// may. record.IsInvisible is about characters that nobody types on purpose.
func isHidden(r rune) bool {
	if r < utf8.RuneSelf && r >= ' ' && r != 0x7f || r == '\n' || r == '\t' {
		return false
	}
	return r == utf8.RuneError || !unicode.IsGraphic(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// oneLine returns text for a part of a line, with its own line ends made visible.
func oneLine(text string) string {
	return string(bytes.ReplaceAll(visible([]byte(text)), []byte("\n"), []byte(`\n`)))
}
