// Package tool is what the three commands share at the command line: streams,
// settings, messages with hints, exit codes, files in and out, and the one
// question that may be asked. It knows nothing of Auth0, Permit, CSV or JSONL.
package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"
)

// A Tool is one run of a command.
type Tool struct {
	Name string
	In   io.Reader
	Out  io.Writer
	Err  io.Writer
	Log  *slog.Logger // diagnostics; ready once the flags are read

	env     environment
	quiet   bool
	json    bool
	summary string
	report  Report
	started time.Time

	mu     sync.Mutex
	waited time.Time // until when people know of
}

// New returns the tool with its streams.
func New(name string, in io.Reader, out, errs io.Writer) *Tool {
	errs = &shared{w: errs}
	return &Tool{
		Name: name, In: in, Out: out, Err: errs,
		Log: slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// Run parses args for app, runs its action, prints what went wrong and returns
// the exit code. It closes the ways in which urfave/cli would spoil a filter:
// help on stdout for a mistyped flag, and os.Exit from inside the library.
func (t *Tool) Run(ctx context.Context, app *cli.App, args []string) int {
	t.started = time.Now()
	app.Name = t.Name
	app.Reader, app.Writer, app.ErrWriter = t.In, t.Out, t.Err
	// The library's own help flag is one variable for the whole process, which
	// every run writes to; ours is found by its name.
	app.HideHelp, app.HideHelpCommand, app.HideVersion = true, true, true
	app.UseShortOptionHandling = true
	app.DisableSliceFlagSeparator = true // a value may hold a comma
	app.CustomAppHelpTemplate = helpTemplate
	app.Flags = append(app.Flags, t.commonFlags()...)
	for _, flag := range app.Flags {
		if b, ok := flag.(*cli.BoolFlag); ok {
			b.DisableDefaultText = true // "(default: false)" tells nobody anything
		}
	}
	app.ExitErrHandler = func(*cli.Context, error) {}
	app.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
		return Usage(err.Error(), "see "+t.Name+" --help")
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
			if filepath.Clean(arg) == filepath.Clean(path) || joined && filepath.Clean(value) == filepath.Clean(path) {
				named++
			}
		}
		if named > 1 {
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

func (t *Tool) commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "summary", Usage: "write the closing summary to `FILE` as JSON, whatever happens"},
		&cli.StringFlag{Name: "log-format", Value: "text", Usage: "`FORMAT` of what goes to stderr: text or json"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print errors and the closing summary only"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Count: new(int), Usage: "print more: -v waits and retries, -vv every call"},
		&cli.BoolFlag{Name: "version", Usage: "print the version"},
		&cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show this help"},
	}
}

// settle reads the common flags and the .env file.
func (t *Tool) settle(c *cli.Context) error {
	t.summary = c.String("summary")
	t.quiet = c.Bool("quiet")
	level := slog.LevelWarn - slog.Level(4*min(c.Count("verbose"), 2))
	if t.quiet {
		level = slog.LevelError
	}
	options := &slog.HandlerOptions{Level: level}
	switch format := c.String("log-format"); format {
	case "text":
		t.Log = slog.New(slog.NewTextHandler(t.Err, options))
	case "json":
		t.json = true
		t.Log = slog.New(slog.NewJSONHandler(t.Err, options))
	default:
		return Usage(fmt.Sprintf("--log-format: %q is not a format", format), "--log-format text, or --log-format json")
	}
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

// NoFiles refuses positional arguments, for a tool that takes none.
func NoFiles(c *cli.Context) error {
	if c.Args().Present() {
		return Usage(fmt.Sprintf("%q is an argument, and %s takes none", c.Args().First(), c.App.Name), "see "+c.App.Name+" --help")
	}
	return nil
}
