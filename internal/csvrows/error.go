package csvrows

import (
	"bytes"
	"errors"
	"fmt"
)

// A SyntaxError is a place after which the file cannot be parsed. Row counts from
// 1 in its chunk, like Row.Number; Start is the line on which that row begins.
type SyntaxError struct {
	Row, Start, Line, Column int
	Err                      error
}

func (e *SyntaxError) Error() string {
	where := fmt.Sprintf("row %d, line %d, column %d", e.Row, e.Line, e.Column)
	if e.Start != e.Line {
		where += fmt.Sprintf(" (the row begins on line %d)", e.Start)
	}
	return fmt.Sprintf("%s: %v", where, e.Err)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// A LongRowError is a row longer than MaxRow. The file cannot be parsed after it.
type LongRowError struct{ Row, Line int }

func (e *LongRowError) Error() string {
	const text = "row %d, line %d: longer than %d MiB; most likely a quote in it is never closed"
	return fmt.Sprintf(text, e.Row, e.Line, MaxRow>>20)
}

// Shift adds before, the number of rows before the chunk, to the row in an error
// of the chunk.
func Shift(err error, before int) error {
	syntax, long := (*SyntaxError)(nil), (*LongRowError)(nil)
	switch {
	case errors.As(err, &syntax):
		syntax.Row += before
	case errors.As(err, &long):
		long.Row += before
	}
	return err
}

// The values of NotCSVError.Looks.
const (
	JSON     = "JSON"
	Workbook = "a spreadsheet or another zip file"
	UTF16    = "text in UTF-16"
	Binary   = "binary data"
)

// A NotCSVError is a file that is plainly something else.
type NotCSVError struct{ Looks string }

func (e *NotCSVError) Error() string { return "not CSV: it looks like " + e.Looks }

const sniffLength = 512 // bytes

var bom = []byte("\ufeff")

// guessFormat returns what a file looks like by its first bytes, "" for CSV.
func guessFormat(head []byte) string {
	switch text := bytes.TrimLeft(bytes.TrimPrefix(head, bom), " \t\r\n"); {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return Workbook
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return UTF16
	case bytes.IndexByte(head, 0) >= 0:
		return Binary
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return JSON
	default:
		return ""
	}
}
