// Command gendocs writes the man pages and completion scripts of the tools beside
// their commands. What they say of flags and exit codes comes from the definitions,
// the rest of a man page from pages. The packages install them.
//
//	go generate ./...
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"a0permit/internal/a0export"
	"a0permit/internal/a0tojsonl"
	"a0permit/internal/permitload"
	"a0permit/internal/tool"
)

//go:generate go run . ../../cmd

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs DIRECTORY")
		os.Exit(2)
	}
	texts, err := files(entries())
	if err != nil {
		fail(err)
	}
	for name, text := range texts {
		//nolint:gosec // they are for everybody
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gendocs: error:", err)
	os.Exit(1)
}

// An entry is an app with a man page of its own. One whose name has two words is
// a sub-command.
type entry struct {
	app      *cli.App
	commands []string // the sub-commands, for the completions
}

// entries returns what is documented, in the order of a pipe.
func entries() []entry {
	return []entry{
		{app: a0export.App(), commands: a0export.Commands},
		{app: a0tojsonl.App()},
		{app: permitload.App(), commands: permitload.Commands},
		{app: permitload.RemoveApp()},
		{app: permitload.CheckApp()},
	}
}

// files returns the text of each file by its path below cmd. A sub-command has only
// a man page: a shell looks for completions by the name of a command.
func files(list []entry) (map[string]string, error) {
	var names []string
	for _, e := range list {
		names = append(names, pageName(e.app))
	}
	texts := map[string]string{}
	for i, e := range list {
		command, _, isSub := strings.Cut(e.app.Name, " ")
		page, err := manPage(e.app, slices.Delete(slices.Clone(names), i, i+1))
		if err != nil {
			return nil, err
		}
		texts[filepath.Join(command, names[i]+".1")] = page
		if isSub {
			continue
		}
		for name, text := range tool.Completions(e.app, e.commands) {
			texts[filepath.Join(command, name)] = text
		}
	}
	return texts, nil
}
