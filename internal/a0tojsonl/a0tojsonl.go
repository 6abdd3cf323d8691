// Package a0tojsonl implements the command a0tojsonl. It reads tables of Auth0 users,
// roles, APIs and organizations as CSV and writes records as JSON Lines. It connects
// the parts and reports: csvrows reads CSV, and convert knows what a row means. It uses
// no network.
package a0tojsonl

import (
	"context"
	"io"
	"runtime"

	"github.com/urfave/cli/v2"

	"a0permit/internal/record"
	"a0permit/internal/tool"
)

const description = `It reads CSV, plain or gzip, from a0export or from Auth0 itself. A header with
user_id, role_id, organization_id or resource_server_id starts a new table; an input
may hold several. It writes one JSON object per line. The last line is always an
end line.

EXAMPLES
   a0export | a0tojsonl | permitload
   { a0export roles; a0export users; } | a0tojsonl -o records.jsonl
   a0tojsonl --rejects rejects.csv users.csv.gz | jq -c 'select(.type == "user")'`

// parallelism is how the work is divided. The output does not depend on it.
type parallelism struct {
	workers int
	chunk   int // bytes
}

// maxWorkers bounds the memory, since each worker takes a few MiB. More workers would
// only wait for unpacking or for the writer.
const maxWorkers = 4

// Run runs the command and returns its exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	p := parallelism{workers: min(runtime.GOMAXPROCS(0), maxWorkers), chunk: 128 << 10}
	return runParallel(ctx, args, in, out, errs, p)
}

func runParallel(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, p parallelism) int {
	t := tool.New("a0tojsonl", in, out, errs)
	app := App()
	app.Action = func(c *cli.Context) error {
		if c.Bool("schema") {
			return writeSchema(c.Context, t, c.String("output"))
		}
		conf, err := readConfig(c, t)
		if err != nil {
			return err
		}
		conf.parallelism = p
		return run(c.Context, t, conf)
	}
	return t.Run(ctx, app, args)
}

// App returns the command's flags and texts, for its help, man page and completions.
func App() *cli.App {
	return &cli.App{
		Name:        "a0tojsonl",
		Usage:       "turn tables of Auth0 users, roles and organizations into records for Permit",
		UsageText:   "a0tojsonl [flags] [FILE...]",
		Description: description,
		Flags:       flags(),
	}
}

func writeSchema(ctx context.Context, t *tool.Tool, path string) error {
	out, err := t.Create(ctx, path)
	if err != nil {
		return err
	}
	defer out.Abort()
	if _, err := out.Write(record.Schema); err != nil {
		return outputError(err)
	}
	return out.Commit()
}
