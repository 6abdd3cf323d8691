// Package e2e runs the three commands as people do, piped together in a shell, against
// the fake Auth0 and the fake Permit. It consists of tests only.
package e2e_test

import (
	"context"
	"flag"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"a0permit/internal/a0export"
	"a0permit/internal/a0tojsonl"
	"a0permit/internal/permitload"
	"a0permit/internal/tool"
)

var (
	update = flag.Bool("update", false, "rewrite the expected outputs in testdata")
	full   = flag.Bool("full", false, "run the tests at their full sizes, which takes longer")
)

// TestMain makes the test binary act as a command if it is called by its name, so that
// scripts run real processes without a build.
func TestMain(m *testing.M) {
	// These tests mostly wait for processes. A -parallel on the command line comes later
	// and wins.
	if err := flag.Set("test.parallel", strconv.Itoa(max(4, runtime.GOMAXPROCS(0)))); err != nil {
		panic(err)
	}
	dialBubbles()
	testscript.Main(m, map[string]func(){
		"a0export":   command(a0export.Run, a0export.LastWords),
		"a0tojsonl":  command(a0tojsonl.Run, a0tojsonl.LastWords),
		"permitload": command(runPermitload, permitload.LastWords, syscall.SIGPIPE),
	})
}

// runPermitload asks nobody unless the script has made a terminal (ttyin) and sets
// SCRIPT_TERMINAL. Otherwise it would ask whoever runs the tests.
func runPermitload(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // as its main does
	}
	var terminal permitload.Terminal
	switch os.Getenv("SCRIPT_TERMINAL") {
	case "":
	case "real":
		terminal = tool.OpenTerminal
	default: // the script has typed before the question
		terminal = func() (io.ReadWriteCloser, error) { return os.OpenFile("/dev/tty", os.O_RDWR, 0) }
	}
	return permitload.Run(ctx, args, in, out, errs, terminal)
}

// command returns a main function that does what the command's own main does.
func command(
	run func(context.Context, []string, io.Reader, io.Writer, io.Writer) int, lastWords string, ignored ...os.Signal,
) func() {
	return func() {
		ctx, stop := tool.Signals(lastWords, os.Stderr, os.Exit)
		if len(ignored) > 0 {
			signal.Ignore(ignored...)
		}
		code := run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
}

func TestScripts(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for a POSIX shell")
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		Cmds:                commands,
		Setup:               setup,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
