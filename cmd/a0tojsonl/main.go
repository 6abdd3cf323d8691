// A0tojsonl turns tables of Auth0 users, roles and organizations into records
// for Permit: CSV in, one JSON object a line out.
//
// Usage:
//
//	a0tojsonl [flags] [FILE...]
//	{ a0export roles; a0export users; } | a0tojsonl | permitload
package main

import (
	"os"
	"runtime/debug"

	"a0permit/internal/a0tojsonl"
	"a0permit/internal/tool"
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // the memory in use is small and short-lived: 10 MiB for a few percent of time
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(128 << 20) // a million roles take memory that stays: here the garbage must not double it
	}
	ctx, stop := tool.Signals(a0tojsonl.LastWords, os.Stderr, os.Exit)
	code := a0tojsonl.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code) // nothing deferred above this line
}
