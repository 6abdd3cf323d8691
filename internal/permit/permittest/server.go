// Package permittest is a stateful fake of one Permit.io environment: the REST calls
// under api.permit.io for resources, roles, tenants, users and role assignments, with
// Permit's validation, bulk caps, rate limits and error bodies, and a PDP's call for
// the permissions of a user. It holds a loader to the documented rules, in tests and in
// a sandbox that people can run.
//
// If the documents are silent or contradict each other, an Option chooses the answer.
// The zero value is what Permit's own live tests imply, or the stricter answer if they
// say nothing. Facts carry their source in a comment ("spec" is Permit's published
// OpenAPI document); what nobody has confirmed against the live service is marked
// unverified.
//
// It is not a policy engine: it decides by tenant roles alone. It accepts derived roles
// (granted_to), roles of resources, and the attributes and relations of resources, but
// does not store them. It does not have the deprecated detailed form of the role
// assignment list. It says nothing about Permit's speed.
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

// The only environment. A path may name it by id or by key.
const (
	OrganizationID = "00000001-0000-4000-8000-0000000000aa"
	ProjectID      = "00000002-0000-4000-8000-0000000000bb"
	ProjectKey     = "default"
	EnvironmentID  = "00000003-0000-4000-8000-0000000000cc"
	EnvironmentKey = "dev"

	ProjectName     = "Default Project"
	EnvironmentName = "Development"
)

// maxURL is the length in bytes of the longest URL that reaches the API. Permit
// documents no limit; that of CloudFront, and of many other proxies, is 8 KiB.
const maxURL = 8 << 10

// Server is the fake. Create it with New. It is safe for concurrent use.
type Server struct {
	o         Options
	handler   http.Handler
	calls     httpapitest.Recorder
	windows   windows
	pdp       windows // of the PDP
	refused   atomic.Int64
	requests  atomic.Uint64
	bulk      atomic.Int32 // bulk writes in flight
	born      time.Time    // by the wall clock
	bornClock time.Time    // by Options.Clock

	mu sync.Mutex
	store
}

var _ http.Handler = (*Server)(nil)

// New returns an environment with the tenant "default" and without roles.
func New(o Options) *Server {
	o = o.withDefaults()
	s := &Server{o: o, born: time.Now(), bornClock: o.Clock.Now(), store: newStore()}
	s.calls.Clock = o.Clock
	s.windows.limits = o.Limits
	if !o.Unlimited {
		s.pdp.limits = []Limit{pdpLimit}
	}
	s.handler = http.HandlerFunc(s.admit)
	if !o.Forget {
		s.handler = s.calls.Wrap(s.handler)
	}
	for _, key := range []string{"__tenant", "__user"} {
		s.addResource(&resource{key: key, name: key, created: s.bornClock, updated: s.bornClock, builtIn: true})
	}
	if o.DefaultRoles {
		s.Seed(State{Roles: []Role{
			{Key: "admin", Name: "Admin"}, {Key: "editor", Name: "Editor"}, {Key: "viewer", Name: "Viewer"},
		}})
	}
	// docs: "automatically created in Permit environments"; named so in
	// Permit's own API examples.
	s.Seed(State{Tenants: []Tenant{{Key: "default", Name: "Default Tenant"}}})
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", s.o.Clock.Now().UTC().Format(http.TimeFormat))
	if r.URL.Path == UserPermissionsPath {
		s.serveUserPermissions(w, r)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// Calls returns all calls so far in order of arrival. It is empty under
// Options.Forget.
func (s *Server) Calls() []httpapitest.Call { return s.calls.Calls() }

// Refused returns the number of 429s because of the rate limits, without those
// of Faults.
func (s *Server) Refused() int { return int(s.refused.Load()) }

// Start serves on a loopback address until stop is called.
func (s *Server) Start() (address string, stop func()) {
	h := httptest.NewServer(s)
	return h.URL, h.Close
}

// admit does what comes before the work: it checks the key, counts the call and chooses
// its fault. The fault comes after the count, so that a failed call uses up its slot,
// as it would behind a gateway.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	if len(r.URL.RequestURI()) > maxURL {
		http.Error(w, "URI Too Long", http.StatusRequestURITooLong)
		return
	}
	if !s.isAuthorized(r) {
		s.refuse(w, errRefused(http.StatusUnauthorized, "UNAUTHORIZED", "the api key is missing or not valid"))
		return
	}
	path := r.URL.EscapedPath()
	now := s.o.Clock.Now()
	if wait, ok := s.windows.enter(now, classesOf(s.o.WideClasses, r.Method, path)); !ok {
		s.refused.Add(1)
		s.refuseRate(w, wait)
		return
	}
	if s.o.SerialBulk != 0 && isBulk(path, true) {
		defer s.bulk.Add(-1)
		if s.bulk.Add(1) > 1 {
			s.refuse(w, errRefused(s.o.SerialBulk, "CONCURRENT_OPERATION_DISALLOWED", "another bulk operation is in progress"))
			return
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(raw)) // for Options.Faults
	httpapitest.WithFaults(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.work(w, r, raw)
	}), s.o.Faults).ServeHTTP(w, r)
}

// isAuthorized reports whether the call has the key. The case of the scheme does
// not matter, as in Starlette's HTTPBearer.
func (s *Server) isAuthorized(r *http.Request) bool {
	scheme, key, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "bearer") && key == s.o.Key
}

// wallTime converts a duration on the fake's clock to one on the wall clock, which is
// what Retry-After means to the caller. The clock does not tell its scale, so wallTime
// measures it.
func (s *Server) wallTime(d time.Duration) time.Duration {
	if s.o.Clock == nil {
		return d
	}
	here, there := time.Since(s.born), s.o.Clock.Now().Sub(s.bornClock)
	if here <= 0 || there <= 0 {
		return d
	}
	return time.Duration(float64(d) * float64(here) / float64(there))
}
