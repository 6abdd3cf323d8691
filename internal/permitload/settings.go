package permitload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// settings holds the flags that load and remove share.
type settings struct {
	files                       []string
	target                      target
	allowIncomplete, requireEnd bool // whether input may be cut short
	removal                     removalRules
	classes                     []httpapi.Class
	dryRun                      bool
	plan                        string // file
	undo                        string // file for lines that undo the run
}

// target is the environment that the flags name, "" for what they do not.
type target struct{ project, environment string }

// removalRules hold the flags about taking away.
type removalRules struct {
	yes   bool
	limit float64 // percent
}

// loadSettings holds the flags of load.
type loadSettings struct {
	settings
	rules         reconcile.Rules
	createMissing string
	grant         string
	dropEmail     bool
	extra         string
	replaceRoles  bool
	verifies      bool
	changeLimit   float64 // percent
}

func newLoadSettings(c *cli.Context, t *tool.Tool) (loadSettings, error) {
	common, err := newSettings(c, t)
	if err != nil {
		return loadSettings{}, err
	}
	cfg := loadSettings{
		settings: common, createMissing: c.String("create-missing"), grant: c.String("grant"), extra: c.String("extra"),
		dropEmail:    c.String("duplicate-email") == "drop",
		replaceRoles: c.String("roles") == "replace", verifies: c.Bool("verify"),
		changeLimit: c.Float64("change-limit"),
		rules: reconcile.Rules{
			Tenant:            c.String("tenant"),
			ReplaceAttributes: c.String("attributes") == "replace",
		},
	}
	switch err := record.TenantKey(cfg.rules.Tenant); {
	case !isPercent(cfg.changeLimit):
		return cfg, tool.Usage("--change-limit: not a number from 0 to 100", "--change-limit 30")
	case cfg.extra == "-":
		return cfg, tool.Usage("--extra: stdout is for what was not loaded", "--extra extra.jsonl")
	case cfg.verifies && cfg.dryRun:
		return cfg, tool.Usage("--verify checks what was loaded, and --dry-run loads nothing", "leave one of the two out")
	case err != nil:
		return cfg, tool.Usage("--tenant: "+err.Error(), "--tenant default")
	}
	return cfg, nil
}

func newSettings(c *cli.Context, t *tool.Tool) (settings, error) {
	files, err := tool.Files(c)
	if err == nil {
		files, err = t.Inputs(files)
	}
	if err != nil {
		return settings{}, err
	}
	limit := c.Float64("remove-limit")
	switch {
	case c.String("undo") == "-":
		return settings{}, tool.Usage("--undo: stdout is for what was not loaded", "--undo undo.jsonl")
	case c.Duration("max-wait") < 0:
		return settings{}, tool.Usage("--max-wait must not be negative", "--max-wait 2h")
	case c.String("plan") == "-":
		return settings{}, tool.Usage("--plan: stdout is for what was not loaded", "--plan plan.jsonl")
	case !isPercent(limit):
		return settings{}, tool.Usage("--remove-limit: not a number from 0 to 100", "--remove-limit 5")
	}
	if err := tool.CheckKept("--undo", c.String("undo")); err != nil {
		return settings{}, err
	}
	classes, err := rates(c.StringSlice("rate"))
	return settings{
		files: files, classes: classes, dryRun: c.Bool("dry-run"), plan: c.String("plan"),
		target:          target{c.String("project"), c.String("environment")},
		allowIncomplete: c.Bool("allow-incomplete"), requireEnd: c.Bool("require-end"),
		removal: removalRules{yes: c.Bool("yes"), limit: limit},
		undo:    c.String("undo"),
	}, err
}

// isPercent reports whether a limit is a number from 0 to 100. NaN is not.
func isPercent(limit float64) bool { return limit >= 0 && limit <= 100 }

func newClient(c *cli.Context, t *tool.Tool, classes []httpapi.Class) (*permit.Client, error) {
	token, err := t.Token(c, "PERMIT_SDK_TOKEN", "PERMIT_API_KEY", "PERMIT_TOKEN")
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, tool.Usage("there is no Permit API key",
			"export PERMIT_API_KEY=permit_key_... (Permit > Settings > API Keys, an environment's key)")
	}
	base, err := httpapi.ParseBase(c.String("api-url"))
	if err != nil {
		return nil, tool.Usage("--api-url, or PERMIT_API_URL: "+err.Error(), "--api-url "+rightURL(err))
	}
	t.WaitsFor("Permit (" + base.Host + ")")
	pacer := httpapi.NewWindows(classes, t.Waiting)
	pacer.MaxPause = c.Duration("max-wait")
	return permit.New(httpapi.Config{
		Base: base, Token: httpapi.Secret(token), UserAgent: t.UserAgent(), Log: t.Log,
		Pacer: pacer, MaxWait: c.Duration("max-wait"),
		OnWait: func(wait time.Duration, why error) { t.Waiting(wait, why.Error()) },
	}), nil
}

// rates returns Permit's published limits with the changes of --rate.
func rates(changes []string) ([]httpapi.Class, error) {
	classes := permit.Classes()
	for _, change := range changes {
		name, rate, _ := strings.Cut(change, "=")
		count, per, _ := strings.Cut(rate, "/")
		i := slices.IndexFunc(classes, func(c httpapi.Class) bool { return c.Name == name })
		calls, countErr := strconv.Atoi(count)
		span, spanErr := time.ParseDuration(per)
		if i < 0 || countErr != nil || spanErr != nil || calls < 1 || span <= 0 {
			return nil, tool.Usage(fmt.Sprintf("--rate: %q is not CLASS=N/DURATION", change),
				"--rate bulk=100/10m (classes: bulk, schema, delete, write, all)")
		}
		classes[i].Calls, classes[i].Per = calls, span
	}
	return classes, nil
}
