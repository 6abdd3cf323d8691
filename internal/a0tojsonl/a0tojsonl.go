// Package a0tojsonl is the command a0tojsonl: it reads tables of Auth0 users, roles
// and organizations as CSV and writes records as JSON Lines. It connects the parts
// and reports. What a row means is in convert, how CSV is read in csvrows. It uses
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

// pace is how the work is divided. The output does not depend on it.
type pace struct {
	workers int
	chunk   int // bytes
}

// mostWorkers bounds the memory, since each worker takes some MiB. More workers
// would only wait for unpacking or for the writer.
const mostWorkers = 4

// Run runs the command and returns its exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	p := pace{workers: min(runtime.GOMAXPROCS(0), mostWorkers), chunk: 128 << 10}
	return runPaced(ctx, args, in, out, errs, p)
}

func runPaced(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, p pace) int {
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
		conf.pace = p
		return run(c.Context, t, conf)
	}
	return t.Run(ctx, app, args)
}

// App returns the command for its help, man page and completions.
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
