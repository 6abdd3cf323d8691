// Command a0export writes the users, roles and permissions of an Auth0 tenant as gzip
// CSV.
//
//	a0export check
//	a0export | a0tojsonl | permitload
//	a0export all -o tenant.csv.gz
package main

import (
	"os"

	"a0permit/internal/a0export"
	"a0permit/internal/tool"
)

func main() {
	ctx, stop := tool.Signals(a0export.LastWords, os.Stderr, os.Exit)
	code := a0export.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code) // nothing above may be deferred
}
