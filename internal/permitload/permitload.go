// Package permitload is the command permitload: its flags, its questions and
// its words. The work is done in the packages below it, which know nothing of a
// terminal, and data goes through them once:
//
//	intake     reads the lines of the input
//	snapshot   reads what Permit has
//	reconcile  makes a plan of the two
//	apply      carries the plan out
//	ledger     knows what became of each line, and writes stdout
package permitload

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"a0permit/internal/permit"
	"a0permit/internal/tool"
)

const description = `What could not be loaded comes out on stdout, each line whole and with its
error, so that it can be fed again. The key is an environment's API key, read
from PERMIT_SDK_TOKEN, PERMIT_API_KEY or PERMIT_TOKEN, also in .env.
permitload remove deletes users: see permitload remove --help.

EXAMPLES
   a0export | a0tojsonl | permitload > left.jsonl
   jq -c 'select(.type != "tenant")' records.jsonl | permitload --dry-run`

const removeDescription = `The lines on stdin, or in FILE, say who goes. All that they say besides the key
is of no interest. Who could not be deleted comes out on stdout, each line
whole and with its error.

EXAMPLES
   permitload --dry-run --extra gone.jsonl records.jsonl
   permitload remove --removed undo.jsonl gone.jsonl > left.jsonl`

const checkDescription = `It reads no input and writes nothing. It exits with 0 where the key reads all that
a load needs. Whether the key may write shows at the first write only.

EXAMPLES
   permitload check && a0export | a0tojsonl | permitload > left.jsonl`

// Commands are the names of the sub-commands, the default one first.
var Commands = []string{"load", "remove", "check"}

// Terminal opens the terminal to ask on: see tool.OpenTerminal.
type Terminal = func() (io.ReadWriteCloser, error)

// Run runs the command and returns its exit code. Questions are asked on
// terminal; nil is nobody to ask.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer, terminal Terminal) int {
	t := tool.New("permitload", in, out, errs)
	t.DrawsApart, t.UnreadCode, t.Whole = true, tool.Stopped, App
	t.Terminal = terminal
	name, args := t.Command(args, slices.Concat(loadFlags(), removeFlags()), Commands...)
	app, action := App(), runLoad
	switch name {
	case "remove":
		app, action = RemoveApp(), runRemove
	case "check":
		app, action = CheckApp(), runCheck
	}
	app.Action = func(c *cli.Context) error { return action(c, t) }
	return t.Run(ctx, app, args)
}

// App returns the command as its help, man page and completions describe it.
func App() *cli.App {
	return &cli.App{
		Name:  "permitload",
		Usage: "load users, roles and role assignments into a Permit environment",
		UsageText: "permitload [load] [flags] [FILE...] > left.jsonl\n" +
			"   permitload remove [flags] [FILE...] > left.jsonl\n   permitload check [flags]",
		ArgsUsage:   "[FILE...]",
		Description: description,
		Flags:       loadFlags(),
	}
}

// CheckApp returns the sub-command check for the same uses.
func CheckApp() *cli.App {
	return &cli.App{
		Name:        "permitload check",
		Usage:       "say which environment the key is for, and what it may read there",
		UsageText:   "permitload check [flags]",
		Description: checkDescription,
		Flags:       slices.Concat(signInFlags("look at"), paceFlags()),
	}
}

// RemoveApp returns the sub-command remove for the same uses.
func RemoveApp() *cli.App {
	return &cli.App{
		Name:        "permitload remove",
		Usage:       "unassign and delete users of a Permit environment",
		UsageText:   "permitload remove [flags] [FILE...] > left.jsonl",
		Description: removeDescription,
		Flags:       removeFlags(),
	}
}

const (
	signIn     = "SIGN-IN"
	loading    = "LOADING"
	takingAway = "TAKING AWAY"
	pace       = "PACE"
)

func loadFlags() []cli.Flag {
	return slices.Concat(signInFlags("load into"), []cli.Flag{
		boolFlag("dry-run", loading, "print the plan, and write nothing"),
		textFlag("create-missing", loading, "ask", "`ask|yes|no` create roles and tenants that Permit lacks"),
		textFlag("tenant", loading, "default", "hold assignments that name no tenant in `TENANT`"),
		textFlag("attributes", loading, "merge", "`merge|replace` keep or remove what a line does not name"),
		textFlag("duplicate-email", loading, "reject", "`reject|drop` a new user, or the email that Permit refuses"),
		textFlag("extra", loading, "", "write users that Permit has and the input lacks to `FILE`"),
		boolFlag("verify", loading, "look again at the end; exit with 3 where Permit differs"),
	}, endFlags(loading, "load"), []cli.Flag{
		textFlag("roles", takingAway, "add", "`add|replace` replace takes away what the input lacks"),
	}, removalFlags(), paceFlags())
}

func removeFlags() []cli.Flag {
	return slices.Concat(signInFlags("in"), []cli.Flag{
		boolFlag("dry-run", takingAway, "print the plan, and write nothing"),
	}, endFlags(takingAway, "take"), removalFlags(), paceFlags())
}

func signInFlags(verb string) []cli.Flag {
	url := &cli.StringFlag{Name: "api-url", Category: signIn, Value: permit.DefaultURL, DefaultText: "US"}
	url.Usage, url.EnvVars = "`URL`; EU: https://api.eu.permit.io", []string{"PERMIT_API_URL"}
	return []cli.Flag{
		textFlag("project", signIn, "", verb+" `PROJECT` (key or id); an environment's API key must agree"),
		textFlag("environment", signIn, "", verb+" `ENVIRONMENT`, likewise"),
		url,
		tool.TokenFileFlag(),
	}
}

func endFlags(category, verb string) []cli.Flag {
	return []cli.Flag{
		boolFlag("allow-incomplete", category, verb+" input that says it is not complete"),
		boolFlag("require-end", category, "refuse input without an end line"),
	}
}

func removalFlags() []cli.Flag {
	limit := &cli.Float64Flag{Name: "remove-limit", Category: takingAway, Value: 5}
	limit.Usage = "refuse to take away more `PERCENT` of what is in scope"
	return []cli.Flag{
		textFlag("removed", takingAway, "", "write what goes, or would go, to `FILE`: lines that restore it"),
		limit,
		boolFlag("yes", takingAway, "take away without asking"),
	}
}

func paceFlags() []cli.Flag {
	rate := &cli.StringSliceFlag{Name: "rate", Category: pace}
	rate.Usage = "a limit: `CLASS=N/DURATION` of bulk, schema, delete, write, all"
	wait := &cli.DurationFlag{Name: "max-wait", Category: pace, Value: 2 * time.Hour}
	wait.Usage = "stop when Permit lets nothing through for this `TIME`"
	return []cli.Flag{rate, wait}
}

func textFlag(name, category, value, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Category: category, Value: value, Usage: usage}
}

func boolFlag(name, category, usage string) cli.Flag {
	return &cli.BoolFlag{Name: name, Category: category, Usage: usage}
}
