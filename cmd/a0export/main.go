// Command a0export writes an Auth0 tenant's users and their roles as gzip CSV.
//
//	a0export | a0tojsonl | permitload
//	a0export -o users.csv.gz
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"a0permit/internal/a0export"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process
	code := a0export.Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code) // nothing deferred above this line
}
