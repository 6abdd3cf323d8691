// Command permitload loads records into a Permit environment and writes the records
// that it could not load to stdout.
//
//	a0export | a0tojsonl | permitload > left.jsonl
//	permitload --dry-run records.jsonl
package main

import (
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"a0permit/internal/permitload"
	"a0permit/internal/tool"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50) // a load mostly waits for Permit, so memory matters more than CPU time
	}
	ctx, stop := tool.Signals(permitload.LastWords, os.Stderr, os.Exit)
	// A closed stdout must end the load with an error, not with SIGPIPE, so that calls in
	// flight can finish and the report is printed.
	signal.Ignore(syscall.SIGPIPE)
	code := permitload.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr, tool.OpenTerminal)
	stop()
	os.Exit(code) // nothing above may be deferred
}
