// Package tool is what the three commands share at the command line: streams,
// settings, messages with hints, exit codes, files in and out, and the one
// question that may be asked. It knows nothing of Auth0, Permit, CSV or JSONL.
package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
	"github.com/xrash/smetrics"
)

// A Tool is one run of a command.
type Tool struct {
	Name string
	In   io.Reader
	Out  io.Writer
	Err  io.Writer
	Log  *slog.Logger // diagnostics; ready once the flags are read
	// Terminal opens the terminal that questions are asked on; nil is nobody to
	// ask. Only a main may pass OpenTerminal: a test would ask the person who
	// runs it.
	Terminal func() (io.ReadWriteCloser, error)
	// DrawsApart is for a tool whose input has ended before it draws, and that
	// writes whole lines, by Above.
	DrawsApart bool

	screen   *screen // what Err is
	env      environment
	quiet    bool
	json     bool
	progress showing
	summary  string
	report   Report
	started  time.Time

	mu     sync.Mutex
	waited time.Time // until when people know of
}

// New returns the tool with its streams.
func New(name string, in io.Reader, out, errs io.Writer) *Tool {
	s := &screen{w: errs}
	return &Tool{
		Name: name, In: in, Out: out, Err: s, screen: s,
		Log: slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// Run parses args for app, runs its action, prints what went wrong and returns
// the exit code. It closes the ways in which urfave/cli would spoil a filter:
// help on stdout for a mistyped flag, and os.Exit from inside the library.
func (t *Tool) Run(ctx context.Context, app *cli.App, args []string) int {
	t.started = time.Now()
	app.Name = cmp.Or(app.Name, t.Name) // a sub-command has a name of its own
	app.Reader, app.Writer, app.ErrWriter = t.In, t.Out, t.Err
	// The library's own help flag is one variable for the whole process, which
	// every run writes to; ours is found by its name.
	app.HideHelp, app.HideHelpCommand, app.HideVersion = true, true, true
	app.UseShortOptionHandling = true
	app.DisableSliceFlagSeparator = true // a value may hold a comma
	addCommonFlags(app)
	// The library fills a template; ours is filled already, before a flag is read.
	app.Description, app.CustomAppHelpTemplate = Help(app), "{{.Description}}"
	app.ExitErrHandler = func(*cli.Context, error) {}
	app.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
		return mistyped(app, args, err)
	}
	action := app.Action
	app.Action = func(c *cli.Context) error {
		if c.Bool("version") {
			_, err := fmt.Fprintln(t.Out, t.Name, Version())
			return err
		}
		if err := t.settle(c); err != nil {
			return err
		}
		return action(c)
	}
	err := app.RunContext(ctx, helpAlone(args))
	if ctx.Err() != nil && err != nil {
		err = interrupted(ctx, err)
	}
	code := Code(err)
	if code == BadUsage && t.summary == "" {
		t.summary = summaryFile(args)
	}
	t.printError(err)
	if err := t.finish(code, err); err != nil {
		t.printError(err)
		code = max(code, Stopped)
	}
	return code
}

// summaryFile is the file of --summary in a command line that could not be
// understood. One that is named twice may be some other flag's too.
func summaryFile(args []string) string {
	for i, arg := range args {
		flag, path, joined := strings.Cut(arg, "=")
		if strings.TrimLeft(flag, "-") != "summary" || flag == "summary" {
			continue
		}
		if !joined && i+1 < len(args) {
			path = args[i+1]
		}
		named := 0
		for _, arg := range args {
			_, value, joined := strings.Cut(arg, "=")
			if absolute(arg) == absolute(path) || joined && absolute(value) == absolute(path) {
				named++
			}
		}
		if named > 1 || path == "-" {
			return ""
		}
		return path
	}
	return ""
}

// helpAlone leaves nothing beside --help: the library takes an argument there
// for a topic.
func helpAlone(args []string) []string {
	for i, arg := range args {
		switch {
		case i > 0 && (arg == "--help" || arg == "-h"):
			return []string{args[0], arg}
		case arg == "--":
			return args
		}
	}
	return args
}

// interrupted makes a signal of an error that a cancelled context caused, and
// keeps its hints: they say how to go on.
func interrupted(ctx context.Context, err error) error {
	code := Interrupted
	if strings.HasPrefix(context.Cause(ctx).Error(), "terminated") {
		code = Terminated
	}
	return &Error{Err: errors.New("interrupted"), Code: code, Hints: hints(err)}
}

// addCommonFlags adds the flags that all tools have, once.
func addCommonFlags(app *cli.App) {
	if len(app.Flags) > 0 && app.Flags[len(app.Flags)-1].Names()[0] == "help" {
		return
	}
	app.Flags = append(app.Flags, commonFlags()...)
}

const messages = "MESSAGES"

func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "progress", Category: messages, Value: "auto", Usage: "`auto|always|never` draw a bar, else a line every 30 s"},
		&cli.StringFlag{Name: "summary", Category: messages, Usage: "write the closing summary to `FILE` as JSON, whatever happens"},
		&cli.StringFlag{Name: "log-format", Category: messages, Value: "text", Usage: "`text|json` for what goes to stderr"},
		&cli.BoolFlag{Name: "quiet", Category: messages, Aliases: []string{"q"}, Usage: "print errors and the closing summary only"},
		&cli.BoolFlag{Name: "verbose", Category: messages, Aliases: []string{"v"}, Count: new(int), Usage: "print more: -v waits and retries, -vv every call"},
		&cli.BoolFlag{Name: "version", Category: messages, Usage: "print the version"},
		&cli.BoolFlag{Name: "help", Category: messages, Aliases: []string{"h"}, Usage: "show this help"},
	}
}

