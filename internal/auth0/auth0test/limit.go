package auth0test

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limit is a token bucket. It allows Burst calls at once, and Count more in each Per.
type Limit struct {
	Burst int
	Count int
	Per   time.Duration
}

// The limits of the Management API by plan. docs: rate limit configurations. For Pro it
// is the row "all other endpoints", which includes jobs and roles.
var (
	Free       = Limit{Burst: 2, Count: 2, Per: time.Second}
	Pro        = Limit{Burst: 10, Count: 150, Per: time.Minute}
	Enterprise = Limit{Burst: 50, Count: 16, Per: time.Second}
)

// refill returns how many tokens each tick adds, and the time between two ticks. Ticks
// are at the start of a second or minute (docs: rate limit policy, fixed window). A
// bucket too small for the tokens of a window gets them one by one, evenly spaced.
func (l Limit) refill() (tokens int, tick time.Duration) {
	if l.Count > l.Burst {
		return 1, l.Per / time.Duration(l.Count)
	}
	return l.Count, l.Per
}

// bucket is the state of a Limit. The zero Limit allows every call.
type bucket struct {
	limit Limit

	mu      sync.Mutex // guards the fields below
	started bool
	tokens  int
	tick    int64 // the last tick that added tokens
}

// take takes a token, if there is one, and sets the rate limit headers. It reports
// whether it took one.
func (b *bucket) take(h http.Header, now time.Time) bool {
	if b.limit.Per <= 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n, step := b.limit.refill()
	tick := now.UnixNano() / int64(step)
	if !b.started {
		b.started, b.tokens, b.tick = true, b.limit.Burst, tick
	}
	if passed := tick - b.tick; passed > 0 {
		// Burst ticks fill the bucket. More could overflow after a long pause.
		b.tokens = min(b.limit.Burst, b.tokens+n*int(min(passed, int64(b.limit.Burst))))
		b.tick = tick
	}
	ok := b.tokens > 0
	if ok {
		b.tokens--
	}
	// The reset is in UNIX seconds, rounded up. At that time there is at least one
	// token. docs: rate limit use cases.
	next := time.Unix(0, (tick+1)*int64(step))
	reset := next.Add(time.Second - 1).Unix()
	h.Set("x-ratelimit-limit", strconv.Itoa(b.limit.Burst))
	h.Set("x-ratelimit-remaining", strconv.Itoa(b.tokens))
	h.Set("x-ratelimit-reset", strconv.FormatInt(reset, 10))
	return ok
}

// errRate returns a 429. It has no Retry-After, since the docs do not promise one for
// the Management API.
func errRate() *apiError {
	return refuse(http.StatusTooManyRequests, "too_many_requests", "Global limit has been reached")
}
