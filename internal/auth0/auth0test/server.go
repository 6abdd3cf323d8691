// Package auth0test is a fake of one Auth0 tenant: the calls of the Management
// API that concern users, roles, organizations and export jobs, the token
// endpoint, and the storage host that export links point to. It enforces the
// documented rules, and it is awkward wherever the real service is known to be:
// pages are short, the last page is empty, links expire after a minute.
//
// It is not a mock: nothing is stubbed call by call, and every answer follows
// from the Tenant. It is not a copy of Auth0 either: it has no login, no write
// but the export job, and of the search syntax only what listing users needs. What
// Auth0 does not document is decided by Options, so that a client can be tested
// under each reading.
package auth0test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"a0permit/internal/httpapi/httpapitest"
)

// Server is the fake. It is an http.Handler, safe for concurrent use.
type Server struct {
	opts    Options
	calls   httpapitest.Recorder
	handler http.Handler
	limit   bucket

	mu     sync.Mutex // guards what follows
	tenant Tenant
	byID   map[string]int // index in tenant.Users
	jobs   map[string]*job
	issued map[string]time.Time // tokens from /oauth/token, and when they expire
	opaque map[string]bool      // tokens that are no JWT, as they are issued without an audience
	links  int                  // download links handed out
	cuts   int                  // downloads cut off
	marks  int                  // checkpoints that lead nowhere
}

// New returns a fake that holds a copy of t.
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
	// The clock may be ahead of the wall clock. A client that compares a reset with
	// the Date of the same answer is right all the same.
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

// Calls returns the calls so far, downloads included.
func (s *Server) Calls() []httpapitest.Call { return s.calls.Calls() }

// Update changes the tenant between two calls. Jobs that exist keep the users
// that they were created with.
func (s *Server) Update(change func(*Tenant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.tenant)
	s.tenant = s.tenant.clone() // the caller may have kept a map or a slice
	s.index()
}

// Tenant returns a copy of what the fake holds now.
func (s *Server) Tenant() Tenant {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tenant.clone()
}

// Start serves on a loopback address until stop is called.
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

// user returns a user, nil when the tenant does not have it.
func (s *Server) user(id string) *User {
	i, ok := s.byID[id]
	if !ok {
		return nil
	}
	return &s.tenant.Users[i]
}
