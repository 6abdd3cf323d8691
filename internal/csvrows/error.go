package csvrows

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
)

// A SyntaxError is a row that is not CSV. The file cannot be parsed after it. Row counts
// from 1 in the chunk, like Row.Number. Start is the line where the row begins, and Line
// and Column are the place of the error.
type SyntaxError struct {
	Row, Start, Line, Column int
	// Beside is the byte outside the wrong quote, where a comma or a line end should
	// be. It is 0 at the end of the file.
	Beside byte
	// Page is set if a page or an error was saved after the table, and the row is its
	// first.
	Page *NotCSVError
	Err  error
}

func (e *SyntaxError) Error() string {
	where := fmt.Sprintf("row %d, line %d, column %d", e.Row, e.Line, e.Column)
	if e.Start != e.Line {
		where += fmt.Sprintf(" (the row begins on line %d)", e.Start)
	}
	return fmt.Sprintf("%s: %v", where, inWords(e.Err))
}

// inWords returns the error of encoding/csv about a quote in plain words.
func inWords(err error) error {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return errors.New(`a " in a cell that is not in quotes`)
	case errors.Is(err, csv.ErrQuote):
		return errors.New(`a " that is not closed, or is followed by text`)
	default:
		return err
	}
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// A LongRowError is a header longer than MaxRow, or another row longer than MaxRow whose
// end cannot be found. The file cannot be parsed after it.
type LongRowError struct {
	Row, Line int
	LoneCR    bool // it has the flaw LoneCR
}

func (e *LongRowError) Error() string {
	why := "probably a quote in it is never closed"
	if e.LoneCR {
		why = "its lines end with CR only"
	}
	return fmt.Sprintf("row %d, line %d: longer than %d MiB: %s", e.Row, e.Line, MaxRow>>20, why)
}

// Shift adds before, the number of rows before the chunk, to the row number in an error
// about the chunk. It returns other errors as they are.
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

// newSyntaxError returns the SyntaxError for an error of encoding/csv. text is the rest
// of the chunk from the row on, and line the line where it begins.
func newSyntaxError(broken *csv.ParseError, text string, row, line int) *SyntaxError {
	e := &SyntaxError{
		Row: row, Start: line - 1 + broken.StartLine,
		Line: line - 1 + broken.Line, Column: broken.Column, Err: broken.Err,
	}
	not := (*NotCSVError)(nil)
	head := []byte(text[:min(sniffLength, len(text))])
	if errors.As(guessFormat(head), &not) && (not.Looks == HTML || not.Looks == XML || not.Says != "") {
		e.Page = not
	}
	for range broken.Line - 1 {
		_, text, _ = strings.Cut(text, "\n")
	}
	beside := broken.Column // the byte after the quote
	if errors.Is(broken.Err, csv.ErrBareQuote) {
		beside = broken.Column - 2 // the byte before the quote
	}
	if beside >= 0 && beside < len(text) {
		e.Beside = text[beside]
	}
	return e
}
