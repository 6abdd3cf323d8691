// Command a0tojsonl converts tables of Auth0 users, roles and organizations to records
// for Permit. It reads CSV and writes one JSON object per line.
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
		debug.SetGCPercent(200) // little memory is live: 10 MiB more save a few percent of the time
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(128 << 20) // a million roles stay in memory, and garbage must not triple that
	}
	ctx, stop := tool.Signals(a0tojsonl.LastWords, os.Stderr, os.Exit)
	code := a0tojsonl.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code) // nothing above may be deferred
}
