package main

import (
	"fmt"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// manPage returns the app's manual page in roff, made of what --help prints.
// seeAlso are the names of the pages to look at next.
func manPage(app *cli.App, seeAlso []string) string {
	var b strings.Builder
	// No date and no version: the page is the same until a flag changes.
	name := pageName(app)
	fmt.Fprintf(&b, "%% %s 1 \"\" \"a0permit\" \"User Commands\"\n", strings.ToUpper(name))
	fmt.Fprintf(&b, "# NAME\n%s - %s\n\n# SYNOPSIS\n", name, app.Usage)
	for line := range strings.Lines(app.UsageText) {
		fmt.Fprintf(&b, "**%s**\n\n", escapeMarkdown(strings.TrimSpace(line)))
	}
	prose, examples, _ := strings.Cut(app.Description, "\nEXAMPLES\n")
	fmt.Fprintf(&b, "# DESCRIPTION\n%s\n\n", escapeMarkdown(prose))
	for _, group := range tool.FlagGroups(app) {
		fmt.Fprintf(&b, "# %s\n\n", group.Title)
		for _, flag := range group.Flags {
			fmt.Fprintf(&b, "**%s**\n: %s\n\n", escapeMarkdown(flag.Synopsis()), escapeMarkdown(flag.Description()))
		}
	}
	fmt.Fprintf(&b, "# EXAMPLES\n\n```\n%s\n```\n", strings.TrimRight(examples, "\n"))
	b.WriteString("\n# EXIT STATUS\n\n")
	for _, status := range tool.ExitStatus {
		fmt.Fprintf(&b, "**%s**\n: %s\n\n", status.Codes, escapeMarkdown(status.Meaning))
	}
	var pages []string
	for _, page := range seeAlso {
		pages = append(pages, fmt.Sprintf("**%s**(1)", page))
	}
	fmt.Fprintf(&b, "# SEE ALSO\n%s\n", strings.Join(pages, ", "))
	return string(md2man.Render([]byte(b.String())))
}

// pageName returns the name of the app's manual page: a sub-command's is joined
// to its command's by a hyphen, as in git-commit.
func pageName(app *cli.App) string { return strings.ReplaceAll(app.Name, " ", "-") }

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "_", `\_`, "*", `\*`, "|", `\|`, "<", `\<`, "[", `\[`, "]", `\]`, "`", "\\`",
)

// escapeMarkdown returns text that Markdown takes as it stands.
func escapeMarkdown(text string) string { return markdownEscapes.Replace(text) }
