// Command a0export writes an Auth0 tenant's users, their roles and what those permit
// as gzip CSV.
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
	os.Exit(code) // nothing deferred above this line
}
