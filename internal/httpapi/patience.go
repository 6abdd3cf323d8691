package httpapi

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/sethvargo/go-retry"
)

// How often a call is tried. A service that has never answered is most likely
// misspelt, so a new user is not kept waiting for it; one that has, and then
// goes away, is waited for.
const (
	firstWait    = 500 * time.Millisecond
	longestWait  = time.Minute
	maxAttempts  = 10
	maxStrangers = 4
)

// patience says, for one call, how long to wait before the next attempt and
// when to give up. It implements retry.Backoff.
type patience struct {
	growth  retry.Backoff
	maxWait time.Duration
	onWait  func(time.Duration, error)

	since time.Time // when this call first failed
	fault int       // failures that count as attempts
	last  error
	floor time.Duration // the service's own word
	paced bool          // no wait here: the pacer holds the next attempt, if anything
}

func newPatience(maxWait time.Duration, onWait func(time.Duration, error)) *patience {
	return &patience{
		growth:  retry.WithCappedDuration(longestWait, retry.NewExponential(firstWait)),
		maxWait: maxWait, onWait: onWait,
	}
}

// failed notes a failure and reports whether the call is worth repeating.
func (p *patience) failed(err error, answered bool) bool {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	p.last, p.floor, p.paced = err, 0, false
	var api *APIError
	if !errors.As(err, &api) {
		p.fault++
		return transient(err) && (answered || p.fault < maxStrangers)
	}
	p.floor = api.RetryAfter
	switch {
	case api.Status == http.StatusTooManyRequests:
		// The pacer holds every worker back; this one has not used an attempt.
		p.paced = true
		return true
	case api.Status == http.StatusBadGateway, api.Status == http.StatusServiceUnavailable, api.Status == http.StatusGatewayTimeout:
		return true // the service is away, as when the network is
	case retryable(api):
		p.fault++
		return p.fault < maxAttempts
	}
	return false
}

// atOnce makes the next attempt follow without a wait.
func (p *patience) atOnce() {
	if p.since.IsZero() {
		p.since = time.Now()
	}
	p.paced = true
}

func retryable(e *APIError) bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return true
	case http.StatusNotImplemented:
		return false
	}
	// Permit's OpenAPI names this code without a status.
	return e.Status >= 500 || e.Code == "CONCURRENT_OPERATION_DISALLOWED"
}

// transient reports whether a call without a whole answer may fare better next
// time.
func transient(err error) bool {
	if _, ok := errors.AsType[*transportError](err); !ok {
		return false // an answer that cannot be read will not read better
	}
	var (
		certificate *x509.CertificateInvalidError
		authority   x509.UnknownAuthorityError
		hostname    x509.HostnameError
	)
	return !errors.As(err, &certificate) && !errors.As(err, &authority) && !errors.As(err, &hostname)
}

// Next implements retry.Backoff.
func (p *patience) Next() (time.Duration, bool) {
	if p.paced {
		return 0, time.Since(p.since)+p.floor > p.maxWait
	}
	grown, _ := p.growth.Next()
	// Full jitter, and the service's word as a floor that it cannot shorten.
	wait := max(rand.N(grown)+1, p.floor) //nolint:gosec // nobody gains by guessing a wait
	if time.Since(p.since)+wait > p.maxWait {
		return 0, true
	}
	p.onWait(wait, p.last)
	return wait, false
}

// Unreachable reports whether err is a service that could never be reached, as
// when its name is misspelt.
func Unreachable(err error) bool {
	var (
		transport *transportError
		op        *net.OpError
	)
	return errors.As(err, &transport) && !transport.answered && errors.As(err, &op) && op.Op == "dial"
}

// ErrBase is the fault of an address that cannot be called.
var ErrBase = errors.New("not an address")

func baseError(raw, why string) error { return fmt.Errorf("%w: %q: %s", ErrBase, raw, why) }
