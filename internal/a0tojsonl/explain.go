package a0tojsonl

import (
	"errors"
	"fmt"

	"a0permit/internal/convert"
	"a0permit/internal/csvrows"
	"a0permit/internal/tool"
)

// explain adds to an error of the input where it is and what to do. An input
// that broke off upstream gets no hint: the first error on the screen is the
// real one.
func explain(at string, err error) error {
	header, syntax := (*convert.HeaderError)(nil), (*csvrows.SyntaxError)(nil)
	long, not := (*csvrows.LongRowError)(nil), (*csvrows.NotCSVError)(nil)
	switch {
	case errors.As(err, &header):
		return tool.Hint(fmt.Errorf("%s: %w", at, err), header.Hints...)
	case errors.As(err, &syntax), errors.As(err, &long):
		return tool.Hint(fmt.Errorf("%s: %w", at, err), `a cell with a " in it is written in quotes, with the " doubled: "a ""b"" c"`)
	case errors.As(err, &not):
		return tool.Hint(fmt.Errorf("%s: %w", at, err), notCSV(not.Looks))
	default:
		return err // a read error, which names its file
	}
}

func notCSV(looks string) string {
	switch looks {
	case csvrows.JSON:
		return `export the users as CSV: a0export does, and so does an export job with "format": "csv"; lines that begin {"type": are records already, for permitload`
	case csvrows.Workbook, csvrows.UTF16:
		return "save it as CSV in UTF-8, or feed the CSV that Auth0 gave out"
	default:
		return "feed CSV, plain or gzip: what a0export writes"
	}
}
