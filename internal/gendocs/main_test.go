package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"a0permit/internal/a0export"
	"a0permit/internal/a0tojsonl"
	"a0permit/internal/permitload"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// The generated files in the repository match the flags.
func TestDrift(t *testing.T) {
	t.Parallel()
	for name, want := range mustFiles(t) {
		got, err := os.ReadFile(filepath.Join("../../cmd", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("cmd/%s is out of date: run go generate ./... (-want +got):\n%.1000s", name, diff)
		}
	}
}

// --completion prints the same script as the generated file.
func TestCompletionFlag(t *testing.T) {
	t.Parallel()
	type run = func(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int
	load := func(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
		return permitload.Run(ctx, args, in, out, errs, nil)
	}
	for command, run := range map[string]run{
		"a0export": a0export.Run, "a0export roles": a0export.Run, "a0tojsonl": a0tojsonl.Run,
		"permitload": load, "permitload remove": load,
	} {
		args := strings.Fields(command)
		for shell, name := range map[string]string{"bash": "%s.bash", "zsh": "_%s", "fish": "%s.fish"} {
			want, err := os.ReadFile(filepath.Join("../../cmd", args[0], fmt.Sprintf(name, args[0])))
			if err != nil {
				t.Fatal(err)
			}
			var out, errs strings.Builder
			code := run(t.Context(), append(args, "--completion", shell), strings.NewReader(""), &out, &errs)
			if code != tool.Done || errs.String() != "" {
				t.Errorf("%s --completion %s: exit %d: %s", command, shell, code, errs.String())
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("%s --completion %s (-want +got):\n%.500s", command, shell, diff)
			}
		}
	}
}

// Each flag in --help is in the man page and, unless the app is a sub-command, in all
// completion scripts.
func TestEachFlagIsEverywhere(t *testing.T) {
	t.Parallel()
	all := mustFiles(t)
	flag := regexp.MustCompile(`(?m)^   .*?--([a-z-]+)`)
	for _, e := range entries() {
		command, _, isSub := strings.Cut(e.app.Name, " ")
		texts := map[string]string{
			"man page": strings.ReplaceAll(all[filepath.Join(command, pageName(e.app)+".1")], `\-`, "-"),
		}
		if !isSub {
			texts["bash"] = all[filepath.Join(command, command+".bash")]
			texts["zsh"] = all[filepath.Join(command, "_"+command)]
			texts["fish"] = strings.ReplaceAll(all[filepath.Join(command, command+".fish")], " -l ", " --")
		}
		help, _, _ := strings.Cut(tool.Help(e.app), "\nEXAMPLES\n")
		flags := flag.FindAllStringSubmatch(help, -1)
		if !isSub && len(flags) < 15 {
			t.Errorf("%s --help has %d flags", command, len(flags))
		}
		for _, match := range flags {
			for name, text := range texts {
				if !regexp.MustCompile(`--` + match[1] + `($|[^a-z-])`).MatchString(text) {
					t.Errorf("%s: no --%s in %s", e.app.Name, match[1], name)
				}
			}
		}
	}
}

// A sub-command has its own man page, but no completion scripts.
func TestSubCommand(t *testing.T) {
	t.Parallel()
	all := mustFiles(t)
	page := strings.ReplaceAll(all[filepath.Join("permitload", "permitload-remove.1")], `\-`, "-")
	for _, want := range []string{
		".TH PERMITLOAD-REMOVE 1 ",
		`\fBa0export\fP(1), \fBa0tojsonl\fP(1), \fBpermitload\fP(1)`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	for name := range all {
		if strings.Contains(name, "remove") && !strings.HasSuffix(name, ".1") {
			t.Errorf("%s: a shell looks for completions by the name of a command", name)
		}
	}
}

// Each page has all sections, in the usual order.
func TestSections(t *testing.T) {
	t.Parallel()
	all := mustFiles(t)
	title := regexp.MustCompile(`(?m)^\.SH (.*)$`)
	for _, command := range []string{"a0export", "a0tojsonl", "permitload"} {
		var got []string
		for _, match := range title.FindAllStringSubmatch(all[filepath.Join(command, command+".1")], -1) {
			got = append(got, match[1])
		}
		if command == "a0export" {
			got = slices.DeleteFunc(got, func(s string) bool { return s == "SCOPES" })
		}
		want := []string{
			"NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "LIMITS",
			"DIAGNOSTICS", "SEE ALSO",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s.1 (-want +got):\n%s", command, diff)
		}
	}
}

// An app without a text in pages is an error, not an incomplete man page.
func TestPageThatIsMissing(t *testing.T) {
	t.Parallel()
	if _, err := files([]entry{{app: &cli.App{Name: "permitload weed"}}}); err == nil {
		t.Error("a page was made of nothing")
	}
}

// The man page of the record format names each field in the JSON Schema.
func TestRecordsPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../cmd/a0tojsonl/a0permit-records.5")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(text), `\-`, "-")
	var schema struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(record.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	for kind, def := range schema.Defs {
		for name := range def.Properties {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(page) {
				t.Errorf("the page does not name %s of a %s line", name, kind)
			}
		}
	}
}

func mustFiles(t *testing.T) map[string]string {
	t.Helper()
	all, err := files(entries())
	if err != nil {
		t.Fatal(err)
	}
	return all
}
