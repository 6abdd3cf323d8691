package tool

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// exitStatus is the same for all three tools.
var exitStatus = [][2]string{
	{"0", "all done"},
	{"1", "stopped: network, sign-in, I/O, or input that makes going on unsafe"},
	{"2", "usage: a flag or a setting; nothing was read or sent"},
	{"3", "ran to the end, but some records were rejected"},
	{"130, 143", "interrupted"},
}

// Help is what --help prints: flags by what they are for, one line each, then
// what the app describes, and the exit codes.
func Help(app *cli.App) string {
	document(app)
	var b strings.Builder
	fmt.Fprintf(&b, "%s - %s\n\nUSAGE\n   %s\n", app.Name, app.Usage, app.UsageText)
	list := groups(app)
	width := 0
	for _, g := range list {
		for _, f := range g.flags {
			if n := len(f.spelled()); n <= mostFlag {
				width = max(width, n)
			}
		}
	}
	for _, g := range list {
		fmt.Fprintf(&b, "\n%s\n", cmp.Or(g.title, "FLAGS"))
		for _, f := range g.flags {
			fmt.Fprintf(&b, "   %-*s  %s%s\n", width, f.spelled(), f.text, f.notes())
		}
	}
	if app.Description != "" {
		fmt.Fprintf(&b, "\n%s\n", app.Description)
	}
	b.WriteString("\nEXIT STATUS\n")
	for _, s := range exitStatus {
		fmt.Fprintf(&b, "   %-8s  %s\n", s[0], s[1])
	}
	return b.String()
}

// mostFlag is how wide the column of flags may be. What is wider pushes its own
// line alone.
const mostFlag = 30
