package permittest

import (
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Class names a rate limit of Permit's table (docs: "rate limits" of the API).
type Class string

// The classes of the calls that this fake has. A call counts in each class that
// it fits. The published class "members" has no call here.
const (
	ClassSchema Class = "schema"
	ClassDelete Class = "delete"
	ClassBulk   Class = "bulk"
	ClassWrite  Class = "write"
	ClassAll    Class = "all"
)

// Limit allows this many calls of a class in any span as long as Window.
type Limit struct {
	Class  Class
	Calls  int
	Window time.Duration
}

// PublishedLimits returns the limits in Permit's docs.
func PublishedLimits() []Limit {
	return []Limit{
		{ClassSchema, 40, time.Minute},
		{ClassDelete, 60, time.Minute},
		{ClassBulk, 100, 10 * time.Minute},
		{ClassWrite, 300, time.Minute},
		{ClassAll, 1000, time.Minute},
	}
}

// classesOf returns the classes of a call. The narrow reading takes the
// published text literally: "POST /v2/schema/*", "bulk" for the paths under
// bulk/, "POST, PUT, DELETE". The wide reading adds role_assignments/bulk to
// bulk, PATCH to write, and any write under /v2/schema to schema. Which of the
// two is right is unverified.
func classesOf(wide bool, method, path string) []Class {
	in := []Class{ClassAll}
	write := method == http.MethodPost || method == http.MethodPut || method == http.MethodDelete ||
		wide && method == http.MethodPatch
	if write {
		in = append(in, ClassWrite)
	}
	if strings.HasPrefix(path, "/v2/schema/") && (method == http.MethodPost || wide && write) {
		in = append(in, ClassSchema)
	}
	if method == http.MethodDelete {
		in = append(in, ClassDelete)
	}
	if isBulk(path, wide) {
		in = append(in, ClassBulk)
	}
	return in
}

// isBulk reports whether path is that of a bulk call. It looks only at what
// follows the environment, since a user may be called "bulk".
func isBulk(path string, wide bool) bool {
	p := strings.Split(path, "/") // "", v2, facts, project, environment, ...
	if len(p) != 7 {
		return false
	}
	return p[5] == "bulk" || wide && p[5] == "role_assignments" && p[6] == "bulk"
}

// windows holds the calls in sliding windows, by their time of arrival.
type windows struct {
	limits []Limit

	mu       sync.Mutex
	arrivals map[Class][]time.Time
}

// enter counts a call and reports whether it may pass. If not, it returns the time
// until one may. A refused call counts too, so that a client that does not wait
// notices. Whether Permit counts it is unverified.
func (l *windows) enter(now time.Time, in []Class) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.arrivals == nil {
		l.arrivals = map[Class][]time.Time{}
	}
	ok = true
	for _, limit := range l.limits {
		if !slices.Contains(in, limit.Class) {
			continue
		}
		at := l.arrivals[limit.Class]
		for len(at) > 0 && now.Sub(at[0]) >= limit.Window {
			at = at[1:]
		}
		full := len(at) >= limit.Calls
		at = append(at, now)
		l.arrivals[limit.Class] = at
		if full {
			ok = false
			// A slot is free when all but Calls-1 have left the window.
			wait = max(wait, at[len(at)-max(limit.Calls, 1)].Add(limit.Window).Sub(now))
		}
	}
	return wait, ok
}

func (s *Server) refuseRate(w http.ResponseWriter, wait time.Duration) {
	if s.o.RetryAfter {
		// Rounded first, since the measured scale of a fast clock is not exact.
		seconds := s.wallTime(wait).Round(10 * time.Millisecond).Seconds()
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(seconds)))))
	}
	if s.o.ErrorBody429 == Body429CloudPDP {
		refuseCloudPDP(w)
		return
	}
	// The spec has no error code for rate limits.
	s.refuse(w, errRefused(http.StatusTooManyRequests, "UNEXPECTED_ERROR", rateMessage))
}

const rateMessage = "You have exceeded the rate limit. Please try again later."

// refuseCloudPDP answers as the Cloud PDP does above its limit (docs: cloud PDP
// capabilities).
func refuseCloudPDP(w http.ResponseWriter) {
	send(w, http.StatusTooManyRequests, map[string]string{"error": "rate_limited", "message": rateMessage})
}
