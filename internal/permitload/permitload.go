// Package permitload is the command permitload: it reads records, compares
// them with a Permit environment and brings it to that state. How two users
// compare is reconcile's business, how a call is made permit's.
package permitload

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

const description = `What could not be loaded comes out on stdout, each line whole and with its
error, so that it can be fed again. The key is an environment's API key, read
from PERMIT_SDK_TOKEN, PERMIT_API_KEY or PERMIT_TOKEN, also in .env.

EXAMPLES
   a0export | a0tojsonl | permitload > left.jsonl
   jq -c 'select(.type != "tenant")' records.jsonl | permitload --dry-run`

// Terminal opens the terminal to ask on: see tool.OpenTerminal.
type Terminal = func() (io.ReadWriteCloser, error)

// Run runs the command and returns its exit code. Questions are asked on
// terminal; nil is nobody to ask.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, terminal Terminal) int {
	t := tool.New("permitload", in, out, errs)
	t.Terminal = terminal
	t.DrawsApart = true
	app := App()
	app.Action = func(c *cli.Context) error { return load(c, t) }
	return t.Run(ctx, app, args)
}

// App is the command as its help, man page and completions describe it.
func App() *cli.App {
	return &cli.App{
		Name:        "permitload",
		Usage:       "load users, roles and role assignments into a Permit environment",
		UsageText:   "permitload [flags] [FILE...] > left.jsonl",
		Description: description,
		Flags:       flags(),
	}
}

const (
	signIn     = "SIGN-IN"
	loading    = "LOADING"
	takingAway = "TAKING AWAY"
	pace       = "PACE"
)

func flags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "project", Category: signIn, Usage: "load into `PROJECT` (key or id); an environment's API key must agree"},
		&cli.StringFlag{Name: "environment", Category: signIn, Usage: "load into `ENVIRONMENT`, likewise"},
		&cli.StringFlag{Name: "api-url", Category: signIn, Value: permit.DefaultURL, DefaultText: "US", EnvVars: []string{"PERMIT_API_URL"}, Usage: "`URL`; EU: https://api.eu.permit.io"},
		tool.TokenFileFlag(),
		&cli.BoolFlag{Name: "dry-run", Category: loading, Usage: "print the plan, and write nothing"},
		&cli.StringFlag{Name: "create-missing", Category: loading, Value: "ask", Usage: "`ask|yes|no` create roles and tenants that Permit lacks"},
		&cli.StringFlag{Name: "tenant", Category: loading, Value: "default", Usage: "hold assignments that name no tenant in `TENANT`"},
		&cli.StringFlag{Name: "attributes", Category: loading, Value: "merge", Usage: "`merge|replace` keep or remove what a line does not name"},
		&cli.StringFlag{Name: "duplicate-email", Category: loading, Value: "reject", Usage: "`reject|drop` the line, or the email, that another user has"},
		&cli.StringFlag{Name: "extra", Category: loading, Usage: "write users that Permit has and the input lacks to `FILE`"},
		&cli.BoolFlag{Name: "verify", Category: loading, Usage: "look again at the end; exit with 3 where Permit differs"},
		&cli.BoolFlag{Name: "allow-incomplete", Category: loading, Usage: "load input that says it is not complete"},
		&cli.BoolFlag{Name: "require-end", Category: loading, Usage: "refuse input without an end line"},
		&cli.StringFlag{Name: "roles", Category: takingAway, Value: "add", Usage: "`add|replace` replace takes away what the input lacks"},
		&cli.BoolFlag{Name: "remove", Category: takingAway, Usage: "unassign and delete the users of the input"},
		&cli.StringFlag{Name: "removed", Category: takingAway, Usage: "write what goes, or would go, to `FILE`: lines that restore it"},
		&cli.Float64Flag{Name: "remove-limit", Category: takingAway, Value: 5, Usage: "refuse to take away more `PERCENT` of what is in scope"},
		&cli.BoolFlag{Name: "yes", Category: takingAway, Usage: "take away without asking"},
		&cli.StringSliceFlag{Name: "rate", Category: pace, Usage: "a limit: `CLASS=N/DURATION` of bulk, schema, delete, write, all"},
		&cli.DurationFlag{Name: "max-wait", Category: pace, Value: 2 * time.Hour, Usage: "stop when Permit lets nothing through for this `TIME`"},
	}
}

// config is what the flags say.
type config struct {
	files           []string
	project         string
	environment     string
	createMissing   string
	replace         bool // attributes that a line does not name go
	dropEmail       bool // of a user whose email another has
	extra           string
	replaceRoles    bool
	remove          bool
	yes             bool
	removeLimit     float64 // percent
	removed         string
	verify          bool
	classes         []httpapi.Class
	tenant          string
	dryRun          bool
	allowIncomplete bool
	requireEnd      bool
}

