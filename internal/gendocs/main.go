// Command gendocs writes the man pages and completion scripts of the tools into the
// directories of their commands. Flags and exit codes come from their definitions in
// Go, the rest of a man page from the directory pages. Packages install these files.
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
		//nolint:gosec // everybody may read them
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "gendocs: error:", err)
	os.Exit(1)
}

// An entry is an app with its own man page. An app whose name has two words is a
// sub-command.
type entry struct {
	app      *cli.App
	commands []string // the sub-commands, for the completions
}

// entries returns the documented apps, in the order of a pipeline.
func entries() []entry {
	return []entry{
		{app: a0export.App(), commands: a0export.Commands},
		{app: a0tojsonl.App()},
		{app: permitload.App(), commands: permitload.Commands},
		{app: permitload.RemoveApp()},
		{app: permitload.CheckApp()},
	}
}

// files returns the text of each file by its path below cmd. A sub-command has only a
// man page, since shells look for completions by the name of the command.
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
