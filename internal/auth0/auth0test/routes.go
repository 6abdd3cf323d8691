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

// request is a call after authorization and checks.
type request struct {
	http  *http.Request
	now   time.Time
	id    string // {id} in the path
	user  string // {user} in the path
	query query
}

// route is one operation of the Management API. A token needs one of the scopes.
type route struct {
	method string
	path   string // below apiPath; {id} and {user} stand for one segment each
	scopes []string
	params []param
	handle func(*Server, *request) (any, error)
}

// empty is an answer without a body, with status 204.
type empty struct{}

var routes = []route{
	{http.MethodPost, "jobs/users-exports", []string{"read:users"}, nil, (*Server).createJob},
	{http.MethodGet, "jobs/{id}", []string{"read:users", "create:users"}, nil, (*Server).getJob},
	{http.MethodGet, "jobs/{id}/errors", []string{"read:users", "create:users"}, nil, (*Server).getJobErrors},
	{http.MethodGet, "users", []string{"read:users"}, userParams, (*Server).searchUsers},
	{http.MethodGet, "users/{id}", []string{"read:users"}, fieldParams, (*Server).getUser},
	{http.MethodGet, "users/{id}/roles", roleMemberScopes, offsetParams, (*Server).listUserRoles},
	{http.MethodGet, "users/{id}/organizations", []string{"read:organizations"}, offsetParams, (*Server).listUserOrgs},
	{
		http.MethodGet, "users/{id}/effective-permissions",
		[]string{"read:user_effective_permissions"},
		effectiveParams,
		(*Server).listEffectivePermissions,
	},
	{http.MethodGet, "users-by-email", []string{"read:users"}, byEmailParams, (*Server).listUsersByEmail},
	{http.MethodGet, "roles", []string{"read:roles"}, roleParams, (*Server).listRoles},
	{http.MethodGet, "roles/{id}", []string{"read:roles"}, nil, (*Server).getRole},
	{http.MethodGet, "roles/{id}/users", roleMemberScopes, memberParams, (*Server).listRoleUsers},
	{http.MethodGet, "roles/{id}/permissions", []string{"read:roles"}, offsetParams, (*Server).listRolePermissions},
	{http.MethodGet, "roles/{id}/groups", []string{"read:group_roles"}, checkpointParams, (*Server).listRoleGroups},
	{http.MethodGet, "groups", []string{"read:groups"}, groupParams, (*Server).listGroups},
	{http.MethodGet, "groups/{id}/members", []string{"read:group_members"}, checkpointParams, (*Server).listGroupMembers},
	{http.MethodGet, "resource-servers", []string{"read:resource_servers"}, apiParams, (*Server).listAPIs},
	{http.MethodGet, "resource-servers/{id}", []string{"read:resource_servers"}, fieldParams, (*Server).getAPI},
	{http.MethodGet, "organizations", organizationScopes, organizationParams, (*Server).listOrganizations},
	{http.MethodGet, "organizations/{id}", organizationScopes, nil, (*Server).getOrganization},
	{http.MethodGet, "organizations/{id}/members", orgMemberScopes, orgMemberParams, (*Server).listOrgMembers},
	{http.MethodGet, "organizations/{id}/members/{user}/roles", orgRoleScopes, offsetParams, (*Server).listMemberRoles},
	{http.MethodGet, "connections", []string{"read:connections"}, connectionParams, (*Server).listConnections},
	{http.MethodGet, "connections/{id}", []string{"read:connections"}, fieldParams, (*Server).getConnection},
}

// match returns the route of a path, with the values of {id} and {user}, and whether
// there is one. It takes the escaped path, so that an id with a slash is one segment.
func match(method, escaped string) (route, [2]string, bool) {
	got := strings.Split(strings.TrimPrefix(escaped, apiPath), "/")
	for _, rt := range routes {
		want := strings.Split(rt.path, "/")
		if rt.method != method || len(want) != len(got) {
			continue
		}
		ids, ok := [2]string{}, true
		for i := range want {
			switch part, err := url.PathUnescape(got[i]); {
			case err != nil || part == "":
				ok = false
			case want[i] == "{id}":
				ids[0] = part
			case want[i] == "{user}":
				ids[1] = part
			case want[i] != got[i]:
				ok = false
			}
		}
		if ok {
			return rt, ids, true
		}
	}
	return route{}, [2]string{}, false
}

// serveAPI checks a call in the order of the real service: rate, token, scope, query.
// Checks that depend on the tenant come last.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	rt, ids, ok := match(r.Method, r.URL.EscapedPath())
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
	status, body := s.answer(rt, flaw.ignore(r), ids, now)
	switch status {
	case http.StatusOK:
		s.writeAnswer(w, flaw, body)
	case http.StatusNoContent:
		w.WriteHeader(status)
	default:
		writeBytes(w, status, body)
	}
}

// answer returns the status and JSON body of an answer. It encodes under the lock,
// since rows share maps with the tenant.
func (s *Server) answer(rt route, r *http.Request, ids [2]string, now time.Time) (int, []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.do(rt, r, ids, now)
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

func (s *Server) do(rt route, r *http.Request, ids [2]string, now time.Time) (any, error) {
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
	return rt.handle(s, &request{http: r, now: now, id: ids[0], user: ids[1], query: q})
}

func readBody(r *http.Request) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r.Body, 1<<20))
}
