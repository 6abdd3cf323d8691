// Package a0export is the command a0export: it gets the users of an Auth0
// tenant by an export job, appends their roles and organizations, and writes
// gzip CSV. What a0tojsonl makes of the columns is not its business.
package a0export

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

const description = `The token is read from AUTH0_MGMT_ACCESS_TOKEN, AUTH0_API_TOKEN or
AUTH0_ACCESS_TOKEN, or got with AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET of a
machine-to-machine application (AUTH0_AUDIENCE for custom domains), also in
.env. Scopes: read:users read:roles read:role_members; with organizations also
read:organizations read:organization_members read:organization_member_roles;
for connections read:connections.

EXAMPLES
   a0export | a0tojsonl | permitload
   { a0export roles; a0export --organizations; } | a0tojsonl | permitload`

// Commands are the sub-commands; the first is the default.
var Commands = []string{"users", "roles", "organizations", "connections"}

const (
	signingIn = "SIGN-IN"
	usersOnly = "USERS"
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
			Usage: "append the organizations of each user, and the roles held there",
		},
		&cli.BoolFlag{Name: "no-roles", Category: usersOnly, Usage: "leave the column roles out"},
		&cli.StringSliceFlag{
			Name: "field", Category: usersOnly,
			Usage: "export `NAME[=COLUMN]` too: user_metadata.country=country",
		},
		&cli.StringFlag{
			Name: "connection", Category: usersOnly,
			Usage: "users of connection `ID` only (see a0export connections)",
		},
		&cli.IntFlag{Name: "limit", Category: usersOnly, DefaultText: "all", Usage: "export `N` users at most"},
		&cli.StringFlag{
			Name: "source", Category: usersOnly, Value: "auto",
			Usage: "`auto|job|search` search is slower, for plans without jobs",
		},
		&cli.StringFlag{
			Name: "job", Category: usersOnly,
			Usage: "take up the export job `ID` (job_...) instead of starting one",
		},
		&cli.DurationFlag{
			Name: "poll-interval", Category: usersOnly, Value: 10 * time.Second,
			Usage: "the longest `TIME` between two looks at the job",
		},
		&cli.Float64Flag{
			Name: "max-rps", Category: pace, DefaultText: "no bound",
			Usage: "at most `N` calls a second, whatever Auth0 allows",
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
		return withHint(e.run(c.Context, c.String("output")))
	}
	return t.Run(ctx, app, args)
}

// App returns the command as its help, man page and completions describe it.
func App() *cli.App {
	return &cli.App{
		Name:  "a0export",
		Usage: "export an Auth0 tenant's users and their roles as gzip CSV",
		UsageText: "a0export [users] [flags] > users.csv.gz\n" +
			"   a0export roles | organizations | connections [flags] > table.csv.gz",
		Description: description,
		Flags:       flags(),
	}
}

type exporter struct {
	tool   *tool.Tool
	auth0  *auth0.Client
	config config
	report report
	read   *tool.Progress // of role members and memberships
}

// config is what the flags ask for.
type config struct {
	command       string
	fields        []auth0.Field
	roles         bool
	organizations bool
	connection    string
	limit         int
	source        string
	job           string
	pollInterval  time.Duration
}

// report is the summary of a run.
type report struct {
	Command       string `json:"command"`
	Users         int    `json:"users"`
	Roles         int    `json:"roles"`
	RoleHolders   int    `json:"role_holders"`
	Organizations int    `json:"organizations"`
	Members       int    `json:"members"`
	Rows          int    `json:"rows,omitempty"`
	Job           string `json:"job,omitempty"`
	Complete      bool   `json:"complete"`

	withRoles bool
}

func (r *report) String() string {
	switch {
	case !r.Complete:
		return ""
	case r.Command != "users":
		return tool.Count(r.Rows, r.Command[:len(r.Command)-1])
	}
	line := tool.Count(r.Users, "user")
	if r.withRoles {
		line += fmt.Sprintf(", %s of them with roles, %s",
			tool.Thousands(r.RoleHolders), tool.Count(r.Roles, "role"))
	}
	if r.Organizations > 0 {
		line += fmt.Sprintf("; %s in %s", tool.Thousands(r.Members), tool.Count(r.Organizations, "organization"))
	}
	return line
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
	if c.String("output") == "" && command == "users" && tool.IsTerminal(t.Out) {
		return nil, tool.Usage("stdout is a terminal, and gzip is nothing to read",
			"a0export > users.csv.gz, or -o users.csv.gz (-o - forces it)")
	}
	return &exporter{
		tool: t, config: config, auth0: auth0.New(api),
		report: report{Command: command, withRoles: config.roles},
	}, nil
}

var (
	connectionID = regexp.MustCompile(`^con_[A-Za-z0-9]{16}$`)
	jobIDShape   = regexp.MustCompile(`^job_[A-Za-z0-9]{16}$`)
)

