package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Quota paces calls by what the service says is left: the headers
// x-ratelimit-remaining and x-ratelimit-reset of its last answers. It never
// sends when nothing is left.
type Quota struct {
	onWait func(wait time.Duration, why string)

	mu        sync.Mutex
	known     bool
	remaining int // after the last answer
	reset     time.Time
	inFlight  int
	refusals  int
	changed   chan struct{}
}

// NewQuota returns a pacer that knows nothing yet and so lets one call go
// first. onWait may be nil.
func NewQuota(onWait func(wait time.Duration, why string)) *Quota {
	return &Quota{onWait: onWait, changed: make(chan struct{})}
}

// Begin implements Pacer.
func (q *Quota) Begin(ctx context.Context, _, _ string) (func(*http.Response), error) {
	for {
		q.mu.Lock()
		wait, ok := q.next()
		if ok {
			q.inFlight++
			q.mu.Unlock()
			return q.end, nil
		}
		changed := q.changed
		q.mu.Unlock()
		if wait > 0 && q.onWait != nil {
			q.onWait(wait, "the service's rate limit is used up")
		}
		if err := sleep(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

func (q *Quota) next() (time.Duration, bool) {
	wait := time.Until(q.reset)
	switch {
	case !q.known: // the first answer tells how many may follow it
		return 0, q.inFlight == 0
	case q.refusals > 0 && wait > 0:
		return wait, false
	case q.remaining > q.inFlight:
		return 0, true
	case wait > 0:
		return wait, false
	default: // the reset has passed: some of it is back, maybe just one
		return 0, q.inFlight == 0
	}
}

func (q *Quota) end(answer *http.Response) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inFlight--
	if answer != nil {
		q.learn(answer)
	}
	close(q.changed)
	q.changed = make(chan struct{})
}

// The pause after a 429 that does not say how long, doubled each time.
const (
	quotaPause    = time.Second
	maxQuotaPause = time.Minute
)

func (q *Quota) learn(answer *http.Response) {
	now := time.Now()
	reset, hasReset := parseReset(answer, now)
	remaining, err := strconv.Atoi(answer.Header.Get("X-Ratelimit-Remaining"))
	q.known = true
	if answer.StatusCode == http.StatusTooManyRequests {
		wait := max(retryAfter(answer), reset.Sub(now))
		wait = cmp.Or(max(wait, 0), min(quotaPause<<min(q.refusals, 10), maxQuotaPause))
		q.refusals++
		q.remaining, q.reset = 0, now.Add(wait)
		return
	}
	q.refusals = 0
	if err != nil || !hasReset {
		// An endpoint without a limit of its own says nothing of the others'.
		q.remaining = max(q.remaining, 1)
		return
	}
	q.remaining, q.reset = remaining, reset
}

// parseReset reads x-ratelimit-reset: UNIX seconds on the Management API, a
// delay in seconds on some others (Auth0 docs, rate limit use cases). The
// service's own clock counts, where it differs from ours by more than the
// granularity of its Date header.
func parseReset(answer *http.Response, now time.Time) (time.Time, bool) {
	seconds, err := strconv.ParseInt(answer.Header.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	const slack = 20 * time.Millisecond // a timer that fires early would draw a 429
	if seconds < 1e9 {
		return now.Add(time.Duration(min(max(seconds, 0), 3600))*time.Second + slack), true
	}
	wait := time.Unix(seconds, 0).Sub(now)
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		if skew := date.Sub(now); skew.Abs() > 2*time.Second {
			wait -= skew
		}
	}
	return now.Add(min(max(wait, 0), time.Hour) + slack), true
}
