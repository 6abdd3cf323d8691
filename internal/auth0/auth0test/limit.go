package auth0test

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limit is a token bucket: Burst calls at once, and Count more in each Per.
type Limit struct {
	Burst int
	Count int
	Per   time.Duration
}

// The limits of the Management API by plan. docs: rate limit configurations. Pro
// is the row "all other endpoints", which includes jobs and roles.
var (
	Free       = Limit{Burst: 2, Count: 2, Per: time.Second}
	Pro        = Limit{Burst: 10, Count: 150, Per: time.Minute}
	Enterprise = Limit{Burst: 50, Count: 16, Per: time.Second}
)

// refill returns how many tokens are added at each tick. Ticks are at the top of
// the second or minute (docs: rate limit policy, fixed window). A bucket that is
// smaller than the count of a window would lose most of it that way, so there
// tokens are added one by one in even steps.
func (l Limit) refill() (tokens int, tick time.Duration) {
	if l.Count > l.Burst {
		return 1, l.Per / time.Duration(l.Count)
	}
	return l.Count, l.Per
}

// bucket is the state of a Limit. The zero Limit lets every call pass.
type bucket struct {
	limit Limit

	mu     sync.Mutex // guards what follows
	begun  bool
	tokens int
	tick   int64 // the last tick that was added
}

// take spends a token and sets the rate limit headers. It reports whether there
// was one.
func (b *bucket) take(h http.Header, now time.Time) bool {
	if b.limit.Per <= 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	n, step := b.limit.refill()
	tick := now.UnixNano() / int64(step)
	if !b.begun {
		b.begun, b.tokens, b.tick = true, b.limit.Burst, tick
	}
	if passed := tick - b.tick; passed > 0 {
		// No more ticks than fill the bucket, so that a long silence cannot overflow.
		b.tokens = min(b.limit.Burst, b.tokens+n*int(min(passed, int64(b.limit.Burst))))
		b.tick = tick
	}
	ok := b.tokens > 0
	if ok {
		b.tokens--
	}
	// UNIX seconds, rounded up: by then there is a token, maybe just one. docs:
	// rate limit use cases.
	next := time.Unix(0, (tick+1)*int64(step))
	reset := next.Add(time.Second - 1).Unix()
	h.Set("x-ratelimit-limit", strconv.Itoa(b.limit.Burst))
	h.Set("x-ratelimit-remaining", strconv.Itoa(b.tokens))
	h.Set("x-ratelimit-reset", strconv.FormatInt(reset, 10))
	return ok
}

// errRate has no Retry-After: the docs do not promise one for the Management
// API.
func errRate() *apiError {
	return refuse(http.StatusTooManyRequests, "too_many_requests", "Global limit has been reached")
}