func readConfig(c *cli.Context, command string) (config, error) {
	k := config{
		command: command, roles: !c.Bool("no-roles"), organizations: c.Bool("organizations"),
		connection: c.String("connection"), limit: c.Int("limit"), source: c.String("source"), job: c.String("job"),
		pollInterval: c.Duration("poll-interval"),
	}
	if arg := c.Args().First(); arg != "" {
		return k, unknownTableError(arg)
	}
	for _, f := range c.App.Flags {
		categorized, ok := f.(cli.CategorizableFlag)
		name := f.Names()[0]
		if ok && categorized.GetCategory() == usersOnly && command != "users" && c.IsSet(name) {
			return k, tool.Usage(fmt.Sprintf("--%s is for a0export users, and this is a0export %s", name, command),
				"see a0export --help")
		}
	}
	switch {
	case c.IsSet("job") && !jobIDShape.MatchString(k.job):
		return k, tool.Usage(fmt.Sprintf("--job: %q is no job id", k.job),
			"--job job_...: a0export prints it when it starts one")
	case c.IsSet("connection") && !connectionID.MatchString(k.connection):
		return k, tool.Usage(fmt.Sprintf("--connection: %q is no connection id", k.connection),
			"a0export connections lists them: --connection con_...")
	case c.IsSet("limit") && k.limit < 1:
		return k, tool.Usage("--limit must be 1 or more", "leave it out to export all users")
	case k.pollInterval <= 0:
		return k, tool.Usage("--poll-interval must be more than 0", "--poll-interval 10s")
	}
	if k.job != "" {
		for _, name := range []string{"connection", "limit", "field"} {
			if c.IsSet(name) {
				return k, tool.Usage("--"+name+" cannot change a job that has been started",
					"leave --"+name+" or --job out")
			}
		}
		if k.source == "search" {
			return k, tool.Usage("--source search takes up no job", "leave --source or --job out")
		}
	}
	var err error
	k.fields, err = allFields(c.StringSlice("field"))
	return k, err
}

// apiConfig returns how to reach the tenant and sign in to it.
func apiConfig(c *cli.Context, t *tool.Tool) (httpapi.Config, error) {
	var none httpapi.Config
	if c.String("domain") == "" {
		return none, tool.Usage("no tenant is named", domainHint(nil))
	}
	base, err := httpapi.ParseBase(c.String("domain"))
	if err != nil {
		return none, tool.Usage("AUTH0_DOMAIN: "+err.Error(), domainHint(err))
	}
	if rps := c.Float64("max-rps"); c.IsSet("max-rps") && !(rps >= 0.001 && rps <= 1000) {
		return none, tool.Usage("--max-rps must be between 0.001 and 1000", "--max-rps 2")
	}
	api := httpapi.Config{
		Base: base, UserAgent: t.UserAgent(), Log: t.Log,
		Pacer:  httpapi.NewQuota(c.Float64("max-rps"), t.Waiting),
		OnWait: func(wait time.Duration, why error) { t.Waiting(wait, why.Error()) },
	}
	return api, signIn(c, t, &api)
}

// signIn gives api the token of the settings, or the application to get one with.
func signIn(c *cli.Context, t *tool.Tool, api *httpapi.Config) error {
	token, err := t.Token(c, "AUTH0_MGMT_ACCESS_TOKEN", "AUTH0_API_TOKEN", "AUTH0_ACCESS_TOKEN")
	if err != nil {
		return err
	}
	if token != "" {
		api.Token = httpapi.Secret(token)
		return nil
	}
	var found [3]string
	for i, name := range []string{"AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "AUTH0_AUDIENCE"} {
		if found[i], err = t.Setting(name); err != nil {
			return err
		}
	}
	id, secret, audience := found[0], found[1], found[2]
	switch {
	case id == "" && secret == "":
		return tool.Usage("there is no Auth0 token",
			"export AUTH0_API_TOKEN=... (Dashboard > Applications > APIs > Auth0 Management API > API Explorer), "+
				"or AUTH0_CLIENT_ID=... and AUTH0_CLIENT_SECRET=... of a machine-to-machine application")
	case id == "":
		return tool.Usage("AUTH0_CLIENT_SECRET is set, and AUTH0_CLIENT_ID is not", "export AUTH0_CLIENT_ID=...")
	case secret == "":
		return tool.Usage("AUTH0_CLIENT_ID is set, and AUTH0_CLIENT_SECRET is not", "export AUTH0_CLIENT_SECRET=...")
	}
	api.Tokens = auth0.Credentials{ID: id, Secret: httpapi.Secret(secret), Audience: audience}.Tokens(*api)
	return nil
}

// run writes the export that is asked for to path.
func (e *exporter) run(ctx context.Context, path string) error {
	out, err := e.tool.Create(ctx, path)
	if err != nil {
		return err
	}
	defer out.Abort()
	switch table := e.table(e.config.command); {
	case e.config.command == "users":
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
