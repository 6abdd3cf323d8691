package a0export

import (
	"fmt"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// config holds the values of the flags.
type config struct {
	command       string
	fields        []auth0.Field
	roles         bool
	groups        bool // include roles held through groups
	permissions   bool // include permissions in the table of roles
	organizations bool
	connection    string
	limit         int
	source        string
	job           string
	pollInterval  time.Duration
}

// hasUsers reports whether the export contains the table of users.
func (c config) hasUsers() bool { return c.command == "users" || c.command == "all" }

var (
	connectionID = regexp.MustCompile(`^con_[A-Za-z0-9]{16}$`)
	jobIDShape   = regexp.MustCompile(`^job_[A-Za-z0-9]{16}$`)
)

func readConfig(c *cli.Context, command string) (config, error) {
	k := config{
		command: command, roles: !c.Bool("no-roles"), groups: !c.Bool("no-groups"),
		permissions: c.Bool("permissions"), organizations: c.Bool("organizations"),
		connection: c.String("connection"), limit: c.Int("limit"), source: c.String("source"), job: c.String("job"),
		pollInterval: c.Duration("poll-interval"),
	}
	if err := checkCommand(c, command); err != nil {
		return k, err
	}
	if command == "all" {
		k.organizations = true
	}
	if err := checkValues(c, k); err != nil {
		return k, err
	}
	var err error
	k.fields, err = allFields(c.StringSlice("field"))
	return k, err
}

// checkCommand returns an error if there is an argument, or a flag that command does not
// take.
func checkCommand(c *cli.Context, command string) error {
	if arg := c.Args().First(); arg != "" {
		return unknownTableError(arg)
	}
	for _, f := range c.App.Flags {
		categorized, ok := f.(cli.CategorizableFlag)
		if name := f.Names()[0]; ok && c.IsSet(name) {
			if err := checkFlag(command, name, categorized.GetCategory() == tablesCategory); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFlag returns an error if a command does not take a flag. isTablesFlag is whether
// --help lists the flag under TABLES.
func checkFlag(command, name string, isTablesFlag bool) error {
	switch {
	case command == "check" && name == "output":
		return tool.Usage("a0export check writes no data, so it takes no --output", "leave --output out")
	case !isTablesFlag, command == "roles" && name == "permissions":
		return nil
	case command == "all" && name == "permissions":
		return tool.Usage("a0export all always exports permissions, so it takes no --permissions",
			"leave --permissions out")
	case name == "permissions":
		return tool.Usage("--permissions is for a0export roles, not for a0export "+command,
			"a0export roles --permissions, or a0export all")
	case command == "all" && (name == "no-roles" || name == "organizations"):
		return tool.Usage("a0export all always exports roles and organizations, so it takes no --"+name,
			"leave --"+name+" out, or use it without all: a0export --"+name)
	case command != "all" && command != "users":
		return tool.Usage(fmt.Sprintf("--%s is for a0export users and a0export all, not for a0export %s", name, command),
			"leave --"+name+" out; see a0export --help")
	}
	return nil
}

// checkValues returns an error for values that are invalid or cannot be combined.
func checkValues(c *cli.Context, k config) error {
	switch {
	case c.IsSet("job") && !jobIDShape.MatchString(k.job):
		return tool.Usage(fmt.Sprintf("--job: %q is not a job id", k.job),
			"--job job_... (a0export prints the id when it starts a job)")
	case c.IsSet("connection") && !connectionID.MatchString(k.connection):
		return tool.Usage(fmt.Sprintf("--connection: %q is not a connection id", k.connection),
			"--connection con_... (a0export connections lists the ids)")
	case c.IsSet("limit") && k.limit < 1:
		return tool.Usage("--limit must be 1 or more", "leave --limit out to export all users")
	case k.pollInterval <= 0:
		return tool.Usage("--poll-interval must be more than 0", "--poll-interval 10s")
	case k.job == "":
		return nil
	case k.source == "search":
		return tool.Usage("--job and --source search cannot be combined", "leave one of them out")
	}
	for _, name := range []string{"connection", "limit", "field"} {
		if c.IsSet(name) {
			return tool.Usage("--"+name+" cannot change a job that has been started", "leave --"+name+" or --job out")
		}
	}
	return nil
}

// apiConfig returns the configuration of a client that is signed in to the tenant.
func apiConfig(c *cli.Context, t *tool.Tool) (httpapi.Config, error) {
	var none httpapi.Config
	if c.String("domain") == "" {
		return none, tool.Usage("AUTH0_DOMAIN is not set", domainHint(nil))
	}
	base, err := httpapi.ParseBase(c.String("domain"))
	if err != nil {
		return none, tool.Usage("AUTH0_DOMAIN: "+err.Error(), domainHint(err))
	}
	if rps := c.Float64("max-rps"); c.IsSet("max-rps") && !(rps >= 0.001 && rps <= 1000) {
		return none, tool.Usage("--max-rps must be between 0.001 and 1000", "--max-rps 2")
	}
	t.WaitsFor("Auth0 (" + base.Host + ")")
	api := httpapi.Config{
		Base: base, UserAgent: t.UserAgent(), Log: t.Log,
		Pacer:  httpapi.NewQuota(c.Float64("max-rps"), t.Waiting),
		OnWait: func(wait time.Duration, why error) { t.Waiting(wait, why.Error()) },
	}
	return api, signIn(c, t, &api)
}

// signIn sets the token of api or, if there is none, the application's credentials.
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
		return tool.Usage("no Auth0 token is set",
			"export AUTH0_API_TOKEN=... (Dashboard > Applications > APIs > Auth0 Management API > API Explorer), "+
				"or AUTH0_CLIENT_ID=... and AUTH0_CLIENT_SECRET=... of a machine-to-machine application")
	case id == "":
		return tool.Usage("AUTH0_CLIENT_SECRET is set, but AUTH0_CLIENT_ID is not", "export AUTH0_CLIENT_ID=...")
	case secret == "":
		return tool.Usage("AUTH0_CLIENT_ID is set, but AUTH0_CLIENT_SECRET is not", "export AUTH0_CLIENT_SECRET=...")
	}
	api.Tokens = auth0.Credentials{ID: id, Secret: httpapi.Secret(secret), Audience: audience}.Tokens(*api)
	return nil
}
