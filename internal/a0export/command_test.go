package a0export

import (
	"errors"
	"strings"
	"testing"

	"a0permit/internal/tool"
)

func TestUnknownTableError(t *testing.T) {
	t.Parallel()
	for arg, want := range map[string]string{
		"rolse":         "did you mean roles? ",
		"organisations": "did you mean organizations? ",
		"x":             "a0export takes users, roles, apis, organizations, connections, all or check; see --help",
		"users":         "a0export all exports all",
		"users.csv":     "-o users.csv writes to a file",
	} {
		err := unknownTableError(arg)
		usage, ok := errors.AsType[*tool.Error](err)
		if !ok || usage.Code != tool.BadUsage || len(usage.Hints) != 1 || !strings.HasPrefix(usage.Hints[0], want) {
			t.Errorf("%s: %v %+v, want the hint %q", arg, err, usage, want)
		}
	}
}
