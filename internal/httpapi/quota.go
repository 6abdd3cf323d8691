package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Quota paces calls by what the service says is left: the headers
// x-ratelimit-limit, -remaining and -reset of its answers. It never sends when
// nothing is left. A service may count several kinds of call apart: those whose
// answers name the same limit are taken for one bucket.
type Quota struct {
	onWait func(wait time.Duration, why string)
	apart  time.Duration // the least between two calls

	mu       sync.Mutex
	buckets  map[string]*bucket // by x-ratelimit-limit; "" is the calls that have none
	kinds    map[string]string  // kind of call -> the limit that its last answer named
	latest   *bucket            // of the last answer: the guess for a kind not yet called
	inFlight int
	nextCall time.Time // not before, for the sake of apart
	paused   time.Time // by a 429
	refusals int       // 429s since the last answer that was none
	changed  chan struct{}

	clocks bool          // ahead is known
	ahead  time.Duration // the service's clock before ours, at least
}

// bucket is what is known of one limit.
type bucket struct {
	limited   bool
	remaining int
	reset     time.Time
	window    int64 // the reset as the service said it
	inFlight  int   // calls that remaining may not know of
}

// NewQuota returns a pacer that knows nothing yet and so lets one call go
// first. maxRPS is the most calls a second, however much is left; 0 is no such
// bound. onWait may be nil.
func NewQuota(maxRPS float64, onWait func(wait time.Duration, why string)) *Quota {
	q := &Quota{onWait: onWait, buckets: map[string]*bucket{}, kinds: map[string]string{}, changed: make(chan struct{})}
	if maxRPS > 0 {
		q.apart = time.Duration(float64(time.Second) / maxRPS)
	}
	return q
}

// Begin implements Pacer.
func (q *Quota) Begin(ctx context.Context, method, path string) (func(*http.Response), error) {
	kind := kindOf(method, path)
	for {
		q.mu.Lock()
		wait, why := q.next(kind)
		if why == "" {
			done := q.begin(kind) //nolint:bodyclose // it opens nothing: done takes the answer
			q.mu.Unlock()
			return done, nil
		}
		changed := q.changed
		q.mu.Unlock()
		if wait > 0 && q.onWait != nil {
			q.onWait(wait, why)
		}
		if err := sleep(ctx, wait, changed); err != nil {
			return nil, err
		}
	}
}

// kindOf is a call without the ids in its path.
func kindOf(method, path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.ContainsAny(part, "_%|0123456789") {
			parts[i] = "*"
		}
	}
	return method + strings.Join(parts, "/")
}

// next says how long a call must wait and why; no reason means that it may go.
// No wait with a reason means: until something changes.
func (q *Quota) next(kind string) (time.Duration, string) {
	const used = "the service's rate limit is used up"
	now := time.Now()
	if wait := q.paused.Sub(now); wait > 0 {
		return wait, "the service answered 429 (too many requests)"
	}
	if (q.refusals > 0 || q.latest == nil) && q.inFlight > 0 {
		return 0, "one call tries how many the service takes"
	}
	b := q.bucketOf(kind)
	if b != nil && b.limited && b.remaining <= b.inFlight {
		if wait := b.reset.Sub(now); wait > 0 {
			return wait, used
		}
		// The reset has passed: some of it is back, maybe just one.
		if b.inFlight > 0 {
			return 0, used
		}
	}
	if wait := q.nextCall.Sub(now); wait > 0 {
		return wait, "no more calls a second are wanted"
	}
	return 0, ""
}

// bucketOf is nil while nothing is known.
func (q *Quota) bucketOf(kind string) *bucket {
	if limit, ok := q.kinds[kind]; ok {
		return q.buckets[limit]
	}
	return q.latest
}

func (q *Quota) begin(kind string) func(*http.Response) {
	b := q.bucketOf(kind)
	q.inFlight++
	if b != nil {
		b.inFlight++
	}
	q.nextCall = time.Now().Add(q.apart)
	return func(answer *http.Response) {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.inFlight--
		if b != nil {
			b.inFlight--
		}
		if answer != nil {
			q.learn(kind, answer)
		} else if b != nil { // it may have been counted
			b.remaining = max(b.remaining-1, 0)
		}
		close(q.changed)
		q.changed = make(chan struct{})
	}
}

// The shortest pause after a 429, doubled each time.
const (
	quotaPause    = time.Second
	maxQuotaPause = time.Minute
)

func (q *Quota) learn(kind string, answer *http.Response) {
	now := time.Now()
	q.compareClocks(answer, now)
	reset, window, hasReset := parseReset(answer, now, q.ahead)
	remaining, err := strconv.Atoi(answer.Header.Get("X-Ratelimit-Remaining"))
	limited := err == nil && hasReset
	limit := ""
	if limited {
		limit = "of " + answer.Header.Get("X-Ratelimit-Limit")
	}
	if answer.StatusCode == http.StatusTooManyRequests {
		wait := max(retryAfter(answer), reset.Sub(now), min(quotaPause<<min(q.refusals, 10), maxQuotaPause))
		q.refusals++
		q.paused, remaining = now.Add(wait), 0
	} else {
		q.refusals = 0
	}
	if !limited && answer.StatusCode >= 400 {
		return // from something before the service: it says nothing of the limit
	}
	b := q.buckets[limit]
	if b == nil {
		b = &bucket{limited: limited}
		q.buckets[limit] = b
	}
	q.kinds[kind], q.latest = limit, b
	// Answers overtake each other. Of one window the lowest word holds; a window
	// that has passed is history.
	switch {
	case window > b.window:
		b.window, b.remaining, b.reset = window, remaining, reset
	case window == b.window, reset.After(now):
		b.remaining = min(b.remaining, remaining)
	}
}

// compareClocks learns from the Date of an answer, which is whole seconds, how
// far the service's clock is ahead of ours at least: a reset that is taken to
// be too early draws a 429.
func (q *Quota) compareClocks(answer *http.Response, now time.Time) {
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return
	}
	ahead := date.Sub(now)
	// After a 429 what was learned before may be the fault.
	if !q.clocks || ahead > q.ahead || answer.StatusCode == http.StatusTooManyRequests {
		q.clocks, q.ahead = true, ahead
	}
}

// parseReset reads x-ratelimit-reset: UNIX seconds of the service's clock on the
// Management API, a delay in seconds on some others (Auth0 docs, rate limit use
// cases). The number is the same in all answers of a window.
func parseReset(answer *http.Response, now time.Time, ahead time.Duration) (time.Time, int64, bool) {
	seconds, err := strconv.ParseInt(answer.Header.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil {
		return time.Time{}, 0, false
	}
	const slack = 20 * time.Millisecond // a timer that fires early would draw a 429
	if seconds < 1e9 {
		return now.Add(time.Duration(min(max(seconds, 0), 3600))*time.Second + slack), now.Unix() + seconds, true
	}
	wait := time.Unix(seconds, 0).Add(-ahead).Sub(now)
	return now.Add(min(max(wait, 0), time.Hour) + slack), seconds, true
}
