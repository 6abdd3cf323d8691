package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Quota paces calls by the headers x-ratelimit-limit, -remaining and -reset of answers.
// It sends nothing if nothing remains. A service may count kinds of calls separately;
// kinds whose answers name the same limit share a bucket.
type Quota struct {
	gate

	interval time.Duration // at least, between two calls
	nextCall time.Time     // earliest next call, because of interval

	buckets map[string]*bucket // by x-ratelimit-limit; "" is for answers without it
	kinds   map[string]*bucket // by kind of call, from its last answer
	latest  *bucket            // of the last answer; a guess for new kinds of calls

	clockKnown bool          // ahead is known
	ahead      time.Duration // how far the service's clock is ahead of ours at least
}

// bucket holds the state of one limit.
type bucket struct {
	limited   bool
	remaining int
	reset     time.Time
	window    int64 // the reset as the service wrote it, which names the window
	inFlight  int   // calls that remaining may not include yet
}

// NewQuota returns a pacer that knows nothing yet, so it sends one call alone first.
// maxRPS bounds the calls a second, however many remain; 0 is no bound. onWait, which may
// be nil, is called with the reason before each wait.
func NewQuota(maxRPS float64, onWait func(wait time.Duration, why string)) *Quota {
	q := &Quota{
		gate:    gate{MaxPause: maxQuotaWait, onWait: onWait, changed: make(chan struct{})},
		buckets: map[string]*bucket{}, kinds: map[string]*bucket{}, latest: &bucket{},
	}
	if maxRPS > 0 {
		q.interval = time.Duration(float64(time.Second) / maxRPS)
	}
	return q
}

// Begin implements Pacer.
func (q *Quota) Begin(ctx context.Context, method, path string) (func(*http.Response), error) {
	call := &quotaTurn{pacer: q, kind: kindOf(method, path)}
	return q.begin(ctx, call) //nolint:bodyclose // it opens nothing: done takes the answer
}

// kindOf returns the method and path of a call without ids.
func kindOf(method, path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.ContainsAny(part, "_%|0123456789") {
			parts[i] = "*"
		}
	}
	return method + strings.Join(parts, "/")
}

// quotaTurn is one call and the bucket in which it counts.
type quotaTurn struct {
	pacer  *Quota
	kind   string
	bucket *bucket // set once the call may be sent
}

func (t *quotaTurn) next(now time.Time) (time.Duration, string) {
	const used = "the service's rate limit is used up"
	q := t.pacer
	if (q.refusals > 0 || len(q.kinds) == 0) && q.inFlight > 0 {
		return 0, "one call tries how many the service takes"
	}
	b := cmp.Or(q.kinds[t.kind], q.latest)
	if b.limited && b.remaining <= b.inFlight {
		if wait := b.reset.Sub(now); wait > 0 {
			return wait, used
		}
		// The reset has passed: some calls are back, perhaps just one.
		if b.inFlight > 0 {
			return 0, used
		}
	}
	if wait := q.nextCall.Sub(now); wait > 0 {
		return wait, "the calls a second are limited"
	}
	t.bucket = b
	return 0, ""
}

func (t *quotaTurn) start(now time.Time) {
	t.bucket.inFlight++
	t.pacer.nextCall = now.Add(t.pacer.interval)
}

func (t *quotaTurn) end(now time.Time, answer *http.Response) {
	t.bucket.inFlight--
	if answer == nil { // the service may have counted it
		t.bucket.remaining = max(t.bucket.remaining-1, 0)
		return
	}
	t.pacer.learn(t.kind, now, answer)
}

// The least pause after a 429, doubled with each.
const (
	quotaPause    = time.Second
	maxQuotaPause = time.Minute
)

// maxQuotaWait is the longest pause after a 429. Auth0's windows are seconds or minutes
// long.
const maxQuotaWait = 2 * time.Hour

// learn takes the state of a limit from the headers of an answer.
func (q *Quota) learn(kind string, now time.Time, answer *http.Response) {
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
	}
	if !limited && answer.StatusCode >= 400 {
		return // it comes from something in front of the service, which knows no limit
	}
	b := q.buckets[limit]
	if b == nil {
		b = &bucket{limited: limited}
		q.buckets[limit] = b
	}
	q.kinds[kind], q.latest = b, b
	// Answers overtake each other. Within a window the lowest number is the latest, and a
	// window that has passed no longer counts.
	switch {
	case window > b.window:
		b.window, b.remaining, b.reset = window, remaining, reset
	case window == b.window, reset.After(now):
		b.remaining = min(b.remaining, remaining)
	}
}

// compareClocks learns from the Date of an answer how far the service's clock is ahead of
// ours at least. A Date has whole seconds. A call that is sent too early draws a 429.
func (q *Quota) compareClocks(answer *http.Response, now time.Time) {
	date, err := http.ParseTime(answer.Header.Get("Date"))
	if err != nil {
		return
	}
	ahead := date.Sub(now)
	// After a 429, the difference known so far may have been the cause.
	if !q.clockKnown || ahead > q.ahead || answer.StatusCode == http.StatusTooManyRequests {
		q.clockKnown, q.ahead = true, ahead
	}
}

// parseReset reads x-ratelimit-reset. It is in UNIX seconds of the service's clock on the
// Management API, and a delay in seconds on some others (Auth0 docs, rate limit use
// cases). window is a number that all answers of a window share.
func parseReset(answer *http.Response, now time.Time, ahead time.Duration) (reset time.Time, window int64, ok bool) {
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
