package tool_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// result is the exit code of a run and what it wrote.
type result struct {
	code      int
	out, errs string
}

type action = func(c *cli.Context, t *tool.Tool) error

// run runs a command named demo as its main would.
func run(ctx context.Context, do action, args ...string) result {
	var out, errs bytes.Buffer
	t := tool.New("demo", strings.NewReader(""), &out, &errs)
	app := &cli.App{
		Usage: "shows how", UsageText: "demo [FILE...]", Description: "More of it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "domain", EnvVars: []string{"DEMO_DOMAIN", "DEMO_HOST"}},
			&cli.IntFlag{Name: "number", Value: 7, EnvVars: []string{"DEMO_NUMBER"}},
			&cli.DurationFlag{Name: "wait", Value: 2 * time.Hour},
			&cli.Float64Flag{Name: "share", DefaultText: "all"},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}},
			tool.OutputFlag(),
			tool.TokenFileFlag(),
		},
		Action: func(c *cli.Context) error { return do(c, t) },
	}
	code := t.Run(ctx, app, append([]string{"demo"}, args...))
	return result{code, out.String(), errs.String()}
}

// fail returns an action that returns err.
func fail(err error) action {
	return func(*cli.Context, *tool.Tool) error { return err }
}

func check(t *testing.T, got, want result) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
}

// write returns an action that writes text to stdout.
func write(text string) action {
	return func(_ *cli.Context, t *tool.Tool) error {
		_, err := t.Out.Write([]byte(text))
		return err
	}
}

func TestShortOptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args  string
		level slog.Level
		all   bool
	}{
		{"", slog.LevelWarn, false},
		{"-v", slog.LevelInfo, false},
		{"-vv", slog.LevelDebug, false},
		{"-v -v", slog.LevelDebug, false},
		{"-vvv", slog.LevelDebug, false},
		{"-va", slog.LevelInfo, true},
		{"-qv", slog.LevelError, false},
		{"-vq", slog.LevelError, false},
		{"-q", slog.LevelError, false},
		{"--verbose --all", slog.LevelInfo, true},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			got := run(t.Context(), func(c *cli.Context, tl *tool.Tool) error {
				for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
					if on := tl.Log.Enabled(c.Context, level); on != (level >= tt.level) {
						t.Errorf("%s is logged: %t", level, on)
					}
				}
				if c.Bool("all") != tt.all {
					t.Errorf("-a = %t", c.Bool("all"))
				}
				return nil
			}, strings.Fields(tt.args)...)
			check(t, got, result{})
		})
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	files := func(c *cli.Context, t *tool.Tool) error {
		names, err := tool.Files(c)
		if err != nil {
			return err
		}
		return write(strings.Join(names, " "))(c, t)
	}
	check(t, run(t.Context(), files, "-a", "one", "-", "two"), result{out: "one - two"})
	check(t, run(t.Context(), files), result{})
	check(t, run(t.Context(), files, "one", "--all"), result{
		code: tool.BadUsage,
		errs: "demo: error: --all comes after a file name\ndemo: hint: put flags before the files\n",
	})
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	const interrupted = "demo: stopped: interrupted\n"
	tests := []struct {
		cause string
		err   error
		want  result
	}{
		{"interrupt signal received", context.Canceled, result{code: 130, errs: interrupted}},
		{"terminated signal received", context.Canceled, result{code: 143, errs: interrupted}},
		{"hangup signal received", context.Canceled, result{code: 143, errs: interrupted}},
		{"interrupt signal received", errors.New("read: file already closed"), result{code: 130, errs: interrupted}},
		{"interrupt signal received", tool.ErrRejected, result{code: 130, errs: interrupted}},
		{
			"terminated signal received", tool.Hint(context.Canceled, "run demo again"),
			result{code: 143, errs: interrupted + "demo: hint: run demo again\n"},
		},
		{"interrupt signal received", nil, result{}}, // too late to matter
	}
	for _, tt := range tests {
		ctx, cancel := context.WithCancelCause(t.Context())
		got := run(ctx, func(*cli.Context, *tool.Tool) error {
			cancel(errors.New(tt.cause))
			return tt.err
		})
		check(t, got, tt.want)
	}
}

// The race detector would find anything that two runs share.
func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	var runs sync.WaitGroup
	for i := range 4 {
		runs.Go(func() {
			n := strconv.Itoa(i)
			got := run(t.Context(), func(c *cli.Context, tl *tool.Tool) error {
				tl.Warn("%s", c.String("domain"))
				return nil
			}, "-"+strings.Repeat("v", i+1), "--domain", n)
			check(t, got, result{errs: "demo: warning: " + n + "\n"})
			if got := run(t.Context(), nil, "--help"); got.code != tool.Done {
				t.Errorf("--help = %d", got.code)
			}
			if got := run(t.Context(), nil, "--mistyped"); got.code != tool.BadUsage {
				t.Errorf("--mistyped = %d", got.code)
			}
		})
	}
	runs.Wait()
}
