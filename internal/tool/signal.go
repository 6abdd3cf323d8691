package tool

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Signals returns a context that ends at the first signal to end the process:
// Ctrl-C, SIGTERM or, when the terminal goes away, SIGHUP. The second ends the
// process at once. Only a main may call it.
func Signals() (context.Context, context.CancelFunc) {
	heeded := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup lets the process outlive its terminal
		heeded = append(heeded, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), heeded...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// signalCode returns the exit code of a run that a signal ended.
func signalCode(ctx context.Context) int {
	cause := context.Cause(ctx).Error()
	if strings.HasPrefix(cause, syscall.SIGTERM.String()) || strings.HasPrefix(cause, syscall.SIGHUP.String()) {
		return Terminated
	}
	return Interrupted
}
