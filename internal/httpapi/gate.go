package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// gate holds calls back until they may be sent. The pacers share it, and its lock guards
// their state, too.
type gate struct {
	// MaxPause is the longest pause that a service may ask for. A longer one is an error.
	// 0 is no bound.
	MaxPause time.Duration

	onWait func(wait time.Duration, why string) // called before each wait; may be nil

	mu       sync.Mutex
	inFlight int
	refusals int           // consecutive 429s
	paused   time.Time     // after a 429, until this time
	changed  chan struct{} // closed and renewed with each answer
}

// turn is one call at a gate. The gate calls its methods under the lock.
type turn interface {
	// next returns how long the call must wait and why. Without a reason the call
	// may be sent; a reason without a time means until the next answer.
	next(now time.Time) (wait time.Duration, why string)
	start(now time.Time)
	end(now time.Time, answer *http.Response)
}

// begin waits until the call may be sent, and starts it. The returned function ends the
// call.
func (g *gate) begin(ctx context.Context, call turn) (func(*http.Response), error) {
	for {
		g.mu.Lock()
		now := time.Now()
		wait, why := g.paused.Sub(now), "the service answered 429 (too many requests)"
		if g.MaxPause > 0 && wait > g.MaxPause {
			g.mu.Unlock()
			return nil, fmt.Errorf("%s and asks to wait until %s", why, g.paused.Format(time.DateTime))
		}
		if wait <= 0 {
			wait, why = call.next(now)
		}
		if why == "" {
			g.inFlight++
			call.start(now)
			g.mu.Unlock()
			return func(answer *http.Response) { g.end(call, answer) }, nil
		}
		changed := g.changed
		g.mu.Unlock()
		if wait > 0 && g.onWait != nil {
			g.onWait(wait, why)
		}
		if err := sleep(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

func (g *gate) end(call turn, answer *http.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	if answer != nil && answer.StatusCode != http.StatusTooManyRequests {
		g.refusals = 0
	}
	call.end(time.Now(), answer)
	close(g.changed)
	g.changed = make(chan struct{})
}
