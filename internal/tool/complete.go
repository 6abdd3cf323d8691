package tool

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// Completions returns the app's completion scripts by file name, as shells look for them.
// commands are the app's sub-commands; an app with sub-commands also takes files if it
// has an ArgsUsage.
func Completions(app *cli.App, commands []string) map[string]string {
	addCommonFlags(app)
	scripts := map[string]string{}
	for _, s := range shells {
		scripts[fmt.Sprintf(s.file, app.Name)] = s.script(app, commands)
	}
	return scripts
}

// shells maps each supported shell to the name of its script and the function that makes
// it.
var shells = map[string]struct {
	file   string
	script func(app *cli.App, commands []string) string
}{
	"bash": {"%s.bash", bashScript},
	"zsh":  {"_%s", zshScript},
	"fish": {"%s.fish", fishScript},
}

// printCompletion prints the script of the shell that --completion names.
func (t *Tool) printCompletion(c *cli.Context) error {
	if err := checkChoices(c); err != nil {
		return err
	}
	app := c.App
	if t.Whole != nil {
		app = t.Whole()
	}
	addCommonFlags(app)
	_, err := io.WriteString(t.Out, shells[c.String("completion")].script(app, t.commands))
	return err
}

// takesFiles reports whether an app with sub-commands takes files as well.
func takesFiles(app *cli.App) bool { return app.ArgsUsage != "" }

const completionNote = "# Made by go generate from the flags of %s.\n"

const bashStart = `_%s() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	COMPREPLY=()
	# --flag=value comes as three words.
	if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
	case $prev in
`

func bashScript(app *cli.App, commands []string) string {
	const (
		words = `COMPREPLY=($(compgen -W '%s' -- "$cur"))`
		files = `local IFS=$'\n'; COMPREPLY=($(compgen -f -- "$cur"))`
	)
	var b strings.Builder
	fmt.Fprintf(&b, completionNote+bashStart, app.Name, app.Name)
	var all, ofFiles, ofOthers []string
	for _, flag := range app.Flags {
		d := docOf(flag)
		names := d.options()
		all = append(all, names...)
		switch {
		case d.metavar == "":
		case d.choices() != nil:
			fmt.Fprintf(&b, "\t%s) "+words+"; return ;;\n", strings.Join(names, "|"), strings.Join(d.choices(), " "))
		case d.metavar == "FILE":
			ofFiles = append(ofFiles, names...)
		default:
			ofOthers = append(ofOthers, names...)
		}
	}
	if len(ofFiles) > 0 {
		fmt.Fprintf(&b, "\t%s) "+files+"; return ;;\n", strings.Join(ofFiles, "|"))
	}
	if len(ofOthers) > 0 {
		fmt.Fprintf(&b, "\t%s) return ;;\n", strings.Join(ofOthers, "|"))
	}
	b.WriteString("\tesac\n\tif [[ $cur == -* ]]; then\n")
	fmt.Fprintf(&b, "\t\t"+words+"\n\telse\n", strings.Join(all, " "))
	switch {
	case len(commands) == 0:
		b.WriteString("\t\t" + files + "\n")
	case takesFiles(app):
		const both = `local IFS=$'\n'; COMPREPLY=($(compgen -W $'%s' -- "$cur"; compgen -f -- "$cur"))`
		fmt.Fprintf(&b, "\t\t"+both+"\n", strings.Join(commands, `\n`))
	default:
		fmt.Fprintf(&b, "\t\t"+words+"\n", strings.Join(commands, " "))
	}
	fmt.Fprintf(&b, "\tfi\n}\ncomplete -o filenames -F _%s %s\n", app.Name, app.Name)
	return b.String()
}

var zshEscapes = strings.NewReplacer(`'`, `'\''`, `[`, `\[`, `]`, `\]`, `:`, `\:`)

func zshScript(app *cli.App, commands []string) string {
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
			value = ":value:(" + zshEscapes.Replace(strings.Join(d.choices(), " ")) + ")"
		case d.metavar == "FILE":
			value = ":file:_files"
		default:
			value = ":" + strings.ToLower(strings.Map(letterOrNone, d.metavar)) + ":"
		}
		repeatable := ""
		if _, many := flag.(*cli.StringSliceFlag); many || d.names[0] == "verbose" {
			repeatable = "*"
		}
		for _, name := range d.options() {
			if value != "" && strings.HasPrefix(name, "--") {
				name += "=" // the value may also follow a space
			}
			fmt.Fprintf(&b, "  '%s%s[%s]%s' \\\n", repeatable, name, zshEscapes.Replace(d.text), value)
		}
	}
	switch {
	case len(commands) == 0:
		b.WriteString("  '*:file:_files'\n")
	case takesFiles(app):
		const both = `  '1: :{_alternative "commands:command:(%s)" "files:file:_files"}' '*:file:_files'`
		fmt.Fprintf(&b, both+"\n", strings.Join(commands, " "))
	default:
		fmt.Fprintf(&b, "  '1:table:(%s)'\n", strings.Join(commands, " "))
	}
	return b.String()
}

// letterOrNone drops everything that is not a letter. It is for strings.Map.
func letterOrNone(r rune) rune {
	if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

var fishEscapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

func fishScript(app *cli.App, commands []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, completionNote, app.Name)
	quote := func(s string) string { return "'" + fishEscapes.Replace(s) + "'" }
	if len(commands) > 0 {
		noFiles := " -f"
		if takesFiles(app) {
			noFiles = ""
		}
		list := quote(strings.Join(commands, " "))
		fmt.Fprintf(&b, "complete -c %s%s -n '__fish_use_subcommand' -a %s\n", app.Name, noFiles, list)
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
			fmt.Fprintf(&b, " -x -a %s", quote(strings.Join(d.choices(), " ")))
		case d.metavar == "FILE":
			b.WriteString(" -r -F")
		default:
			b.WriteString(" -x")
		}
		fmt.Fprintf(&b, " -d %s\n", quote(d.text))
	}
	return b.String()
}
