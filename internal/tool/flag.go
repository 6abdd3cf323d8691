package tool

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// A FlagDoc describes a flag for help, man pages and completions. Everything in it comes
// from the definition of the flag.
type FlagDoc struct {
	names        []string // the long one first
	metavar      string   // of its value, "" when it takes none
	text         string
	defaultValue string
	env          []string
	category     string
}

func docOf(flag cli.Flag) FlagDoc {
	f, ok := flag.(cli.DocGenerationFlag)
	if !ok {
		panic("a flag that cannot be documented: " + flag.Names()[0])
	}
	d := FlagDoc{names: flag.Names(), text: f.GetUsage(), env: f.GetEnvVars()}
	if c, ok := flag.(cli.CategorizableFlag); ok {
		d.category = c.GetCategory()
	}
	if !f.TakesValue() {
		return d
	}
	d.metavar = "VALUE"
	if _, rest, ok := strings.Cut(d.text, "`"); ok {
		d.metavar, _, _ = strings.Cut(rest, "`")
		d.text = strings.ReplaceAll(d.text, "`", "")
	}
	if _, many := flag.(*cli.StringSliceFlag); !many {
		d.defaultValue = f.GetValue()
	}
	if t := defaultText(flag); t != "" {
		d.defaultValue = t
	}
	if d.choices() != nil { // it is shown beside the flag, so not in the text
		d.text = strings.TrimSpace(strings.TrimPrefix(d.text, d.metavar))
	}
	return d
}

// defaultText returns a definition's own words for the default value.
func defaultText(flag cli.Flag) string {
	switch f := flag.(type) {
	case *cli.StringFlag:
		return f.DefaultText
	case *cli.IntFlag:
		return f.DefaultText
	case *cli.Float64Flag:
		return f.DefaultText
	case *cli.DurationFlag:
		if f.Value != 0 {
			return shortDuration(f.Value)
		}
	}
	return ""
}

// shortDuration returns a duration as people write it: 2h instead of 2h0m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var choiceShape = regexp.MustCompile(`^[a-z:]+(\|[a-z:]+)+$`)

// choices returns the values that a flag accepts, or nil if it accepts any.
func (d FlagDoc) choices() []string {
	if !choiceShape.MatchString(d.metavar) {
		return nil
	}
	return strings.Split(d.metavar, "|")
}

// options returns the names as they are typed, the long one first.
func (d FlagDoc) options() []string {
	var names []string
	for _, name := range d.names {
		if len(name) == 1 {
			names = append(names, "-"+name)
		} else {
			names = append(names, "--"+name)
		}
	}
	return names
}

// Synopsis returns the flag as it is typed, the short name first and with its value: "-o,
// --output FILE".
func (d FlagDoc) Synopsis() string {
	names := d.options()
	slices.Reverse(names)
	return strings.TrimSuffix(strings.Join(names, ", ")+" "+d.metavar, " ")
}

// Description returns what the flag is for, its default and its environment
// variables.
func (d FlagDoc) Description() string {
	var b strings.Builder
	b.WriteString(d.text)
	if d.defaultValue != "" {
		b.WriteString(" (default: " + d.defaultValue + ")")
	}
	for _, name := range d.env {
		b.WriteString(" [$" + name + "]")
	}
	return b.String()
}

// A FlagGroup is the flags of one category.
type FlagGroup struct {
	Title string
	Flags []FlagDoc
}

// FlagGroups returns the flags of an app and those of all tools, by category and in the
// order of their definition.
func FlagGroups(app *cli.App) []FlagGroup {
	addCommonFlags(app)
	var groups []FlagGroup
	for _, flag := range app.Flags {
		d := docOf(flag)
		i := slices.IndexFunc(groups, func(g FlagGroup) bool { return g.Title == d.category })
		if i < 0 {
			i = len(groups)
			groups = append(groups, FlagGroup{Title: d.category})
		}
		groups[i].Flags = append(groups[i].Flags, d)
	}
	return groups
}

// checkChoices refuses a value that is not one of its flag's choices.
func checkChoices(c *cli.Context) error {
	for _, flag := range c.App.Flags {
		d := docOf(flag)
		name, choices := d.names[0], d.choices()
		if choices == nil || !c.IsSet(name) {
			continue
		}
		if value := c.String(name); !slices.Contains(choices, value) {
			problem := fmt.Sprintf("--%s: %q is not one of %s", name, value, strings.Join(choices, ", "))
			return Usage(problem, "--"+name+" "+cmp.Or(Nearest(value, choices), choices[0]))
		}
	}
	return nil
}

// addCommonFlags adds the flags of all tools, once.
func addCommonFlags(app *cli.App) {
	if len(app.Flags) > 0 && app.Flags[len(app.Flags)-1].Names()[0] == "help" {
		return
	}
	app.Flags = append(app.Flags, commonFlags(app.Flags)...)
}

// takesToken reports whether flags belong to a tool that calls a service.
func takesToken(flags []cli.Flag) bool {
	name := TokenFileFlag().Names()[0]
	return slices.ContainsFunc(flags, func(f cli.Flag) bool { return f.Names()[0] == name })
}

const messages = "MESSAGES"

// commonFlags returns the flags of all tools, for a tool that has these flags of its own.
func commonFlags(own []cli.Flag) []cli.Flag {
	more := "print more: -v waits and retries, -vv every call"
	if !takesToken(own) {
		more = "no effect: this tool calls no service"
	}
	return []cli.Flag{
		&cli.StringFlag{
			Name: "progress", Category: messages, Value: "auto",
			Usage: "`auto|always|never` show progress as a bar, or else as lines",
		},
		&cli.StringFlag{
			Name: "summary", Category: messages,
			Usage: "write the summary to `FILE` as JSON, also when the run fails",
		},
		&cli.StringFlag{
			Name: "log-format", Category: messages, Value: "text",
			Usage: "`text|json` format of the messages on stderr",
		},
		&cli.BoolFlag{
			Name: "quiet", Category: messages, Aliases: []string{"q"},
			Usage: "print only errors and the summary",
		},
		&cli.BoolFlag{
			Name: "verbose", Category: messages, Aliases: []string{"v"}, Count: new(int),
			Usage: more,
		},
		&cli.StringFlag{
			Name: "completion", Category: messages,
			Usage: "`bash|zsh|fish` print the completion script for a shell",
		},
		&cli.BoolFlag{Name: "version", Category: messages, Usage: "print the version"},
		&cli.BoolFlag{Name: "help", Category: messages, Aliases: []string{"h"}, Usage: "show this help"},
	}
}
