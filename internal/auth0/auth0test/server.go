// Package auth0test is a fake Auth0 tenant. It serves the Management API calls that
// concern users, roles, permissions, groups, organizations and export jobs, the token
// endpoint, and the storage host of export links. It enforces the documented rules,
// and is as awkward as the real service: pages are short, the last page is empty,
// links expire after a minute.
//
// It is not a mock: no call is stubbed, and every answer follows from the Tenant. It is
// not a copy of Auth0 either: it has no login, no writes except export jobs, and only
// the part of the search syntax that listing users needs. If the docs leave a behaviour
// open, Options choose it, so that a client can be tested with each.
package auth0test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"a0permit/internal/httpapi/httpapitest"
)

// Server is the fake tenant. It is an http.Handler, safe for concurrent use.
type Server struct {
	opts    Options
	calls   httpapitest.Recorder
	handler http.Handler
	limit   bucket

	mu          sync.Mutex // guards the fields below
	tenant      Tenant
	byID        map[string]int // index in tenant.Users
	jobs        map[string]*job
	issued      map[string]time.Time // tokens from /oauth/token, and when they expire
	opaque      map[string]bool      // tokens issued without an audience, which are not JWTs
	links       int                  // number of download links sent
	cuts        int                  // number of downloads cut off
	checkpoints int                  // number of checkpoints that lead nowhere
}

// New returns a fake with a copy of t.
func New(t Tenant, o Options) *Server {
	s := &Server{
		opts:   o.withDefaults(),
		tenant: t.clone(),
		jobs:   map[string]*job{},
		issued: map[string]time.Time{},
		opaque: map[string]bool{},
	}
	s.calls.Clock = s.opts.Clock
	s.limit = bucket{limit: s.opts.Limit}
	s.index()
	s.handler = s.calls.Wrap(httpapitest.WithFaults(http.HandlerFunc(s.serve), s.opts.Faults))
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The clock may be ahead of the wall clock, so clients must compare a rate limit
	// reset with the Date of the same answer.
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	s.handler.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	switch {
	case path == "/oauth/token" && r.Method == http.MethodPost:
		s.serveToken(w, r)
	case strings.HasPrefix(path, exportPath):
		s.serveDownload(w, r)
	case strings.HasPrefix(path, apiPath):
		s.serveAPI(w, r)
	default:
		writeError(w, errNoRoute())
	}
}

// Calls returns the calls so far, including downloads.
func (s *Server) Calls() []httpapitest.Call { return s.calls.Calls() }

// Update changes the tenant. Existing jobs keep the users that they were created with.
func (s *Server) Update(change func(*Tenant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.tenant)
	s.tenant = s.tenant.clone() // the caller may have kept a map or a slice
	s.index()
}

// Tenant returns a copy of the current tenant.
func (s *Server) Tenant() Tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tenant.clone()
}

// Start serves on a loopback address until stop is called. It returns the base URL.
func (s *Server) Start() (address string, stop func()) {
	srv := httptest.NewServer(s)
	return srv.URL, srv.Close
}

func (s *Server) now() time.Time { return s.opts.Clock.Now() }

func (s *Server) index() {
	s.byID = make(map[string]int, len(s.tenant.Users))
	for i := range s.tenant.Users {
		s.byID[s.tenant.Users[i].ID] = i
	}
}

// user returns a user, or nil if the tenant does not have it.
func (s *Server) user(id string) *User {
	i, ok := s.byID[id]
	if !ok {
		return nil
	}
	return &s.tenant.Users[i]
}
