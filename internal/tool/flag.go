package tool

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// A FlagDoc is what help, man pages and completions say of a flag. All of it
// comes from the flag's definition.
type FlagDoc struct {
	names    []string // the long one first
	metavar  string   // of its value, "" when it takes none
	text     string
	standard string // the default
	env      []string
	category string
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
		d.standard = f.GetValue()
	}
	if t := defaultText(flag); t != "" {
		d.standard = t
	}
	if d.choices() != nil { // they stand beside the flag, so the text need not have them
		d.text = strings.TrimSpace(strings.TrimPrefix(d.text, d.metavar))
	}
	return d
}

// defaultText is the words that a definition has for its default.
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
			return short(f.Value.String())
		}
	}
	return ""
}

// short prints a duration as people write it: 2h and not 2h0m0s.
func short(d string) string {
	if strings.HasSuffix(d, "m0s") {
		d = strings.TrimSuffix(d, "0s")
	}
	if strings.HasSuffix(d, "h0m") {
		d = strings.TrimSuffix(d, "0m")
	}
	return d
}

var choiceShape = regexp.MustCompile(`^[a-z]+(\|[a-z]+)+$`)

// choices are the values that a flag takes, nil for any.
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

// Synopsis returns the flag as it is typed, with its value and the short name
// first: "-o, --output FILE".
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
	if d.standard != "" {
		b.WriteString(" (default: " + d.standard + ")")
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

// FlagGroups returns an app's flags by category, in the order of their
// definition, with the flags that all tools have.
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

// chosen refuses a value that is none of a flag's choices.
func chosen(c *cli.Context) error {
	for _, flag := range c.App.Flags {
		d := docOf(flag)
		choices := d.choices()
		if choices == nil || !c.IsSet(d.names[0]) {
			continue
		}
		if value := c.String(d.names[0]); !slices.Contains(choices, value) {
			return Usage(fmt.Sprintf("--%s: %q is not one of %s", d.names[0], value, strings.Join(choices, ", ")), "--"+d.names[0]+" "+cmp.Or(Nearest(value, choices), choices[0]))
		}
	}
	return nil
}
