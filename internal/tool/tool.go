// Package tool is what the three commands share at the command line: streams, settings,
// messages with hints, exit codes, files, and questions. It knows nothing of Auth0,
// Permit, CSV or JSONL.
package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	Log  *slog.Logger // for diagnostics; Run sets its level once the flags are read
	// Terminal opens the terminal for questions. With nil, nobody can be asked. Only a
	// main may set it to OpenTerminal, since a test would ask the person who runs it.
	Terminal func() (io.ReadWriteCloser, error)
	// DrawsApart is set for a tool that draws progress only after the end of its input,
	// and writes whole lines through Above.
	DrawsApart bool
	// UnreadCode is the exit code of a run that ends because nobody reads its stdout. 0
	// stands for Unread.
	UnreadCode int
	// Whole returns the app for which completions are made, if a sub-command has an app
	// of its own.
	Whole func() *cli.App

	command  string   // as it is typed, with a sub-command
	commands []string // the sub-commands, the default one first
	stdout   *stream  // the same as Out
	screen   *screen  // the same as Err
	env      environment
	quiet    bool
	json     bool
	progress progressMode
	summary  string
	report   Report
	started  time.Time
	ending   *ending // of the process

	mu        sync.Mutex
	waitUntil time.Time // when the wait ends that people were told about
	starved   bool      // stdin has delivered nothing yet
	counting  bool      // a Progress is shown
	asking    bool      // a question is open
	waitsFor  string    // while nothing else is said
	spoke     time.Time // when something was said last
}

// New returns a tool with its streams.
func New(name string, in io.Reader, out, errs io.Writer) *Tool {
	stdout, s := newStream(out), &screen{w: newStream(errs)}
	return &Tool{
		Name: name, In: in, Out: stdout, Err: s, stdout: stdout, screen: s, command: name, ending: &ending{},
		Log: slog.New(slog.NewTextHandler(s, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// Run parses args for app, runs its action, prints errors and returns the exit code. It
// turns off what would spoil a filter in urfave/cli: help on stdout after a mistyped
// flag, and os.Exit inside the library.
func (t *Tool) Run(ctx context.Context, app *cli.App, args []string) int {
	t.started = time.Now()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	t.stdout.ctx, t.screen.w.ctx = ctx, ctx
	t.ending = endingOf(ctx)
	app.Name = cmp.Or(app.Name, t.Name)
	t.command = app.Name
	app.Reader, app.Writer, app.ErrWriter = t.In, t.Out, t.Err
	// The library's help flag is a variable that all runs in the process write to. With a
	// flag of this name, it takes ours.
	app.HideHelp, app.HideHelpCommand, app.HideVersion = true, true, true
	app.UseShortOptionHandling = true
	app.DisableSliceFlagSeparator = true // a value may hold a comma
	// The library fills in a template. Our help is complete before a flag is read.
	app.Description, app.CustomAppHelpTemplate = Help(app), "{{.Description}}"
	app.ExitErrHandler = func(*cli.Context, error) {}
	app.OnUsageError = func(_ *cli.Context, err error, _ bool) error {
		return usageError(app, args, t.commands, err)
	}
	action := app.Action
	app.Action = func(c *cli.Context) error {
		switch {
		case c.Bool("version"):
			_, err := fmt.Fprintln(t.Out, t.Name, Version())
			return err
		case c.IsSet("completion"):
			return t.printCompletion(c)
		}
		if err := t.readCommonFlags(c); err != nil {
			return err
		}
		if t.stdout.closed && writesStdout(c) {
			return closedError(c)
		}
		if writesStdout(c) {
			defer t.watchReader(c.Context, stop)()
		}
		defer t.breakSilence()()
		return action(c)
	}
	err := app.RunContext(ctx, helpAlone(args))
	if fault := t.stdout.end(); err == nil { // the library does not look at what it writes
		err = fault
	}
	err = t.orEnded(ctx, err)
	code := Code(err)
	if code == BadUsage && t.summary == "" {
		t.summary = t.summaryPath(args)
	}
	t.printError(err)
	t.printReport()
	if err := t.orEnded(ctx, t.writeSummary(ctx, code, err)); err != nil {
		t.printError(err)
		code = max(code, Stopped)
		if ctx.Err() != nil {
			code = Code(err)
		}
	}
	return code
}

// orEnded returns the error of a run that was interrupted, or whose reader has gone, in
// place of an error that this may have caused. It keeps the hints of an interrupted run,
// which say how to go on.
func (t *Tool) orEnded(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrUnread), errors.Is(context.Cause(ctx), ErrUnread):
		return &Error{Err: ErrUnread, Code: cmp.Or(t.UnreadCode, Unread), kind: &stopped}
	case ctx.Err() == nil:
		return err
	}
	return &Error{Err: errInterrupted, Code: signalCode(ctx), Hints: hints(err), kind: &stopped}
}

// readCommonFlags reads the flags that all tools have, and the .env file.
func (t *Tool) readCommonFlags(c *cli.Context) error {
	if c.String("summary") == "-" {
		return Usage("--summary takes a file: stdout is for data", "--summary summary.json")
	}
	t.quiet = c.Bool("quiet")
	level := slog.LevelWarn - slog.Level(4*min(c.Count("verbose"), 2))
	if t.quiet {
		level = slog.LevelError
	}
	options := &slog.HandlerOptions{Level: level}
	if err := checkChoices(c); err != nil {
		return err
	}
	t.Log = slog.New(slog.NewTextHandler(t.Err, options))
	if c.String("log-format") == "json" {
		t.json = true
		t.Log = slog.New(slog.NewJSONHandler(t.Err, options))
	}
	if err := t.checkFiles(c); err != nil {
		return err
	}
	if t.summary != "" {
		t.ending.setSummary(t.summaryAtOnce())
	}
	t.progress = t.progressMode(c)
	return t.loadDotenv(c)
}

// Files returns the positional arguments. It refuses flags among them, which urfave/cli
// would take for files.
func Files(c *cli.Context) ([]string, error) {
	args := c.Args().Slice()
	for _, arg := range args {
		if arg != "-" && strings.HasPrefix(arg, "-") {
			return nil, Usage(arg+" comes after a file name", "put flags before the files")
		}
	}
	return args, nil
}
