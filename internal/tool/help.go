package tool

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// ExitStatus says what the exit codes of all tools mean.
var ExitStatus = []struct{ Codes, Meaning string }{
	{"0", "all done"},
	{"1", "stopped early: network, sign-in, disk, or input that is not safe to use"},
	{"2", "wrong flag or setting; nothing was read or sent"},
	{"3", "ran to the end, but some records were rejected"},
	{"130, 143", "interrupted (141: nobody reads the output)"},
}

// widestFlag bounds the width of the column of flags. The text of a wider flag is moved
// right.
const widestFlag = 30

// Help returns the text of --help: the flags by category, one a line, then the app's
// description and the exit codes.
func Help(app *cli.App) string {
	groups := FlagGroups(app)
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s\n\nUSAGE\n   %s\n", app.Name, app.Usage, app.UsageText)
	width := 0
	for _, g := range groups {
		for _, f := range g.Flags {
			if n := len(f.Synopsis()); n <= widestFlag {
				width = max(width, n)
			}
		}
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n%s\n", cmp.Or(g.Title, "FLAGS"))
		for _, f := range g.Flags {
			fmt.Fprintf(&b, "   %-*s  %s\n", width, f.Synopsis(), f.Description())
		}
	}
	if app.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", app.Description)
	}
	b.WriteString("\nEXIT STATUS\n")
	for _, s := range ExitStatus {
		fmt.Fprintf(&b, "   %-8s  %s\n", s.Codes, s.Meaning)
	}
	return b.String()
}
