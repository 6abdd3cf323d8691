package main

import (
	"embed"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// pages has the hand-written part of each man page, in roff. The line flagsHere marks
// the place of the generated part.
//
//go:embed pages
var pages embed.FS

// flagsHere is the line of a page that is replaced by the flags and the exit codes.
const flagsHere = ".\\\" FLAGS\n"

// manPage returns the app's man page in roff. seeAlso are the names of related pages.
func manPage(app *cli.App, seeAlso []string) (string, error) {
	name := pageName(app)
	text, err := pages.ReadFile("pages/" + name + ".1")
	if err != nil {
		return "", err
	}
	before, after, ok := strings.Cut(string(text), flagsHere)
	if !ok {
		return "", fmt.Errorf("pages/%s.1 does not say where the flags go", name)
	}
	var b strings.Builder
	// No date and no version, so that the page changes only with a flag or a text.
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"a0permit\" \"User Commands\"\n.nh\n", roff(strings.ToUpper(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", roff(name), roff(app.Usage))
	b.WriteString(".SH SYNOPSIS\n")
	for line := range strings.Lines(app.UsageText) {
		fmt.Fprintf(&b, ".PP\n\\fB%s\\fP\n", roff(strings.TrimSpace(line)))
	}
	b.WriteString(before)
	b.WriteString(".SH OPTIONS\n")
	for _, group := range tool.FlagGroups(app) {
		fmt.Fprintf(&b, ".SS %s\n", roff(titleCase(group.Title)))
		for _, flag := range group.Flags {
			writeItem(&b, flag.Synopsis(), flag.Description())
		}
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, status := range tool.ExitStatus {
		writeItem(&b, status.Codes, status.Meaning)
	}
	b.WriteString(after)
	var others []string
	for _, page := range seeAlso {
		others = append(others, fmt.Sprintf("\\fB%s\\fP(1)", roff(page)))
	}
	fmt.Fprintf(&b, ".SH SEE ALSO\n%s, \\fBa0permit\\-records\\fP(5)\n", strings.Join(others, ", "))
	return b.String(), nil
}

// titleCase returns a title in capitals with only its first letter in upper case.
func titleCase(title string) string { return title[:1] + strings.ToLower(title[1:]) }

// writeItem writes a term with its text indented below it.
func writeItem(b *strings.Builder, term, text string) {
	fmt.Fprintf(b, ".TP\n\\fB%s\\fP\n%s\n", roff(term), roff(text))
}

// pageName returns the name of the app's man page. For a sub-command it joins the two
// names by a hyphen, as in git-commit.
func pageName(app *cli.App) string { return strings.ReplaceAll(app.Name, " ", "-") }

// roffEscapes makes roff print a hyphen that can be copied into a shell, and keeps lines
// that begin with a dot or a quote from being roff requests.
var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n.", "\n\\&.", "\n'", "\n\\&'")

// roff returns text escaped for roff.
func roff(text string) string { return strings.TrimPrefix(roffEscapes.Replace("\n"+text), "\n") }
