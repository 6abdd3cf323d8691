// Package httpapitest holds what the fake services share: a clock that can run faster
// than the wall clock, a recorder of calls, and faults in front of a handler. It knows
// nothing of Auth0 or Permit.
package httpapitest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Clock gives a fake its time. With a scale of 120, ten minutes pass in five seconds, so
// that rate limits can be tested with real processes. A nil Clock is the wall clock.
type Clock struct {
	began time.Time // by the wall clock
	start time.Time // by this clock
	scale float64
	ahead atomic.Int64 // moved by Advance
}

// NewClock returns a clock that starts now and runs scale times as fast as the
// wall clock.
func NewClock(scale float64) *Clock {
	return NewClockAt(time.Now(), scale)
}

// NewClockAt is NewClock for a clock that starts at a given time.
func NewClockAt(start time.Time, scale float64) *Clock {
	return &Clock{began: time.Now(), start: start, scale: scale}
}

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	if c == nil {
		return time.Now()
	}
	passed := time.Duration(float64(time.Since(c.began)) * c.scale)
	return c.start.Add(passed + time.Duration(c.ahead.Load()))
}

// Advance moves the clock forward, or back.
func (c *Clock) Advance(by time.Duration) { c.ahead.Add(int64(by)) }

// Call is one request as it arrived, with the status of its answer. 0 means that no
// answer reached the caller.
type Call struct {
	At     time.Time
	Method string
	Path   string // escaped, as on the wire
	Query  url.Values
	Header http.Header
	Body   []byte
	Status int
}

// Recorder records every call that passes through it, in the order of arrival. The zero
// value is ready to use, also concurrently.
type Recorder struct {
	Clock *Clock

	mu    sync.Mutex
	calls []Call
}

// Wrap returns a handler that records what arrives and passes it on to next.
func (r *Recorder) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			http.Error(w, "body broke off", http.StatusBadRequest)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(body))
		r.mu.Lock()
		i := len(r.calls)
		r.calls = append(r.calls, Call{
			At: r.Clock.Now(), Method: req.Method, Path: req.URL.EscapedPath(), Query: req.URL.Query(),
			Header: req.Header.Clone(), Body: body,
		})
		r.mu.Unlock()
		sw := &statusWriter{ResponseWriter: w}
		// Deferred, since a handler may drop the connection with a panic.
		defer func() {
			r.mu.Lock()
			r.calls[i].Status = sw.status
			r.mu.Unlock()
		}()
		next.ServeHTTP(sw, req)
		if sw.status == 0 {
			sw.status = http.StatusOK
		}
	})
}

// Calls returns a copy of the calls so far.
func (r *Recorder) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// Reset forgets the calls so far.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = nil
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap returns the writer below, for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Fault says what goes wrong with one call. The zero value lets it pass.
type Fault struct {
	Status     int           // status to answer at once, without doing the work
	Body       string        // with this body
	RetryAfter time.Duration // and this header, when not 0
	Cut        bool          // drop the connection without doing the work
	Lose       bool          // do the work, then drop the connection without an answer
}

// WithFaults returns a handler that asks choose for the fault of each call before next
// sees it. With nil, everything passes.
func WithFaults(next http.Handler, choose func(*http.Request) Fault) http.Handler {
	if choose == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := choose(r)
		switch {
		case f.Cut:
			panic(http.ErrAbortHandler)
		case f.Lose:
			next.ServeHTTP(&lostAnswer{header: http.Header{}}, r)
			panic(http.ErrAbortHandler)
		case f.Status != 0:
			if f.RetryAfter != 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(f.Status)
			_, _ = io.WriteString(w, f.Body) // a caller may have gone
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// lostAnswer is a ResponseWriter that discards the answer.
type lostAnswer struct{ header http.Header }

func (n *lostAnswer) Header() http.Header         { return n.header }
func (n *lostAnswer) Write(p []byte) (int, error) { return len(p), nil }
func (n *lostAnswer) WriteHeader(int)             {}

// Transport calls a handler in the caller's goroutine instead of over a socket, so that a
// client and a fake can share a testing/synctest bubble.
type Transport struct{ Handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.RequestURI = r.URL.RequestURI()
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	w := &answer{header: http.Header{}}
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			if w.status == 0 { // the answer has not begun
				resp, err = nil, io.ErrUnexpectedEOF
				return
			}
			//nolint:bodyclose // it is returned
			resp, err = w.response(r, io.MultiReader(&w.body, brokenBody{})), nil
		default:
			panic(p)
		}
	}()
	t.Handler.ServeHTTP(w, r)
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.response(r, &w.body), nil
}

type answer struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func (a *answer) response(r *http.Request, body io.Reader) *http.Response {
	return &http.Response{
		Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(body), ContentLength: int64(a.body.Len()), Request: r,
	}
}

// brokenBody is the rest of an answer whose connection was dropped.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// FlushError is for http.ResponseController.
func (a *answer) FlushError() error { return nil }
