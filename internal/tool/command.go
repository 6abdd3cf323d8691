package tool

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// Command takes the name of a sub-command out of args, wherever it stands among the
// flags, and returns it with the rest. The first of names is the default. It leaves any
// other argument, which the tool then refuses.
func (t *Tool) Command(args []string, flags []cli.Flag, names ...string) (string, []string) {
	t.commands = names
	flags = append(commonFlags(flags), flags...)
	for i := 1; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return names[0], args
		case len(arg) > 1 && arg[0] == '-':
			if !strings.Contains(arg, "=") && takesValue(flags, strings.TrimLeft(arg, "-")) {
				i++
			}
		case slices.Contains(names, arg):
			return arg, slices.Delete(slices.Clone(args), i, i+1)
		default:
			return names[0], args
		}
	}
	return names[0], args
}

// takesValue reports whether the argument after a flag is its value. If short flags are
// written together, only the last can have one.
func takesValue(flags []cli.Flag, name string) bool {
	for _, name := range []string{name, name[max(0, len(name)-1):]} {
		for _, flag := range flags {
			if slices.Contains(flag.Names(), name) {
				_, isBool := flag.(*cli.BoolFlag)
				return !isBool
			}
		}
	}
	return false
}
