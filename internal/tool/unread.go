package tool

import (
	"context"
	"errors"
	"time"
)

// ErrUnread is the error of a write to a pipe whose reader has gone.
var ErrUnread = errors.New("nobody reads what it writes: the command after it has ended")

const readerPeriod = time.Second // between two checks whether stdout has a reader

// watchReader ends the run if stdout is a pipe whose reader has gone. A waiting run would
// notice only at its next write. The returned function ends the watch.
func (t *Tool) watchReader(ctx context.Context, end context.CancelCauseFunc) (stop func()) {
	if !canWatchReader || !isPipe(t.Out) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(readerPeriod)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			if hasNoReader(t.Out) {
				t.stdout.fail(ErrUnread) // a write would end the process before it can say why
				end(ErrUnread)
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}
