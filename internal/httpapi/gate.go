package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// gate holds calls back until they may be sent: it is the part that the pacers
// share. Its lock guards their state too.
type gate struct {
	// MaxPause is the longest pause that a service may ask for; a longer one is
	// an error. 0 is no bound.
	MaxPause time.Duration

	onWait func(wait time.Duration, why string) // told of each wait; may be nil

	mu       sync.Mutex
	inFlight int
	refusals int           // 429s since the last other answer
	paused   time.Time     // by a 429; no call is sent before
	changed  chan struct{} // closed and renewed with each answer
}

// A turn is one call in front of a gate, which calls its methods under the
// lock.
type turn interface {
	// next returns how long the call must wait and why. Without a reason it may
	// go; a reason without a wait holds it until the next answer.
	next(now time.Time) (wait time.Duration, why string)
	start(now time.Time)
	end(now time.Time, answer *http.Response)
}

// begin waits for the turn and starts it. The function that it returns ends it.
func (g *gate) begin(ctx context.Context, call turn) (func(*http.Response), error) {
	for {
		g.mu.Lock()
		now := time.Now()
		wait, why := g.paused.Sub(now), "the service answered 429 (too many requests)"
		if g.MaxPause > 0 && wait > g.MaxPause {
			g.mu.Unlock()
			return nil, fmt.Errorf("%s and asks for a pause until %s", why, g.paused.Format(time.DateTime))
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
