// Package a0export is the command a0export: it gets the users of an Auth0
// tenant by an export job, appends their roles and organizations, and writes
// gzip CSV. What a0tojsonl makes of the columns is not its business.
package a0export

import (
	"context"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

const description = `all is what permitload --roles replace needs: roles, organizations, and users
with --organizations, in one stream. check shows what the token can read; it
starts no export job.

The token is read from AUTH0_MGMT_ACCESS_TOKEN, AUTH0_API_TOKEN or
AUTH0_ACCESS_TOKEN. Or set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET of a
machine-to-machine application (and AUTH0_AUDIENCE with a custom domain). They
may be in .env. Scopes: read:users read:roles read:role_members; all and
--organizations also need read:organizations read:organization_members
read:organization_member_roles; connections needs read:connections.

EXAMPLES
   a0export check
   a0export | a0tojsonl | permitload
   a0export all | a0tojsonl | permitload --roles replace`

// Commands are the sub-commands; the first is the default.
var Commands = []string{"users", "roles", "organizations", "connections", "all", "check"}

const (
	signingIn = "SIGN-IN"
	usersOnly = "USERS AND ALL"
	pace      = "PACE"
)

func flags() []cli.Flag {
	return []cli.Flag{
		tool.OutputFlag(),
		&cli.StringFlag{
			Name: "domain", Category: signingIn, EnvVars: []string{"AUTH0_DOMAIN"},
			Usage: "the tenant's `DOMAIN`, such as acme.eu.auth0.com",
		},
		tool.TokenFileFlag(),
		&cli.BoolFlag{
			Name: "organizations", Category: usersOnly,
			Usage: "add the column organizations, with the roles held in each",
		},
		&cli.BoolFlag{Name: "no-roles", Category: usersOnly, Usage: "leave out the column roles"},
		&cli.StringSliceFlag{
			Name: "field", Category: usersOnly,
			Usage: "also export `NAME[=COLUMN]`, as user_metadata.country=country",
		},
		&cli.StringFlag{
			Name: "connection", Category: usersOnly,
			Usage: "only users of connection `ID` (a0export connections lists them)",
		},
		&cli.IntFlag{Name: "limit", Category: usersOnly, DefaultText: "all", Usage: "export at most `N` users"},
		&cli.StringFlag{
			Name: "source", Category: usersOnly, Value: "auto",
			Usage: "`auto|job|search` search is slower, for plans without export jobs",
		},
		&cli.StringFlag{
			Name: "job", Category: usersOnly,
			Usage: "use the export job `ID` (job_...) instead of starting one",
		},
		&cli.DurationFlag{
			Name: "poll-interval", Category: usersOnly, Value: 10 * time.Second,
			Usage: "ask for the job's status at least once every `TIME`",
		},
		&cli.Float64Flag{
			Name: "max-rps", Category: pace, DefaultText: "as Auth0 allows",
			Usage: "make at most `N` calls a second",
		},
	}
}

// Run runs the command and returns its exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	t := tool.New("a0export", in, out, errs)
	command, args := t.Command(args, flags(), Commands...)
	app := App()
	app.Action = func(c *cli.Context) error {
		e, err := newExporter(c, t, command)
		if err != nil {
			return err
		}
		t.SetReport(&e.report)
		if command == "check" {
			return e.withHint(e.check(c.Context))
		}
		return e.withHint(e.run(c.Context, c.String("output")))
	}
	return t.Run(ctx, app, args)
}

// App returns the command as its help, man page and completions describe it.
func App() *cli.App {
	return &cli.App{
		Name:  "a0export",
		Usage: "export an Auth0 tenant's users and their roles as gzip CSV",
		UsageText: "a0export [users] [flags] > users.csv.gz\n" +
			"   a0export all [flags] > tenant.csv.gz\n" +
			"   a0export roles | organizations | connections [flags] > table.csv.gz\n" +
			"   a0export check",
		Description: description,
		Flags:       flags(),
	}
}

type exporter struct {
	tool   *tool.Tool
	auth0  *auth0.Client
	domain string // of the tenant
	config config
	report report
	read   *tool.Progress // of role members and memberships
}

func newExporter(c *cli.Context, t *tool.Tool, command string) (*exporter, error) {
	config, err := readConfig(c, command)
	if err != nil {
		return nil, err
	}
	api, err := apiConfig(c, t)
	if err != nil {
		return nil, err
	}
	if c.String("output") == "" && config.hasUsers() && tool.IsTerminal(t.Out) {
		return nil, tool.Usage("refusing to write gzip to a terminal",
			"a0export > users.csv.gz, or -o users.csv.gz (-o - writes it here all the same)")
	}
	return &exporter{
		tool: t, config: config, auth0: auth0.New(api), domain: api.Base.Host,
		report: report{Command: command, withRoles: config.roles},
	}, nil
}

// run writes the export that is asked for to path.
func (e *exporter) run(ctx context.Context, path string) error {
	out, err := e.tool.Create(ctx, path)
	if err != nil {
		return err
	}
	defer out.Abort()
	switch table := e.table(ctx, e.config.command); {
	case e.config.hasUsers():
		err = e.exportUsers(ctx, out)
	case e.isForReading(path):
		err = e.writeTable(ctx, table, out, readableRow)
	default:
		err = e.pack(out, e.auth0.Began, func(w io.Writer) error { return e.writeTable(ctx, table, w, plainRow) })
	}
	if err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	e.report.Complete = true
	return nil
}