func load(c *cli.Context, t *tool.Tool) error {
	cfg, err := newConfig(c, t)
	if err != nil {
		return err
	}
	client, err := newClient(c, t, cfg.classes)
	if err != nil {
		return err
	}
	l := newLoader(cfg, t, client)
	defer l.close()
	t.SetReport(&l.report)
	return explain(l.run(c.Context))
}

func newConfig(c *cli.Context, t *tool.Tool) (config, error) {
	files, err := tool.Files(c)
	if err != nil {
		return config{}, err
	}
	if files, err = t.Inputs(files); err != nil {
		return config{}, err
	}
	if err := t.Distinct(c, "extra", "removed", "summary"); err != nil {
		return config{}, err
	}
	for _, flag := range []string{"extra", "removed"} {
		if c.String(flag) == "-" {
			return config{}, tool.Usage("--"+flag+": stdout is for what was not loaded", "--"+flag+" "+flag+".jsonl")
		}
	}
	for _, flag := range []string{"roles", "extra", "verify", "attributes", "duplicate-email"} {
		if c.Bool("remove") && c.IsSet(flag) {
			return config{}, tool.Usage("--remove deletes users, and --"+flag+" is for loading them", "leave one of the two out")
		}
	}
	if c.IsSet("removed") && !c.Bool("remove") && c.String("roles") != "replace" {
		return config{}, tool.Usage("--removed writes down what is taken away, and nothing is", "--roles replace or --remove takes away")
	}
	if c.Duration("max-wait") < 0 {
		return config{}, tool.Usage("--max-wait: less than no time", "--max-wait 2h")
	}
	if c.Bool("verify") && c.Bool("dry-run") {
		return config{}, tool.Usage("--verify looks again after a load, and --dry-run loads nothing", "leave one of the two out")
	}
	if limit := c.Float64("remove-limit"); !(limit >= 0 && limit <= 100) {
		return config{}, tool.Usage("--remove-limit: not a number from 0 to 100", "--remove-limit 5")
	}
	classes, err := rates(c.StringSlice("rate"))
	if err != nil {
		return config{}, err
	}
	if err := record.TenantKey(c.String("tenant")); err != nil {
		return config{}, tool.Usage("--tenant: "+err.Error(), "--tenant default")
	}
	return config{
		files: files, project: c.String("project"), environment: c.String("environment"), tenant: c.String("tenant"),
		createMissing: c.String("create-missing"), replace: c.String("attributes") == "replace", dropEmail: c.String("duplicate-email") == "drop",
		replaceRoles: c.String("roles") == "replace", remove: c.Bool("remove"), yes: c.Bool("yes"), removeLimit: c.Float64("remove-limit"),
		removed: c.String("removed"), verify: c.Bool("verify"), extra: c.String("extra"), classes: classes, dryRun: c.Bool("dry-run"),
		allowIncomplete: c.Bool("allow-incomplete"), requireEnd: c.Bool("require-end"),
	}, nil
}

func newClient(c *cli.Context, t *tool.Tool, classes []httpapi.Class) (*permit.Client, error) {
	token, err := t.Token(c, "PERMIT_SDK_TOKEN", "PERMIT_API_KEY", "PERMIT_TOKEN")
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, tool.Usage("there is no Permit API key", "export PERMIT_API_KEY=permit_key_... (Permit > Settings > API Keys, an environment's key)")
	}
	base, err := httpapi.ParseBase(c.String("api-url"))
	if err != nil {
		return nil, tool.Usage("--api-url, or PERMIT_API_URL: "+err.Error(), "--api-url "+permit.DefaultURL)
	}
	pacer := httpapi.NewWindows(classes, t.Waiting)
	pacer.MaxPause = c.Duration("max-wait")
	return permit.New(httpapi.Config{
		Base: base, Token: httpapi.Secret(token), UserAgent: t.UserAgent(), Log: t.Log,
		Pacer: pacer, MaxWait: c.Duration("max-wait"),
		OnWait: func(wait time.Duration, why error) { t.Waiting(wait, why.Error()) },
	}), nil
}

// loader is one load.
type loader struct {
	config

	tool     *tool.Tool
	progress *tool.Progress // of what goes on now
	least    time.Duration  // that the writes take by the rate limits
	permit   *permit.Client
	plan     *reconcile.Plan
	in       *input
	left     *left
	report   report

	roles []permit.Role // that Permit has

	overlays overlays
	gives    map[int]string // the email that a user gives up
	released map[string]int // the same emails, folded, and who gives them up
	stoodIn  []int          // users who have an email for the time being
	extras   *extras
	takeAway *takeAway    // nil unless --roles replace
	byKey    bool         // users were asked for by key, and not listed
	dropped  map[int]bool // users who are loaded without the email of their line

	waiting []pending // assignments of the users that were just written
	ready   []pending // assignments whose users should be visible by now

	userSize, assignmentSize int // of a bulk call
	tooLarge                 int // items that were refused for their own size

	created map[outcome]bool
	broken  map[outcome]fault // roles and tenants that could not be created
	alike   alike
	late    atomic.Bool // users became visible late in this load
	wrote   bool        // something was written, or refused
}

