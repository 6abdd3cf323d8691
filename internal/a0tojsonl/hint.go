package a0tojsonl

import (
	"errors"
	"fmt"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// withHint returns an error of the input with its place and with what to do. An
// input that broke off upstream gets no hint: the real error is the first one on
// the screen.
func withHint(at string, err error) error {
	header, syntax := (*convert.HeaderError)(nil), (*csvrows.SyntaxError)(nil)
	long, not := (*csvrows.LongRowError)(nil), (*csvrows.NotCSVError)(nil)
	var hints []string
	switch {
	case errors.As(err, &header):
		hints = header.Hints
	case errors.As(err, &syntax), errors.As(err, &long):
		hints = []string{`a cell with a " in it is written in quotes, with the " doubled: "a ""b"" c"`}
	case errors.As(err, &not):
		hints = []string{formatHint(not.Looks)}
	default:
		return err // a read error, which names its file
	}
	return tool.Hint(fmt.Errorf("%s: %w", at, err), hints...)
}

// formatHint returns what to feed instead of a file that is not CSV.
func formatHint(looks string) string {
	switch looks {
	case csvrows.JSON:
		return `export the users as CSV: a0export does, and so does an export job with "format": "csv"; ` +
			`lines that begin {"type": are records already, for permitload`
	case csvrows.Workbook, csvrows.UTF16:
		return "save it as CSV in UTF-8, or feed the CSV that Auth0 gave out"
	default:
		return "feed CSV, plain or gzip: what a0export writes"
	}
}
