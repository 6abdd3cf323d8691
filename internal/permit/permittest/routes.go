package permittest

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// call is one request on its way through a handler, which runs under the
// server's lock and with a valid body.
type call struct {
	args  []string // the path's wildcards behind the environment, unescaped
	body  fields   // of a call whose body is an object
	rows  []fields // of a call whose body is an array
	query params
	now   time.Time
}

type answer struct {
	status int
	body   any
}

func ok(body any) (answer, error) { return answer{http.StatusOK, body}, nil }

// empty is what the bulk results of the spec look like: objects without
// fields.
type empty struct{}

type route struct {
	method string
	path   string // without proj and env; {} is a wildcard
	body   *body
	handle func(*Server, *call) (answer, error)
	parts  []string
}

const (
	facts  = "/v2/facts/{proj}/{env}/"
	schema = "/v2/schema/{proj}/{env}/"
)

var routes = compile([]route{
	{method: "GET", path: "/v2/api-key/scope", handle: (*Server).getScope},

	{method: "GET", path: schema + "roles", handle: (*Server).listRoles},
	{method: "POST", path: schema + "roles", body: object(roleCreate), handle: (*Server).postRole},
	{method: "GET", path: schema + "roles/{}", handle: (*Server).getRole},
	{method: "PATCH", path: schema + "roles/{}", body: object(roleUpdate), handle: (*Server).patchRole},
	{method: "DELETE", path: schema + "roles/{}", handle: (*Server).deleteRole},
	{method: "POST", path: schema + "roles/{}/permissions", body: object(permissionList), handle: (*Server).postPermissions},
	{method: "DELETE", path: schema + "roles/{}/permissions", body: object(permissionList), handle: (*Server).deletePermissions},
	{method: "PUT", path: schema + "bulk/roles", body: operations(roleCreateBulk, capRoles), handle: (*Server).putRoles},

	{method: "GET", path: facts + "users", handle: (*Server).listUsers},
	{method: "POST", path: facts + "users", body: object(userCreate), handle: (*Server).postUser},
	{method: "GET", path: facts + "users/{}", handle: (*Server).getUser},
	{method: "PUT", path: facts + "users/{}", body: object(userCreate), handle: (*Server).putUser},
	{method: "PATCH", path: facts + "users/{}", body: object(userUpdate), handle: (*Server).patchUser},
	{method: "DELETE", path: facts + "users/{}", handle: (*Server).deleteUser},
	{method: "POST", path: facts + "users/{}/roles", body: object(userRoleCreate), handle: (*Server).postUserRole},
	{method: "PUT", path: facts + "bulk/users", body: operations(userCreate, capUsers), handle: (*Server).putUsers},
	{method: "POST", path: facts + "bulk/users", body: operations(userCreate, capUsers), handle: (*Server).postUsers},
	{method: "DELETE", path: facts + "bulk/users", body: idents(capUsers), handle: (*Server).deleteUsers},

	{method: "GET", path: facts + "tenants", handle: (*Server).listTenants},
	{method: "POST", path: facts + "tenants", body: object(tenantCreate), handle: (*Server).postTenant},
	{method: "GET", path: facts + "tenants/{}", handle: (*Server).getTenant},
	{method: "PATCH", path: facts + "tenants/{}", body: object(tenantUpdate), handle: (*Server).patchTenant},
	{method: "POST", path: facts + "bulk/tenants", body: operations(tenantCreate, capTenants), handle: (*Server).postTenants},
	{method: "DELETE", path: facts + "bulk/tenants", body: idents(capTenants), handle: (*Server).deleteTenants},

	{method: "GET", path: facts + "role_assignments", handle: (*Server).listAssignments},
	{method: "POST", path: facts + "role_assignments", body: object(assignmentCreate), handle: (*Server).postAssignment},
	{method: "DELETE", path: facts + "role_assignments", body: object(assignmentRemove), handle: (*Server).deleteAssignment},
	{method: "POST", path: facts + "role_assignments/bulk", body: array(assignmentCreate, capAssignments), handle: (*Server).postAssignments},
	{method: "DELETE", path: facts + "role_assignments/bulk", body: array(assignmentRemove, capAssignments), handle: (*Server).deleteAssignments},
})

func compile(rs []route) []route {
	for i := range rs {
		rs[i].parts = strings.Split(rs[i].path, "/")
	}
	return rs
}

// match finds the route of a path. It splits the path as sent, so that an
// escaped slash does not end a key; http.ServeMux would also clean away the
// user "..", whose key Permit allows.
func match(method, escaped string) (*route, []string) {
	have := strings.Split(escaped, "/")
	for i, part := range have {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return nil, nil
		}
		have[i] = plain
	}
next:
	for i := range routes {
		rt := &routes[i]
		if rt.method != method || len(rt.parts) != len(have) {
			continue
		}
		var args []string
		for j, want := range rt.parts {
			switch {
			case strings.HasPrefix(want, "{") && have[j] != "":
				args = append(args, have[j])
			case want != have[j]:
				continue next
			}
		}
		return rt, args
	}
	return nil, nil
}

func (s *Server) work(w http.ResponseWriter, r *http.Request, raw []byte) {
	if s.o.MaxBody > 0 && int64(len(raw)) > s.o.MaxBody {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		_, _ = w.Write([]byte("<html><body><h1>413 Request Entity Too Large</h1></body></html>\n"))
		return
	}
	a, err := s.dispatch(r, raw)
	if err != nil {
		s.refuse(w, err)
		return
	}
	send(w, a.status, a.body)
}

func (s *Server) dispatch(r *http.Request, raw []byte) (answer, error) {
	rt, args := match(r.Method, r.URL.EscapedPath())
	if rt == nil {
		return answer{}, fail(http.StatusNotFound, "NOT_FOUND", "The requested data could not be found, there is no such endpoint")
	}
	if len(args) > 0 {
		if err := s.inScope(args[0], args[1]); err != nil {
			return answer{}, err
		}
		args = args[2:]
	}
	c := &call{args: args, query: params{values: r.URL.Query()}}
	if rt.body != nil {
		if err := rt.body.read(s, c, r.Header.Get("Content-Type"), raw); err != nil {
			return answer{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.o.Clock.Now()
	s.settle(c.now)
	return rt.handle(s, c)
}

// inScope: a key sees nothing beside what it was made for; below that, what
// is not there is not found.
func (s *Server) inScope(project, environment string) error {
	inProject := project == ProjectID || project == ProjectKey
	inEnvironment := environment == EnvironmentID || environment == EnvironmentKey
	switch {
	case inProject && inEnvironment:
		return nil
	case s.o.KeyLevel == LevelOrganization && !inProject:
		return notFound("Project", project)
	case s.o.KeyLevel != LevelEnvironment && inProject:
		return notFound("Environment", environment)
	}
	return fail(http.StatusForbidden, "FORBIDDEN_ACCESS", "the api key has no access to this project or environment")
}

// scopeRead is the spec's APIKeyScopeRead.
type scopeRead struct {
	Organization string `json:"organization_id"`
	Project      opt    `json:"project_id,omitzero"`
	Environment  opt    `json:"environment_id,omitzero"`
}

func (s *Server) getScope(*call) (answer, error) {
	a := scopeRead{OrganizationID, s.opt(ProjectID), s.opt(EnvironmentID)}
	if s.o.KeyLevel >= LevelProject {
		a.Environment = s.opt("")
	}
	if s.o.KeyLevel >= LevelOrganization {
		a.Project = s.opt("")
	}
	return ok(a)
}
