package a0tojsonl

import (
	"errors"
	"fmt"
	"strings"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// withHint returns an error of the input with its position and a hint. If the input
// broke off upstream there is no hint: the first error on the screen is the real one.
func withHint(at string, err error) error {
	header, syntax := (*convert.HeaderError)(nil), (*csvrows.SyntaxError)(nil)
	separator, not := (*csvrows.SeparatorError)(nil), (*csvrows.NotCSVError)(nil)
	long, mixed := (*csvrows.LongRowError)(nil), (*convert.MixedError)(nil)
	var hints []string
	switch {
	case errors.As(err, &header) && header.Separator != 0:
		return withHint(at, &csvrows.SeparatorError{Separator: header.Separator})
	case errors.As(err, &header):
		hints = header.Hints
	case errors.As(err, &syntax):
		hints = syntaxHints(syntax)
	case errors.As(err, &separator):
		hints = separatorHints(separator.Separator)
	case errors.As(err, &not):
		hints = []string{formatHint(not)}
	case errors.As(err, &long) && long.LoneCR:
		hints = []string{convert.LoneCRCure}
	case errors.As(err, &long):
		hints = []string{quoteHint}
	case errors.As(err, &mixed):
		hints = []string{"--escaped yes removes one leading ' from each cell, --escaped no removes none"}
	default:
		return err // a read error already names its file
	}
	return tool.Hint(fmt.Errorf("%s: %w", at, err), hints...)
}

const quoteHint = `write a cell that contains a " in quotes, with the " doubled: "a ""b"" c"`

// syntaxHints returns the hints for a misplaced quote. If the character beside the quote
// shows the real cause, it sets e.Err to that.
func syntaxHints(e *csvrows.SyntaxError) []string {
	if e.Page != nil {
		e.Err = e.Page
		return []string{formatHint(e.Page)}
	}
	switch e.Beside {
	case ';', '\t', '|':
		e.Err = &csvrows.SeparatorError{Separator: e.Beside}
		return separatorHints(e.Beside)
	case '\r':
		e.Err = errors.New("the line ends with CR only")
		return []string{convert.LoneCRCure}
	case ' ':
		return []string{"remove the blank between the comma and the quote"}
	default:
		return []string{quoteHint}
	}
}

// separatorHints returns hints on how to get a file with commas.
func separatorHints(separator byte) []string {
	inPython := string(separator)
	if separator == '\t' {
		inPython = `\t`
	}
	const script = `python3 -c 'import csv,sys; csv.writer(sys.stdout).writerows(` +
		`csv.reader(open(0, encoding="utf-8-sig", newline=""), delimiter="%s"))' < FILE > commas.csv`
	return []string{
		"use the file as Auth0 exported it, before a spreadsheet changed it",
		"or convert it: " + fmt.Sprintf(script, inPython),
	}
}

// formatHint returns the hint for a file that is not CSV.
func formatHint(e *csvrows.NotCSVError) string {
	switch e.Looks {
	case csvrows.HTML, csvrows.XML:
		return "export again, for example with a0export; the link may have expired before the file was saved"
	case csvrows.Records:
		return "permitload reads it: permitload FILE"
	case csvrows.JSON:
		if e.Says != "" {
			return "export again, for example with a0export; this is the answer to a call that failed"
		}
		return `export the users as CSV: with a0export, or with an export job that has "format": "csv"`
	case csvrows.UTF16, csvrows.UTF16LE, csvrows.UTF16BE:
		return "iconv -f " + strings.TrimPrefix(e.Looks, "text in ") + " -t UTF-8 FILE | a0tojsonl"
	case csvrows.Gzip:
		return "gunzip -c FILE | a0tojsonl"
	case csvrows.Workbook:
		return "save it as CSV (UTF-8), or use the CSV file that Auth0 exported"
	default:
		return "a0tojsonl reads CSV, plain or gzip, such as a0export writes"
	}
}