// mistyped is a command line that the library does not understand, with what
// was most likely meant.
func mistyped(app *cli.App, args []string, err error) error {
	see := "see " + app.Name + " --help"
	_, name, ok := strings.Cut(err.Error(), "flag provided but not defined: -")
	if !ok {
		return Usage(inOurWords(err.Error()), cmp.Or(exampleOf(app, err), see))
	}
	name = strings.TrimLeft(name, "-")
	typed := "-" + name
	for _, arg := range args { // the library has lost a dash
		if flag, _, _ := strings.Cut(arg, "="); flag == "--"+name {
			typed = flag
		}
	}
	var names []string
	for _, f := range app.Flags {
		names = append(names, f.Names()[0])
	}
	problem := "there is no flag " + typed
	if secret.MatchString(name) {
		return Usage(problem+", and none that takes a secret", "export it, put it into .env, or name a file: --token-file FILE; "+see)
	}
	if near := Nearest(name, names); near != "" && len(name) > 1 {
		return Usage(problem, "did you mean --"+near+"? "+see)
	}
	return Usage(problem, see)
}

// secret is how flags for secrets are called elsewhere.
var secret = regexp.MustCompile(`(?i)^(api[-_]?)?(key|token|secret|password)$|^client[-_]secret$`)

// exampleOf is how the flag is used that an error is about.
func exampleOf(app *cli.App, err error) string {
	for _, flag := range app.Flags {
		d := docOf(flag)
		if !strings.Contains(err.Error()+":", "-"+d.names[0]+":") {
			continue
		}
		switch {
		case d.metavar == "":
			return "--" + d.names[0]
		case d.standard != "" && !strings.Contains(d.standard, " "):
			return "--" + d.names[0] + " " + d.standard
		}
		return "--" + d.names[0] + " " + d.metavar
	}
	return ""
}

// What the library says of a flag's value.
var (
	badValue = regexp.MustCompile(`^invalid value (".*") for flag -([\w-]+): .*$`)
	badBool  = regexp.MustCompile(`^invalid boolean value (".*") for -([\w-]+): .*$`)
	noValue  = regexp.MustCompile(`^flag needs an argument: -([\w-]+)$`)
)

func inOurWords(text string) string {
	text = badValue.ReplaceAllString(text, "--$2: $1 is not a value it takes")
	text = badBool.ReplaceAllString(text, "--$2 takes no value, and $1 is one")
	return noValue.ReplaceAllString(text, "--$1 needs a value")
}

// Nearest returns the one of names that was most likely meant, "" for none.
func Nearest(word string, names []string) string {
	const alike = 0.8
	best, near := alike, ""
	for _, name := range names {
		if s := smetrics.JaroWinkler(word, name, 0.7, 4); s >= best {
			best, near = s, name
		}
	}
	return near
}

// settle reads the common flags and the .env file.
func (t *Tool) settle(c *cli.Context) error {
	if c.String("summary") == "-" {
		return Usage("--summary: stdout is for data", "--summary summary.json")
	}
	t.summary = c.String("summary")
	t.quiet = c.Bool("quiet")
	level := slog.LevelWarn - slog.Level(4*min(c.Count("verbose"), 2))
	if t.quiet {
		level = slog.LevelError
	}
	options := &slog.HandlerOptions{Level: level}
	if err := chosen(c); err != nil {
		return err
	}
	t.Log = slog.New(slog.NewTextHandler(t.Err, options))
	if c.String("log-format") == "json" {
		t.json = true
		t.Log = slog.New(slog.NewJSONHandler(t.Err, options))
	}
	t.progress = t.showing(c)
	return t.env.load(c)
}

// Files returns the positional arguments. A flag among them would be taken for
// a file by urfave/cli, so it is refused.
func Files(c *cli.Context) ([]string, error) {
	args := c.Args().Slice()
	for _, arg := range args {
		if arg != "-" && strings.HasPrefix(arg, "-") {
			return nil, Usage(arg+" stands after a file", "put flags before the files")
		}
	}
	return args, nil
}
