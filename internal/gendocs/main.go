// Command gendocs writes the man pages and completion scripts of the three tools
// beside their commands. All that they say comes from the definitions of the
// flags; the packages install them.
//
//	go generate ./...
package main

import (
	"fmt"
	"os"
	"path/filepath"

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
	for name, text := range files() {
		if err := os.WriteFile(filepath.Join(os.Args[1], name), []byte(text), 0o644); err != nil { //nolint:gosec // they are for everybody
			fmt.Fprintln(os.Stderr, "gendocs: error:", err)
			os.Exit(1)
		}
	}
}

// files are the texts by their paths below cmd.
func files() map[string]string {
	all := map[string]string{}
	for _, t := range []struct {
		app      func() *cli.App
		commands []string
	}{{a0export.App, a0export.Commands}, {a0tojsonl.App, nil}, {permitload.App, nil}} {
		app := t.app()
		all[filepath.Join(app.Name, app.Name+".1")] = tool.Man(app)
		for name, text := range tool.Completions(app, t.commands) {
			all[filepath.Join(app.Name, name)] = text
		}
	}
	return all
}
