package tool

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// usageError returns the error for a command line that the library does not understand,
// with what was most likely meant. commands are the tool's sub-commands.
func usageError(app *cli.App, args, commands []string, err error) error {
	seeHelp := "see " + app.Name + " --help"
	_, name, ok := strings.Cut(err.Error(), "flag provided but not defined: -")
	if !ok {
		if problem, hint := wrongValue(app, err.Error()); problem != "" {
			return Usage(problem, hint)
		}
		return Usage(rephrase(err.Error()), cmp.Or(flagExample(app, err), seeHelp))
	}
	name = strings.TrimLeft(name, "-")
	typed := "-" + name
	for _, arg := range args { // the library has removed a dash
		if flag, _, _ := strings.Cut(arg, "="); flag == "--"+name {
			typed = flag
		}
	}
	var names []string
	for _, f := range app.Flags {
		names = append(names, f.Names()[0])
	}
	problem := "there is no flag " + typed
	if secretFlag.MatchString(name) && takesToken(app.Flags) {
		hint := "set it in the environment or in .env, or use --token-file FILE; " + seeHelp
		return Usage(problem+": secrets are not passed as flags", hint)
	}
	if slices.Contains(commands, name) {
		command, _, _ := strings.Cut(app.Name, " ")
		return Usage(problem, name+" is a command: "+command+" "+name+"; see "+command+" "+name+" --help")
	}
	if near := Nearest(name, names); near != "" && len(name) > 1 {
		return Usage(problem, "did you mean --"+near+"? "+seeHelp)
	}
	return Usage(problem, seeHelp)
}

// secretFlag matches names of flags for secrets in other tools.
var secretFlag = regexp.MustCompile(`(?i)^(api[-_]?)?(key|token|secret|password)$|^client[-_]secret$`)

// flagExample returns an example of the flag that an error is about, or "".
func flagExample(app *cli.App, err error) string {
	for _, flag := range app.Flags {
		d := docOf(flag)
		if !strings.Contains(err.Error()+":", "-"+d.names[0]+":") {
			continue
		}
		return example(d)
	}
	return ""
}

// example returns how a flag is typed.
func example(d FlagDoc) string {
	switch {
	case d.metavar == "":
		return "--" + d.names[0]
	case d.defaultValue != "" && !strings.Contains(d.defaultValue, " "):
		return "--" + d.names[0] + " " + d.defaultValue
	}
	return "--" + d.names[0] + " " + d.metavar
}

// These match the library's errors about values of flags.
var (
	badValue = regexp.MustCompile(`^invalid value (".*") for flag -([\w-]+): .*$`)
	badBool  = regexp.MustCompile(`^invalid boolean value (".*") for -([\w-]+): .*$`)
	noValue  = regexp.MustCompile(`^flag needs an argument: -([\w-]+)$`)
)

// wrongValue returns what is wrong with the value of a flag, and what to type instead.
// Both are "" for any other error.
func wrongValue(app *cli.App, text string) (problem, hint string) {
	match := badValue.FindStringSubmatch(text)
	if match == nil {
		return "", ""
	}
	value, name := match[1], match[2]
	i := slices.IndexFunc(app.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		return "", ""
	}
	d := docOf(app.Flags[i])
	if !strings.ContainsAny(d.defaultValue, "0123456789") { // nor is a word for the default a number
		d.defaultValue = ""
	}
	hint = example(d)
	problem = "--" + name + ": " + value + " is not "
	unquoted := strings.Trim(value, `"`)
	isNumber := strings.Trim(unquoted, "0123456789") == "" && unquoted != ""
	switch app.Flags[i].(type) {
	case *cli.DurationFlag:
		if isNumber {
			return "--" + name + ": " + value + " has no unit", "--" + name + " " + unquoted + "s"
		}
		return problem + "a duration", hint
	case *cli.IntFlag:
		if isNumber {
			return "--" + name + ": " + value + " is too large", hint
		}
		return problem + "a whole number", hint
	}
	return problem + "a number", hint
}

// rephrase returns the text of a library's error in our words.
func rephrase(text string) string {
	text = badBool.ReplaceAllString(text, "--$2 takes no value, but was given $1")
	return noValue.ReplaceAllString(text, "--$1 needs a value")
}

// Nearest returns the name that was most likely meant, or "".
func Nearest(word string, names []string) string {
	const alike = 0.8
	best, near := alike, ""
	for _, name := range names {
		if s := smetrics.JaroWinkler(word, name, 0.7, 4); s >= best {
			best, near = s, name
		}
	}
	return near
}

// helpAlone returns args or, if --help is among them, the command with --help alone. The
// library would take an argument for a topic.
func helpAlone(args []string) []string {
	for i, arg := range args {
		switch {
		case i > 0 && (arg == "--help" || arg == "-h"):
			return []string{args[0], arg}
		case arg == "--":
			return args
		}
	}
	return args
}
