// Package a0tojsonl is the command a0tojsonl: it reads tables of Auth0 users,
// roles and organizations as CSV and writes records as JSON Lines. It wires the
// parts together and reports; what a row means is in convert, how CSV is read in
// csvrows. It reaches for no network.
package a0tojsonl

import (
	"context"
	"io"

	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

const description = `INPUT
   CSV, plain or gzip: what a0export writes, and equally a file from Auth0's
   dashboard or export job. A header with user_id, role_id or organization_id
   begins a table; one input may hold several.

OUTPUT
   One JSON object a line: {"type":"role"...}, {"type":"tenant"...},
   {"type":"user"...}, and {"type":"end"...} last, whatever happens.

EXAMPLES
   a0export | a0tojsonl | permitload
   { a0export roles; a0export users; } | a0tojsonl -o records.jsonl
   a0tojsonl --rejects rejects.csv users.csv.gz | jq -c 'select(.type == "user")'`

// Run is the whole command; it returns the exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	t := tool.New("a0tojsonl", in, out, errs)
	app := &cli.App{
		Usage:       "turn tables of Auth0 users, roles and organizations into records for Permit",
		UsageText:   "a0tojsonl [flags] [FILE...]",
		Description: description,
		Flags: []cli.Flag{
			tool.OutputFlag(),
			&cli.StringFlag{Name: "role-map", Usage: "take role keys from `FILE`, a CSV of auth0_role,permit_role (a name or a rol_ id, and the key)"},
			&cli.StringFlag{Name: "rejects", Usage: "write rejected rows to `FILE` as CSV, with a reject_reason: mend them and feed them again"},
			&cli.BoolFlag{Name: "strict", Usage: "stop at the first row that is rejected"},
		},
		Action: func(c *cli.Context) error {
			conf, err := settings(c, t)
			if err != nil {
				return err
			}
			return run(c.Context, t, conf)
		},
	}
	return t.Run(ctx, app, args)
}

type config struct {
	files           []string
	output, rejects string
	roleMap         string
	strict          bool
}

func settings(c *cli.Context, t *tool.Tool) (config, error) {
	conf := config{
		output:  c.String("output"),
		rejects: c.String("rejects"),
		roleMap: c.String("role-map"),
		strict:  c.Bool("strict"),
	}
	files, err := tool.Files(c)
	if err != nil {
		return conf, err
	}
	switch {
	case conf.rejects == "-":
		return conf, tool.Usage("--rejects: stdout is for records", "name a file")
	case conf.rejects != "" && conf.rejects == conf.output:
		return conf, tool.Usage("--rejects and --output name the same file")
	case conf.roleMap == "-":
		return conf, tool.Usage("--role-map: stdin is for tables", "name a file")
	}
	conf.files, err = t.Inputs(files)
	return conf, err
}
