package httpapi

import (
	"context"
	"net/http"
	"time"
)

// A Pacer decides when a call may be sent.
type Pacer interface {
	// Begin waits until the call may be sent. The caller then calls done with the answer,
	// or with nil if there is none.
	Begin(ctx context.Context, method, path string) (done func(answer *http.Response), err error)
}

// Sleep waits, or until ctx ends, and then returns the cause.
func Sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return sleep(ctx, wait, nil)
}

// sleep waits until wake is closed or, unless wait is 0, until wait has passed.
func sleep(ctx context.Context, wait time.Duration, wake <-chan struct{}) error {
	var expired <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-expired:
		return nil
	case <-wake:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
