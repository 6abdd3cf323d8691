// Package a0export implements the command a0export. It gets the users of an Auth0
// tenant from an export job, appends their roles and organizations, and writes gzip
// CSV.
package a0export

import (
	"context"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/auth0"
	"a0permit/internal/tool"
)

const description = `all is what permitload --roles replace needs, in one stream: roles with their
permissions, APIs, organizations and users. check shows what the token can read.

The token is in AUTH0_MGMT_ACCESS_TOKEN, AUTH0_API_TOKEN or AUTH0_ACCESS_TOKEN,
or AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET are those of a machine-to-machine
application (AUTH0_AUDIENCE with a custom domain), also in .env. Scopes:
read:users read:roles read:role_members, for roles held through groups
read:groups read:group_roles read:group_members, for all read:resource_servers
read:organizations read:organization_members read:organization_member_roles.

EXAMPLES
   a0export | a0tojsonl | permitload
   a0export all | a0tojsonl | permitload --roles replace`

// Commands lists the sub-commands. The first is the default.
var Commands = []string{"users", "roles", "apis", "organizations", "connections", "all", "check"}

// The categories of flags in --help.
const (
	signInCategory = "SIGN-IN"
	tablesCategory = "TABLES"
	paceCategory   = "PACE"
)

func flags() []cli.Flag {
	return []cli.Flag{
		tool.OutputFlag(),
		&cli.StringFlag{
			Name: "domain", Category: signInCategory, EnvVars: []string{"AUTH0_DOMAIN"},
			Usage: "the tenant's `DOMAIN`, such as acme.eu.auth0.com",
		},
		tool.TokenFileFlag(),
		&cli.BoolFlag{
			Name: "organizations", Category: tablesCategory,
			Usage: "add the column organizations, with the roles held in each",
		},
		&cli.BoolFlag{Name: "no-roles", Category: tablesCategory, Usage: "leave out the column roles"},
		&cli.BoolFlag{
			Name: "no-groups", Category: tablesCategory,
			Usage: "leave out the roles that users hold through groups",
		},
		&cli.StringSliceFlag{
			Name: "field", Category: tablesCategory,
			Usage: "also export `NAME[=COLUMN]`, as user_metadata.country=country",
		},
		&cli.StringFlag{
			Name: "connection", Category: tablesCategory,
			Usage: "only users of connection `ID` (a0export connections lists them)",
		},
		&cli.IntFlag{Name: "limit", Category: tablesCategory, DefaultText: "all", Usage: "export at most `N` users"},
		&cli.StringFlag{
			Name: "source", Category: tablesCategory, Value: "auto",
			Usage: "`auto|job|search` search is slower, for plans without export jobs",
		},
		&cli.StringFlag{
			Name: "job", Category: tablesCategory,
			Usage: "use the export job `ID` (job_...) instead of starting one",
		},
		&cli.DurationFlag{
			Name: "poll-interval", Category: tablesCategory, Value: 10 * time.Second,
			Usage: "ask for the job's status at least once every `TIME`",
		},
		&cli.BoolFlag{
			Name: "permissions", Category: tablesCategory,
			Usage: "add the column permissions to roles",
		},
		&cli.Float64Flag{
			Name: "max-rps", Category: paceCategory, DefaultText: "as Auth0 allows",
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

// App returns the command's flags and texts, for its help, man page and completions.
func App() *cli.App {
	return &cli.App{
		Name:  "a0export",
		Usage: "export an Auth0 tenant's users and their roles as gzip CSV",
		UsageText: "a0export [users] [flags] > users.csv.gz\n" +
			"   a0export all [flags] > tenant.csv.gz\n" +
			"   a0export roles | apis | organizations | connections [flags] > table.csv.gz\n" +
			"   a0export check",
		Description: description,
		Flags:       flags(),
	}
}

type exporter struct {
	tool   *tool.Tool
	auth0  *auth0.Client
	domain string // the tenant's
	config config
	report report
	read   *tool.Progress // counts role members and memberships

	unreadGroups unreadGroups
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
			"a0export > users.csv.gz, or -o users.csv.gz (-o - writes it here anyway)")
	}
	return &exporter{
		tool: t, config: config, auth0: auth0.New(api), domain: api.Base.Host,
		report: report{Command: command, withRoles: config.roles},
	}, nil
}

// run writes the export to path, "" for stdout.
func (e *exporter) run(ctx context.Context, path string) error {
	out, err := e.tool.Create(ctx, path)
	if err != nil {
		return err
	}
	defer out.Abort()
	if e.config.hasUsers() {
		err = e.exportUsers(ctx, out)
	} else {
		err = e.exportTable(ctx, out, e.isForTerminal(path))
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

// exportTable writes one of the small tables, as plain text if it is for a terminal.
func (e *exporter) exportTable(ctx context.Context, out io.Writer, forTerminal bool) error {
	table, err := e.table(ctx, e.config.command)
	switch {
	case err != nil:
		return err
	case forTerminal:
		return e.writeTable(ctx, table, out, readableRow)
	}
	return e.pack(out, e.auth0.StartTime, func(w io.Writer) error { return e.writeTable(ctx, table, w, plainRow) })
}
