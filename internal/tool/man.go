package tool

import (
	"fmt"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
	"github.com/urfave/cli/v2"
)

// Man is the app's manual page, in roff. It is made of what --help prints.
func Man(app *cli.App) string {
	document(app)
	var b strings.Builder
	// No date and no version: the page is the same until a flag changes.
	fmt.Fprintf(&b, "%% %s 1 \"\" \"a0permit\" \"User Commands\"\n", strings.ToUpper(app.Name))
	fmt.Fprintf(&b, "# NAME\n%s - %s\n\n# SYNOPSIS\n", app.Name, app.Usage)
	for line := range strings.Lines(app.UsageText) {
		fmt.Fprintf(&b, "**%s**\n\n", escaped(strings.TrimSpace(line)))
	}
	prose, examples, _ := strings.Cut(app.Description, "\nEXAMPLES\n")
	fmt.Fprintf(&b, "# DESCRIPTION\n%s\n\n", escaped(prose))
	for _, g := range groups(app) {
		fmt.Fprintf(&b, "# %s\n\n", g.title)
		for _, f := range g.flags {
			fmt.Fprintf(&b, "**%s**\n: %s\n\n", escaped(f.spelled()), escaped(f.text+f.notes()))
		}
	}
	fmt.Fprintf(&b, "# EXAMPLES\n\n```\n%s\n```\n", strings.TrimRight(examples, "\n"))
	b.WriteString("\n# EXIT STATUS\n\n")
	for _, s := range exitStatus {
		fmt.Fprintf(&b, "**%s**\n: %s\n\n", s[0], escaped(s[1]))
	}
	var others []string
	for _, name := range []string{"a0export", "a0tojsonl", "permitload"} {
		if name != app.Name {
			others = append(others, fmt.Sprintf("**%s**(1)", name))
		}
	}
	fmt.Fprintf(&b, "# SEE ALSO\n%s\n", strings.Join(others, ", "))
	return string(md2man.Render([]byte(b.String())))
}

// escaped is text without what Markdown would read into it.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "_", `\_`, "*", `\*`, "|", `\|`, "<", `\<`, "[", `\[`, "]", `\]`, "`", "\\`").Replace(text)
}