func newLoader(cfg config, t *tool.Tool, client *permit.Client) *loader {
	plan := reconcile.New(cfg.tenant)
	l := &loader{
		config: cfg, tool: t, permit: client, plan: plan, in: newInput(plan),
		left:     &left{out: t.Above(t.Out), terminal: tool.IsTerminal(t.Out)},
		userSize: permit.MaxUsers, assignmentSize: permit.MaxAssignments,
		created: map[outcome]bool{}, broken: map[outcome]fault{}, dropped: map[int]bool{}, gives: map[int]string{}, released: map[string]int{},
	}
	l.report.tallies, l.report.DryRun, l.report.Removing = l.in.tallies, cfg.dryRun, cfg.remove
	return l
}

func (l *loader) close() {
	l.in.close()
	l.overlays.close()
}

// run is the load: key, input, look, plan, apply.
func (l *loader) run(ctx context.Context) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	if err := l.in.read(ctx, l.tool, l.files); err != nil {
		return err
	}
	if err := l.complete(); err != nil {
		return err
	}
	if l.remove {
		return l.removeUsers(ctx)
	}
	if l.replaceRoles {
		if err := l.dated(); err != nil {
			return err
		}
	}
	if err := l.look(ctx); err != nil {
		return err
	}
	l.settled()
	if l.dryRun {
		if err := l.foresee(); err != nil {
			return err
		}
		l.foreseen()
		l.tool.Say("nothing was written (--dry-run)")
		return l.verdict()
	}
	create, err := l.mayCreate(ctx)
	if err != nil {
		return err
	}
	if err := l.mayTakeAway(ctx); err != nil {
		return err
	}
	err = l.applyShown(ctx, create)
	if closing := l.closing(err); err == nil {
		err = closing
	} else if closing != nil {
		l.tool.Problem("%v", closing)
	}
	if err != nil {
		return err
	}
	if l.verify {
		if err := l.verified(ctx); err != nil {
			return err
		}
	}
	return l.verdict()
}

// enter finds out which environment the key is for, before anything is read:
// a wrong key should not cost a long export.
func (l *loader) enter(ctx context.Context) error {
	scope, err := l.permit.Scope(ctx)
	if err != nil {
		return err
	}
	project, environment := cmp.Or(l.project, scope.Project), cmp.Or(l.environment, scope.Environment)
	if project == "" || environment == "" {
		return &tool.Error{Err: errors.New("the API key is not an environment's"), Code: tool.BadUsage, Hints: []string{
			"use a key of the environment to load into (Permit > Settings > API Keys)", "or name it: --project PROJECT --environment ENVIRONMENT",
		}}
	}
	l.permit.In(project, environment)
	l.report.Project, l.report.Environment = project, environment
	err = l.readRoles(ctx)
	// The service itself knows best what a name means: a key sees nothing beside
	// what it was made for.
	status := permit.Status(err)
	denied := status == http.StatusForbidden || status == http.StatusNotFound
	named := l.project != "" && l.project != scope.Project || l.environment != "" && l.environment != scope.Environment
	if differ(l.project, scope.Project) || differ(l.environment, scope.Environment) || named && (denied || l.elsewhere(scope)) {
		return &tool.Error{
			Err:   fmt.Errorf("the API key gives no access to project %s, environment %s", project, environment),
			Code:  tool.BadUsage,
			Hints: []string{"use a key of that environment, or leave --project and --environment out"},
		}
	}
	return err
}

// differ reports whether a name is an id, and not the one that the key is for. A
// key's name may be anything's.
func differ(named, id string) bool {
	return named != id && id != "" && uuid.MatchString(named) && uuid.MatchString(id)
}

var uuid = regexp.MustCompile(`^(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// elsewhere reports whether the roles that were read are not of the
// environment that the key is for.
func (l *loader) elsewhere(scope permit.Scope) bool {
	return scope.Environment != "" && slices.ContainsFunc(l.roles, func(r permit.Role) bool {
		return r.Environment != "" && r.Environment != scope.Environment
	})
}

// complete refuses input that was cut short, before anything is written.
func (l *loader) complete() error {
	switch {
	case l.in.incomplete != nil && !l.allowIncomplete:
		return l.in.incomplete
	case l.in.ends == 0 && l.requireEnd:
		return tool.Hint(errors.New("the input has no end line: it may have been cut short"), "leave --require-end out to load it all the same")
	case l.in.ends == 0:
		l.tool.Warn("the input has no end line: it may have been cut short")
	}
	return nil
}

// verdict is the exit of a load that went to its end.
func (l *loader) verdict() error {
	if l.report.notLoaded() > 0 {
		return tool.ErrRejected
	}
	return nil
}
