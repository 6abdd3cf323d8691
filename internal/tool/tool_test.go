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

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"

	"a0permit/internal/tool"
)

// result is all that a run leaves on its streams.
type result struct {
	code      int
	out, errs string
}

type action = func(c *cli.Context, t *tool.Tool) error

// run is one run of a command named demo, as its main would start it.
func run(ctx context.Context, do action, args ...string) result {
	var out, errs bytes.Buffer
	t := tool.New("demo", strings.NewReader(""), &out, &errs)
	app := &cli.App{
		Usage: "shows how", UsageText: "demo [FILE...]", Description: "More of it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "domain", EnvVars: []string{"DEMO_DOMAIN", "DEMO_HOST"}},
			&cli.IntFlag{Name: "number", Value: 7, EnvVars: []string{"DEMO_NUMBER"}},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}},
			tool.OutputFlag(),
			tool.TokenFileFlag(),
		},
		Action: func(c *cli.Context) error { return do(c, t) },
	}
	code := t.Run(ctx, app, append([]string{"demo"}, args...))
	return result{code, out.String(), errs.String()}
}

func fails(err error) action {
	return func(*cli.Context, *tool.Tool) error { return err }
}

func check(t *testing.T, got, want result) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
}

// write is an action that puts text on stdout.
func write(text string) action {
	return func(_ *cli.Context, t *tool.Tool) error {
		_, err := t.Out.Write([]byte(text))
		return err
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"mistyped flag":        {"--domian", "acme"},
		"secret for no flag":   {"--token=s3cret"},
		"mistyped short":       {"-qx"},
		"flag without a value": {"--domain"},
		"not a number":         {"--number", "many"},
		"unknown log format":   {"--log-format", "xml"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t.Context(), write("ran"), args...)
			if got.code != tool.BadUsage || got.out != "" {
				t.Errorf("run %q = %d with stdout %q, want 2 with none", args, got.code, got.out)
			}
			lines := strings.Split(strings.TrimSuffix(got.errs, "\n"), "\n")
			if len(lines) != 2 || !strings.HasPrefix(lines[0], "demo: error: ") || !strings.HasPrefix(lines[1], "demo: hint: ") {
				t.Errorf("stderr = %q, want an error and a hint", got.errs)
			}
			if strings.Contains(got.errs, "s3cret") {
				t.Errorf("stderr = %q, which shows the value", got.errs)
			}
		})
	}
}

// What was most likely meant is said.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"--domian": "did you mean --domain? ", "--summry": "did you mean --summary? ", "--qiuet": "did you mean --quiet? ", "--token_file": "did you mean --token-file? ", "--zzz": "hint: see demo --help",
	} {
		if got := run(t.Context(), write("ran"), typed, "x"); !strings.Contains(got.errs, want) || !strings.Contains(got.errs, "see demo --help") {
			t.Errorf("%s: %s", typed, got.errs)
		}
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
		errs: "demo: error: --all stands after a file\ndemo: hint: put flags before the files\n",
	})
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		cause string
		err   error
		want  result
	}{
		{"interrupt signal received", context.Canceled, result{code: 130, errs: "demo: error: interrupted\n"}},
		{"terminated signal received", context.Canceled, result{code: 143, errs: "demo: error: interrupted\n"}},
		{"interrupt signal received", errors.New("read: file already closed"), result{code: 130, errs: "demo: error: interrupted\n"}},
		{"interrupt signal received", tool.ErrRejected, result{code: 130, errs: "demo: error: interrupted\n"}},
		{"terminated signal received", tool.Hint(context.Canceled, "run demo again"), result{code: 143, errs: "demo: error: interrupted\ndemo: hint: run demo again\n"}},
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

// The race detector sees what two runs share.
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
