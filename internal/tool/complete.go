package tool

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// Completions are the app's completion scripts, by the name of the file that a
// shell looks for. commands are its sub-commands.
func Completions(app *cli.App, commands []string) map[string]string {
	addCommonFlags(app)
	return map[string]string{
		app.Name + ".bash": bash(app, commands),
		"_" + app.Name:     zsh(app, commands),
		app.Name + ".fish": fish(app, commands),
	}
}

const completionNote = "# Made by go generate from the flags of %s.\n"

func bash(app *cli.App, commands []string) string {
	var b, words strings.Builder
	fmt.Fprintf(&b, completionNote, app.Name)
	fmt.Fprintf(&b, "_%s() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n\tCOMPREPLY=()\n\t# --flag=value comes as three words.\n\tif [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n\tcase $prev in\n", app.Name)
	var files, others []string
	for _, flag := range app.Flags {
		d := docOf(flag)
		names := d.options()
		words.WriteString(" " + strings.Join(names, " "))
		switch {
		case d.metavar == "":
		case d.choices() != nil:
			fmt.Fprintf(&b, "\t%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", strings.Join(names, "|"), strings.Join(d.choices(), " "))
		case d.metavar == "FILE":
			files = append(files, names...)
		default:
			others = append(others, names...)
		}
	}
	if len(files) > 0 {
		fmt.Fprintf(&b, "\t%s) local IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", strings.Join(files, "|"))
	}
	if len(others) > 0 {
		fmt.Fprintf(&b, "\t%s) return ;;\n", strings.Join(others, "|"))
	}
	b.WriteString("\tesac\n\tif [[ $cur == -* ]]; then\n")
	fmt.Fprintf(&b, "\t\tCOMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n\telse\n", strings.TrimSpace(words.String()))
	if len(commands) > 0 {
		fmt.Fprintf(&b, "\t\tCOMPREPLY=($(compgen -W '%s' -- \"$cur\"))\n", strings.Join(commands, " "))
	} else {
		b.WriteString("\t\tlocal IFS=$'\\n'; COMPREPLY=($(compgen -f -- \"$cur\"))\n")
	}
	fmt.Fprintf(&b, "\tfi\n}\ncomplete -o filenames -F _%s %s\n", app.Name, app.Name)
	return b.String()
}

func zsh(app *cli.App, commands []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n", app.Name)
	fmt.Fprintf(&b, completionNote, app.Name)
	b.WriteString("_arguments -s \\\n")
	for _, flag := range app.Flags {
		d := docOf(flag)
		value := ""
		switch {
		case d.metavar == "":
		case d.choices() != nil:
			value = ":value:(" + strings.Join(d.choices(), " ") + ")"
		case d.metavar == "FILE":
			value = ":file:_files"
		default:
			value = ":" + strings.ToLower(strings.Map(letter, d.metavar)) + ":"
		}
		names := d.options()
		text := strings.NewReplacer(`'`, `'\''`, `[`, `\[`, `]`, `\]`, `:`, `\:`).Replace(d.text)
		repeated := ""
		if _, many := flag.(*cli.StringSliceFlag); many || d.names[0] == "verbose" {
			repeated = "*"
		}
		for _, name := range names {
			if value != "" && strings.HasPrefix(name, "--") {
				name += "=" // and the value may also stand behind a space
			}
			fmt.Fprintf(&b, "  '%s%s[%s]%s' \\\n", repeated, name, text, value)
		}
	}
	if len(commands) > 0 {
		fmt.Fprintf(&b, "  '1:table:(%s)'\n", strings.Join(commands, " "))
	} else {
		b.WriteString("  '*:file:_files'\n")
	}
	return b.String()
}

func letter(r rune) rune {
	if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

func fish(app *cli.App, commands []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, completionNote, app.Name)
	quoted := func(s string) string { return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'" }
	if len(commands) > 0 {
		fmt.Fprintf(&b, "complete -c %s -f -n '__fish_use_subcommand' -a %s\n", app.Name, quoted(strings.Join(commands, " ")))
	}
	for _, flag := range app.Flags {
		d := docOf(flag)
		fmt.Fprintf(&b, "complete -c %s", app.Name)
		for _, name := range d.names {
			if len(name) == 1 {
				b.WriteString(" -s " + name)
			} else {
				b.WriteString(" -l " + name)
			}
		}
		switch {
		case d.metavar == "":
		case d.choices() != nil:
			fmt.Fprintf(&b, " -x -a %s", quoted(strings.Join(d.choices(), " ")))
		case d.metavar == "FILE":
			b.WriteString(" -r -F")
		default:
			b.WriteString(" -x")
		}
		fmt.Fprintf(&b, " -d %s\n", quoted(d.text))
	}
	return b.String()
}
