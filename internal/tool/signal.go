package tool

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Signals returns a context that ends at the first signal to end the process: Ctrl-C,
// SIGTERM or, when the terminal goes away, SIGHUP. The second signal ends the process at
// once with exit, after lastWords on errs, which say what is left. Only a main may call
// it.
func Signals(lastWords string, errs io.Writer, exit func(code int)) (ctx context.Context, stop func()) {
	heeded := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup lets the process outlive its terminal
		heeded = append(heeded, syscall.SIGHUP)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, heeded...)
	last := &ending{words: lastWords}
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), endingKey{}, last))
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case first := <-signals:
			cancel(signalError{first})
		case <-done:
			return
		}
		stopping := time.NewTimer(stopDelay)
		defer stopping.Stop()
		for {
			select {
			case second := <-signals:
				code := codeOf(signalError{second})
				last.atOnce(errs, code)
				exit(code)
				return
			case <-stopping.C:
				last.sayStopping(errs)
			case <-done:
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		<-ended
		cancel(nil)
	}
}

// stopDelay is how long a run may take to end before it says why it does not.
const stopDelay = time.Second

type signalError struct{ os.Signal }

func (e signalError) Error() string { return e.String() + " signal received" }

// signalCode returns the exit code of a run that a signal ended.
func signalCode(ctx context.Context) int { return codeOf(context.Cause(ctx)) }

// codeOf returns the exit code for a signal.
func codeOf(cause error) int {
	text := cause.Error()
	if strings.HasPrefix(text, syscall.SIGTERM.String()) || strings.HasPrefix(text, syscall.SIGHUP.String()) {
		return Terminated
	}
	return Interrupted
}
