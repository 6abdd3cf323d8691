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

const description = `Lines that could not be loaded come out on stdout with their error. The API key is read from
PERMIT_SDK_TOKEN, PERMIT_API_KEY or PERMIT_TOKEN, also in .env.

EXAMPLES
   a0export all | a0tojsonl | permitload > left.jsonl
   jq -c 'select(.type != "tenant")' records.jsonl | permitload --dry-run`

const removeDescription = `The users whose lines are on stdin, or in FILE, are deleted; only their keys count. A
role line takes its permissions from the role. Lines of users who could not be deleted
come out on stdout, whole and with the error.

EXAMPLES
   permitload --dry-run --extra gone.jsonl records.jsonl
   permitload remove --undo undo.jsonl gone.jsonl > left.jsonl`

const checkDescription = `It reads no input and writes nothing. It exits with 0 if the key reads all that
a load needs. Whether it may write shows only at the first write.

EXAMPLES
   permitload check && a0export | a0tojsonl | permitload > left.jsonl`

// Commands are the names of the sub-commands, the default one first.
var Commands = []string{"load", "remove", "check"}

// Terminal opens the terminal to ask on: see tool.OpenTerminal.
type Terminal = func() (io.ReadWriteCloser, error)

// Run runs the command and returns its exit code. It asks questions on terminal; with
// nil, nobody can be asked.
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

// App returns the command for help, man page and completions.
func App() *cli.App {
	return &cli.App{
		Name:        "permitload",
		Usage:       "load users, roles and permissions into a Permit environment",
		UsageText:   "permitload [load|remove] [flags] [FILE...] > left.jsonl\n   permitload check [flags]",
		ArgsUsage:   "[FILE...]",
		Description: description,
		Flags:       loadFlags(),
	}
}

// CheckApp returns the sub-command check, for the same uses.
func CheckApp() *cli.App {
	return &cli.App{
		Name:        "permitload check",
		Usage:       "say which environment the key is for, and what it may read there",
		UsageText:   "permitload check [flags]",
		Description: checkDescription,
		Flags:       slices.Concat(signInFlags("look at"), paceFlags()),
	}
}

// RemoveApp returns the sub-command remove, for the same uses.
func RemoveApp() *cli.App {
	return &cli.App{
		Name:        "permitload remove",
		Usage:       "delete users of a Permit environment, or take permissions from roles",
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
		planFlag(loading),
		textFlag("create-missing", loading, "ask", "`ask|yes|no` create what Permit lacks: resources, roles, tenants"),
		textFlag("grant", loading, "ask", "`ask|yes|no` give existing roles the permissions they lack"),
		textFlag("tenant", loading, "default", "`TENANT` of role assignments that name none"),
		textFlag("attributes", loading, "merge", "`merge|replace` replace removes those that a line does not name"),
		textFlag("duplicate-email", loading, "reject", "`reject|drop` drop loads a new user without another's email"),
		textFlag("extra", loading, "", "write users that Permit has and the input lacks to `FILE`"),
		percentFlag("change-limit", loading, 30, "ask before more than `PERCENT` of the users change"),
		boolFlag("verify", loading, "compare Permit with the input at the end; exit 3 if they differ"),
		undoFlag(loading),
	}, endFlags(loading, "load"), []cli.Flag{
		textFlag("roles", takingAway, "add", "`add|replace` replace takes away roles that the input lacks"),
	}, removalFlags(), paceFlags())
}

func removeFlags() []cli.Flag {
	return slices.Concat(signInFlags("delete from"), []cli.Flag{
		boolFlag("dry-run", takingAway, "print the plan, and write nothing"),
		planFlag(takingAway),
		undoFlag(takingAway),
	}, endFlags(takingAway, "take"), removalFlags(), paceFlags())
}

func planFlag(category string) cli.Flag {
	return textFlag("plan", category, "", "write the whole plan to `FILE`, as JSONL")
}

func signInFlags(verb string) []cli.Flag {
	url := &cli.StringFlag{Name: "api-url", Category: signIn, Value: permit.DefaultURL, DefaultText: "US"}
	url.Usage, url.EnvVars = "`URL`; EU: https://api.eu.permit.io", []string{"PERMIT_API_URL"}
	return []cli.Flag{
		textFlag("project", signIn, "", verb+" `PROJECT` (key or id); stop if the API key is another's"),
		textFlag("environment", signIn, "", verb+" `ENVIRONMENT` (key or id); stop if the key is another's"),
		url,
		tool.TokenFileFlag(),
	}
}

func endFlags(category, verb string) []cli.Flag {
	return []cli.Flag{
		boolFlag("allow-incomplete", category, verb+" input that is cut, or says it is not complete"),
		boolFlag("require-end", category, "refuse input without an end line"),
	}
}

func undoFlag(category string) cli.Flag {
	return textFlag("undo", category, "", "write lines to `FILE` that restore what a run changes or takes away")
}

func removalFlags() []cli.Flag {
	return []cli.Flag{
		percentFlag("remove-limit", takingAway, 5, "refuse to take more than `PERCENT` of what is in scope"),
		boolFlag("yes", takingAway, "answer yes, but not for --create-missing and --grant"),
	}
}

func percentFlag(name, category string, value float64, usage string) cli.Flag {
	return &cli.Float64Flag{Name: name, Category: category, Value: value, Usage: usage}
}

func paceFlags() []cli.Flag {
	rate := &cli.StringSliceFlag{Name: "rate", Category: pace}
	rate.Usage = "limit calls: `CLASS=N/DURATION` of bulk, schema, delete, write, all"
	wait := &cli.DurationFlag{Name: "max-wait", Category: pace, Value: 2 * time.Hour}
	wait.Usage = "stop after `TIME` in which no call succeeds"
	return []cli.Flag{rate, wait}
}

func textFlag(name, category, value, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Category: category, Value: value, Usage: usage}
}

func boolFlag(name, category, usage string) cli.Flag {
	return &cli.BoolFlag{Name: name, Category: category, Usage: usage}
}
