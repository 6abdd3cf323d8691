package auth0test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const apiPath = "/api/v2/"

// request is a call that has been authorized and checked.
type request struct {
	http  *http.Request
	now   time.Time
	id    string // {id} in the path
	query query
}

// route is one operation of the Management API. A token needs any of the scopes.
type route struct {
	method string
	path   string // below apiPath; {id} stands for one segment
	scopes []string
	params []param
	handle func(*Server, *request) (any, error)
}

// empty is a 204.
type empty struct{}

var routes = []route{
	{http.MethodPost, "jobs/users-exports", []string{"read:users"}, nil, (*Server).createJob},
	{http.MethodGet, "jobs/{id}", []string{"read:users", "create:users"}, nil, (*Server).getJob},
	{http.MethodGet, "jobs/{id}/errors", []string{"read:users", "create:users"}, nil, (*Server).getJobErrors},
	{http.MethodGet, "users", []string{"read:users"}, userParams, (*Server).searchUsers},
	{http.MethodGet, "roles", []string{"read:roles"}, roleParams, (*Server).listRoles},
	{http.MethodGet, "roles/{id}/users", roleMemberScopes, memberParams, (*Server).listRoleUsers},
	{http.MethodGet, "organizations", organizationScopes, organizationParams, (*Server).listOrganizations},
	{http.MethodGet, "organizations/{id}/members", orgMemberScopes, orgMemberParams, (*Server).listOrgMembers},
	{http.MethodGet, "connections", []string{"read:connections"}, connectionParams, (*Server).listConnections},
}

// match returns the route of a path, and its {id}. The path is matched as it was
// sent, so that an id with an escaped slash is one segment.
func match(method, escaped string) (route, string, bool) {
	got := strings.Split(strings.TrimPrefix(escaped, apiPath), "/")
	for _, rt := range routes {
		want := strings.Split(rt.path, "/")
		if rt.method != method || len(want) != len(got) {
			continue
		}
		id, ok := "", true
		for i := range want {
			switch part, err := url.PathUnescape(got[i]); {
			case err != nil || part == "":
				ok = false
			case want[i] == "{id}":
				id = part
			case want[i] != got[i]:
				ok = false
			}
		}
		if ok {
			return rt, id, true
		}
	}
	return route{}, "", false
}

// serveAPI checks in the order of the real service: rate, token, scope, query,
// and then what depends on the tenant.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	rt, id, ok := match(r.Method, r.URL.EscapedPath())
	if !ok {
		writeError(w, errNoRoute())
		return
	}
	now := s.now()
	if !s.limit.take(w.Header(), now) {
		writeError(w, errRate())
		return
	}
	flaw := s.flaw(r)
	status, body := s.answer(rt, flaw.ignore(r), id, now)
	switch status {
	case http.StatusOK:
		s.writeAnswer(w, flaw, body)
	case http.StatusNoContent:
		w.WriteHeader(status)
	default:
		writeBytes(w, status, body)
	}
}

// answer encodes under the lock, since rows share the maps of the tenant.
func (s *Server) answer(rt route, r *http.Request, id string, now time.Time) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.do(rt, r, id, now)
	status := http.StatusOK
	if err != nil {
		var refusal *apiError
		if !errors.As(err, &refusal) {
			panic(err)
		}
		status, v = refusal.Status, refusal
	}
	if _, ok := v.(empty); ok {
		return http.StatusNoContent, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return status, b
}

func (s *Server) do(rt route, r *http.Request, id string, now time.Time) (any, error) {
	if err := s.authorize(r, now); err != nil {
		return nil, err
	}
	if err := s.require(rt.scopes...); err != nil {
		return nil, err
	}
	params := rt.params
	if rt.path == "roles" && s.opts.NoRoleType {
		params = olderRoleParams
	}
	q, err := parseQuery(r.URL.RawQuery, params)
	if err != nil {
		return nil, err
	}
	return rt.handle(s, &request{http: r, now: now, id: id, query: q})
}

func readBody(r *http.Request) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r.Body, 1<<20))
}
