package a0export

import (
	"fmt"
	"slices"
	"strings"

	"a0permit/internal/tool"
)

// unknownTableError returns the error for an argument that is not a sub-command.
func unknownTableError(arg string) error {
	last := len(Commands) - 1
	hint := "a0export takes " + strings.Join(Commands[:last], ", ") + " or " + Commands[last] + "; see --help"
	switch near := tool.Nearest(arg, Commands); {
	case slices.Contains(Commands, arg):
		hint = "a0export all exports all that permitload can use; or one at a time: { a0export roles; a0export users; }"
	case strings.Contains(arg, "."):
		hint = "-o " + arg + " writes to a file of that name"
	case near != "":
		hint = "did you mean " + near + "? " + hint
	}
	return tool.Usage(fmt.Sprintf("unknown command %q", arg), hint)
}
