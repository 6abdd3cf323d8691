package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// manPage returns the app's manual page in roff, made of what --help prints.
// seeAlso are the names of the pages to look at next.
func manPage(app *cli.App, seeAlso []string) string {
	var b strings.Builder
	name := pageName(app)
	// No date and no version: the page is the same until a flag changes.
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"a0permit\" \"User Commands\"\n.nh\n", roff(strings.ToUpper(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(app.Usage))
	b.WriteString(".SH SYNOPSIS\n")
	for line := range strings.Lines(app.UsageText) {
		fmt.Fprintf(&b, ".PP\n\\fB%s\\fP\n", roff(strings.TrimSpace(line)))
	}
	prose, examples, _ := strings.Cut(app.Description, "\nEXAMPLES\n")
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n", strings.ReplaceAll(roff(strings.TrimSpace(prose)), "\n\n", "\n.PP\n"))
	for _, group := range tool.FlagGroups(app) {
		fmt.Fprintf(&b, ".SH %s\n", roff(group.Title))
		for _, flag := range group.Flags {
			writeItem(&b, flag.Synopsis(), flag.Description())
		}
	}
	fmt.Fprintf(&b, ".SH EXAMPLES\n.EX\n%s\n.EE\n", roff(strings.TrimRight(examples, "\n")))
	b.WriteString(".SH EXIT STATUS\n")
	for _, status := range tool.ExitStatus {
		writeItem(&b, status.Codes, status.Meaning)
	}
	var pages []string
	for _, page := range seeAlso {
		pages = append(pages, fmt.Sprintf("\\fB%s\\fP(1)", roff(page)))
	}
	fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", strings.Join(pages, ", "))
	return b.String()
}

// writeItem writes a term, and what it means below it.
func writeItem(b *strings.Builder, term, text string) {
	fmt.Fprintf(b, ".TP\n\\fB%s\\fP\n%s\n", roff(term), roff(text))
}

// pageName returns the name of the app's manual page: a sub-command's is joined
// to its command's by a hyphen, as in git-commit.
func pageName(app *cli.App) string { return strings.ReplaceAll(app.Name, " ", "-") }

// roffEscapes keeps a hyphen one that can be typed, and a line that begins with a dot
// or a quote from being a command.
var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n.", "\n\\&.", "\n'", "\n\\&'")

// roff returns text that roff takes as it stands.
func roff(text string) string { return strings.TrimPrefix(roffEscapes.Replace("\n"+text), "\n") }
