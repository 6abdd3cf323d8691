package tool

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// visible returns text as it may go to a terminal: what has no shape of its own
// becomes \u and its number, as JSON has it. Such characters command a terminal, turn
// the letters behind them around, or hide. Ends of lines and tabs stay.
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

// isHidden reports whether a character is not to get to a terminal. Blanks of every
// kind may: record.IsInvisible is about what nobody means to type.
func isHidden(r rune) bool {
	if r < utf8.RuneSelf && r >= ' ' && r != 0x7f || r == '\n' || r == '\t' {
		return false
	}
	return r == utf8.RuneError || !unicode.IsGraphic(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// oneLine returns text as a part of a line: its own ends of lines begin no other.
func oneLine(text string) string {
	return string(bytes.ReplaceAll(visible([]byte(text)), []byte("\n"), []byte(`\n`)))
}
