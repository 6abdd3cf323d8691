// Package permittest is a stateful fake of one Permit.io environment: the REST
// calls under api.permit.io that deal with roles, tenants, users and role
// assignments, with Permit's validation, bulk caps, rate limits and error
// bodies. It holds a loader to the documented rules, in tests and in a
// sandbox that people can run.
//
// Where the documents are silent or contradict each other, an Option plays
// either answer, and the zero value is the stricter one. Facts carry their
// source in a comment ("spec" is Permit's published OpenAPI document); what
// nobody has confirmed against the live service is marked unverified.
//
// It is not a policy engine: it has no resources, actions or decisions, it
// checks the form of permissions but not that they exist, and it accepts
// derived roles (granted_to) without keeping them. The deprecated detailed
// form of the role assignment list is not played. It is no measure of
// Permit's speed.
package permittest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"a0permit/internal/httpapi/httpapitest"
)

// The one environment there is. A path may name it by id or by key.
const (
	OrganizationID = "00000001-0000-4000-8000-0000000000aa"
	ProjectID      = "00000002-0000-4000-8000-0000000000bb"
	ProjectKey     = "default"
	EnvironmentID  = "00000003-0000-4000-8000-0000000000cc"
	EnvironmentKey = "dev"
)

// maxURL is the longest URL that reaches the API. Permit documents none; that of
// CloudFront, and of much else that stands in front of an API, is 8 KiB.
const maxURL = 8 << 10

// Server is the fake. Use New; it is safe for concurrent use.
type Server struct {
	o         Options
	handler   http.Handler
	calls     httpapitest.Recorder
	windows   windows
	refused   atomic.Int64
	requests  atomic.Uint64
	bulk      atomic.Int32 // bulk writes in flight
	born      time.Time    // by the wall
	bornClock time.Time    // by Options.Clock

	mu sync.Mutex
	store
}

var _ http.Handler = (*Server)(nil)

// New starts an environment that holds the tenant "default" and no roles.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{o: o, born: time.Now(), bornClock: o.Clock.Now(), store: newStore()}
	s.calls.Clock = o.Clock
	s.windows.limits = o.Limits
	s.handler = http.HandlerFunc(s.admit)
	if !o.Forget {
		s.handler = s.calls.Wrap(s.handler)
	}
	// docs: "automatically created in Permit environments"; named so in
	// Permit's own API examples.
	s.Seed(State{Tenants: []Tenant{{Key: "default", Name: "Default Tenant"}}})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Calls is every call so far in order of arrival; empty under Options.Forget.
func (s *Server) Calls() []httpapitest.Call { return s.calls.Calls() }

// Refused counts the 429s drawn from the rate limits, not those of Faults.
func (s *Server) Refused() int { return int(s.refused.Load()) }

// Start serves on a loopback port until stop is called.
func (s *Server) Start() (url string, stop func()) {
	h := httptest.NewServer(s)
	return h.URL, h.Close
}

// admit is what stands in front of the work: the key, the windows and the
// faults. A fault strikes behind the windows, so that a call which failed has
// used up its slot, as it would at a gateway.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	if len(r.URL.RequestURI()) > maxURL {
		http.Error(w, "URI Too Long", http.StatusRequestURITooLong)
		return
	}
	if !s.authorized(r) {
		s.refuse(w, fail(http.StatusUnauthorized, "UNAUTHORIZED", "the api key is missing or not valid"))
		return
	}
	path := r.URL.EscapedPath()
	now := s.o.Clock.Now()
	if wait, ok := s.windows.enter(now, classes(s.o.WideClasses, r.Method, path)); !ok {
		s.refused.Add(1)
		s.refuseRate(w, wait)
		return
	}
	if s.o.SerialBulk != 0 && isBulk(path, true) {
		defer s.bulk.Add(-1)
		if s.bulk.Add(1) > 1 {
			s.refuse(w, fail(s.o.SerialBulk, "CONCURRENT_OPERATION_DISALLOWED", "another bulk operation is in progress"))
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(raw)) // for whoever chooses the fault
	httpapitest.WithFaults(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.work(w, r, raw)
	}), s.o.Faults).ServeHTTP(w, r)
}

// authorized reads the scheme as Starlette's HTTPBearer does, in any case.
func (s *Server) authorized(r *http.Request) bool {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "bearer") && key == s.o.Key
}

// wall turns a span of the fake's clock into the caller's, whose seconds a
// Retry-After counts. The clock does not tell its scale, so it is measured.
func (s *Server) wall(d time.Duration) time.Duration {
	if s.o.Clock == nil {
		return d
	}
	here, there := time.Since(s.born), s.o.Clock.Now().Sub(s.bornClock)
	if here <= 0 || there <= 0 {
		return d
	}
	return time.Duration(float64(d) * float64(here) / float64(there))
}
