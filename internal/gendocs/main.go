// Command gendocs writes the man pages and completion scripts of the tools beside
// their commands. All that they say comes from the definitions of the flags; the
// packages install them.
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
	for name, text := range files(entries()) {
		//nolint:gosec // they are for everybody
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "gendocs: error:", err)
			os.Exit(1)
		}
	}
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
func files(list []entry) map[string]string {
	var pages []string
	for _, e := range list {
		pages = append(pages, pageName(e.app))
	}
	texts := map[string]string{}
	for i, e := range list {
		command, _, isSub := strings.Cut(e.app.Name, " ")
		others := slices.Delete(slices.Clone(pages), i, i+1)
		texts[filepath.Join(command, pages[i]+".1")] = manPage(e.app, others)
		if isSub {
			continue
		}
		for name, text := range tool.Completions(e.app, e.commands) {
			texts[filepath.Join(command, name)] = text
		}
	}
	return texts
}
