package httpapi

import (
	"cmp"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/sethvargo/go-retry"
)

// These are how often and how long a call is retried. The address of a service that has
// never answered is probably misspelt, so nobody waits for it. A service that has
// answered before is waited for.
const (
	firstWait     = 500 * time.Millisecond
	longestWait   = time.Minute
	maxAttempts   = 10
	maxUnanswered = 4 // attempts on a service that has never answered
)

// patience decides, for one call, how long to wait before the next attempt and when to
// give up. It implements retry.Backoff.
type patience struct {
	growth      retry.Backoff
	maxAttempts int
	outages     bool // a 502 or 504 means that the service is away
	maxWait     time.Duration
	onWait      func(time.Duration, error)

	since    time.Time // when this call failed first
	attempts int       // failures that count as attempts
	last     error
	minWait  time.Duration // what the service asked for
	noWait   bool          // no wait here: the pacer may hold the next attempt back
}

func newPatience(attempts int, maxWait time.Duration, onWait func(time.Duration, error)) *patience {
	return &patience{
		growth:      retry.WithCappedDuration(longestWait, retry.NewExponential(firstWait)),
		maxAttempts: cmp.Or(attempts, maxAttempts), outages: attempts == 0,
		maxWait: maxWait, onWait: onWait,
	}
}

// noteFailure records a failure and reports whether to repeat the call. answered says
// whether the service has ever answered.
func (p *patience) noteFailure(err error, answered bool) bool {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	p.last, p.minWait, p.noWait = err, 0, false
	var api *APIError
	if !errors.As(err, &api) {
		p.attempts++
		return isTransient(err) && (answered || p.attempts < maxUnanswered)
	}
	p.minWait = api.RetryAfter
	switch {
	case api.Status == http.StatusTooManyRequests:
		// The pacer holds all calls back, so this is not an attempt.
		p.noWait = true
		return true
	case api.Status == http.StatusServiceUnavailable,
		p.outages && (api.Status == http.StatusBadGateway || api.Status == http.StatusGatewayTimeout):
		return true // the service is away, as if the network were
	case isRetryable(api):
		p.attempts++
		return p.attempts < p.maxAttempts
	}
	return false
}

// skipWait lets the next attempt follow at once.
func (p *patience) skipWait() {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	p.noWait = true
}

func isRetryable(e *APIError) bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return true
	case http.StatusNotImplemented:
		return false
	}
	// Permit's OpenAPI names this code without a status.
	return e.Status >= 500 || e.Code == "CONCURRENT_OPERATION_DISALLOWED"
}

// isTransient reports whether a call without a complete answer may get one the next time.
func isTransient(err error) bool {
	if _, ok := errors.AsType[*transportError](err); !ok {
		return false // an answer that cannot be decoded will not change
	}
	var (
		certificate *x509.CertificateInvalidError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
	)
	return !errors.As(err, &certificate) && !errors.As(err, &authority) && !errors.As(err, &hostname) &&
		!errors.Is(err, http.ErrSchemeMismatch)
}

// Next implements retry.Backoff.
func (p *patience) Next() (time.Duration, bool) {
	if p.noWait {
		return 0, time.Since(p.since)+p.minWait > p.maxWait
	}
	grown, _ := p.growth.Next()
	// Full jitter, but never less than what the service asked for.
	wait := max(rand.N(grown)+1, p.minWait) //nolint:gosec // the jitter need not be unpredictable
	if time.Since(p.since)+wait > p.maxWait {
		return 0, true
	}
	p.onWait(wait, p.last)
	return wait, false
}

// Unreachable reports whether err means that a service was never reached, for example
// because its name is misspelt or it does not speak https.
func Unreachable(err error) bool {
	var (
		transport *transportError
		op        *net.OpError
	)
	return errors.As(err, &transport) && !transport.answered &&
		(errors.As(err, &op) && op.Op == "dial" || errors.Is(err, http.ErrSchemeMismatch))
}
