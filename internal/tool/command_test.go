package tool_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	flags := []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}},
		&cli.BoolFlag{Name: "all", Aliases: []string{"a"}},
		&cli.StringSliceFlag{Name: "field"},
	}
	tests := []struct{ args, command, rest string }{
		{"", "users", ""},
		{"users", "users", ""},
		{"roles", "roles", ""},
		{"roles roles", "roles", "roles"},
		{"--all roles -q", "roles", "--all -q"},
		{"-v roles -o x", "roles", "-v -o x"},
		{"-o roles", "users", "-o roles"},
		{"-o roles roles", "roles", "-o roles"},
		{"--output roles users", "users", "--output roles"},
		{"--output=x roles", "roles", "--output=x"},
		{"-o=x roles", "roles", "-o=x"},
		{"-qa roles", "roles", "-qa"},
		{"-qao roles users", "users", "-qao roles"},
		{"--field a --field roles roles", "roles", "--field a --field roles"},
		{"--summary roles", "users", "--summary roles"},
		{"--bogus roles", "roles", "--bogus"},
		{"people roles", "users", "people roles"},
		{"-- roles", "users", "-- roles"},
		{"- roles", "users", "- roles"},
	}
	for _, tt := range tests {
		args := append([]string{"x"}, strings.Fields(tt.args)...)
		before := slices.Clone(args)
		command, rest := tool.New("x", nil, nil, nil).Command(args, flags, "users", "roles")
		if got := strings.Join(rest[1:], " "); command != tt.command || got != tt.rest {
			t.Errorf("%q: %s with %q, want %s with %q", tt.args, command, got, tt.command, tt.rest)
		}
		if !slices.Equal(before, args) {
			t.Errorf("%q has become %q", before, args)
		}
	}
}
