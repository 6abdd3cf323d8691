package permittest

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// call is one request, as its handler gets it. Handlers run under the server's lock,
// after the check of the body.
type call struct {
	args  []string // the wildcards of the path after the environment, unescaped
	body  fields   // if the body is an object
	rows  []fields // if the body is an array
	query params
	now   time.Time
}

type answer struct {
	status int
	body   any
}

func answerOK(body any) (answer, error) { return answer{http.StatusOK, body}, nil }

// empty is the bulk result of the spec: an object without fields.
type empty struct{}

type route struct {
	method string
	path   string // without proj and env; {} is a wildcard
	body   *body
	handle func(*Server, *call) (answer, error)
}

const (
	facts  = "/v2/facts/{proj}/{env}/"
	schema = "/v2/schema/{proj}/{env}/"
)

var routes = []route{
	{"GET", "/v2/api-key/scope", nil, (*Server).getScope},

	{"GET", "/v2/projects", nil, (*Server).listProjects},
	{"GET", "/v2/projects/{proj}", nil, (*Server).getProject},
	{"GET", "/v2/projects/{proj}/envs", nil, (*Server).listEnvironments},
	{"GET", "/v2/projects/{proj}/envs/{env}", nil, (*Server).getEnvironment},

	{"GET", schema + "roles", nil, (*Server).listRoles},
	{"POST", schema + "roles", object(roleCreate), (*Server).postRole},
	{"GET", schema + "roles/{}", nil, (*Server).getRole},
	{"PATCH", schema + "roles/{}", object(roleUpdate), (*Server).patchRole},
	{"DELETE", schema + "roles/{}", nil, (*Server).deleteRole},
	{"POST", schema + "roles/{}/permissions", object(permissionList), (*Server).postPermissions},
	{"DELETE", schema + "roles/{}/permissions", object(permissionList), (*Server).deletePermissions},
	{"PUT", schema + "bulk/roles", operations(roleCreateBulk, capRoles), (*Server).putRoles},

	{"GET", schema + "resources", nil, (*Server).listResources},
	{"POST", schema + "resources", object(resourceCreate), (*Server).postResource},
	{"GET", schema + "resources/{}", nil, (*Server).getResource},
	{"PATCH", schema + "resources/{}", object(resourceUpdate), (*Server).patchResource},
	{"PUT", schema + "resources/{}", object(resourceReplace), (*Server).putResource},
	{"DELETE", schema + "resources/{}", nil, (*Server).deleteResource},
	{"GET", schema + "resources/{}/actions", nil, (*Server).listActions},
	{"POST", schema + "resources/{}/actions", object(actionCreate), (*Server).postAction},
	{"GET", schema + "resources/{}/actions/{}", nil, (*Server).getAction},
	{"DELETE", schema + "resources/{}/actions/{}", nil, (*Server).deleteAction},

	{"GET", facts + "users", nil, (*Server).listUsers},
	{"POST", facts + "users", object(userCreate), (*Server).postUser},
	{"GET", facts + "users/{}", nil, (*Server).getUser},
	{"PUT", facts + "users/{}", object(userCreate), (*Server).putUser},
	{"PATCH", facts + "users/{}", object(userUpdate), (*Server).patchUser},
	{"DELETE", facts + "users/{}", nil, (*Server).deleteUser},
	{"POST", facts + "users/{}/roles", object(userRoleCreate), (*Server).postUserRole},
	{"DELETE", facts + "users/{}/roles", object(userRoleRemove), (*Server).deleteUserRole},
	{"PUT", facts + "bulk/users", operations(userCreate, capUsers), (*Server).putUsers},
	{"POST", facts + "bulk/users", operations(userCreate, capUsers), (*Server).postUsers},
	{"DELETE", facts + "bulk/users", idents(capUsers), (*Server).deleteUsers},

	{"GET", facts + "tenants", nil, (*Server).listTenants},
	{"POST", facts + "tenants", object(tenantCreate), (*Server).postTenant},
	{"GET", facts + "tenants/{}", nil, (*Server).getTenant},
	{"PATCH", facts + "tenants/{}", object(tenantUpdate), (*Server).patchTenant},
	{"DELETE", facts + "tenants/{}", nil, (*Server).deleteTenant},
	{"GET", facts + "tenants/{}/users", nil, (*Server).listTenantUsers},
	{"POST", facts + "tenants/{}/users", object(userCreate), (*Server).postTenantUser},
	{"DELETE", facts + "tenants/{}/users/{}", nil, (*Server).deleteTenantUser},
	{"POST", facts + "bulk/tenants", operations(tenantCreate, capTenants), (*Server).postTenants},
	{"DELETE", facts + "bulk/tenants", idents(capTenants), (*Server).deleteTenants},

	{"GET", facts + "role_assignments", nil, (*Server).listAssignments},
	{"POST", facts + "role_assignments", object(assignmentCreate), (*Server).postAssignment},
	{"DELETE", facts + "role_assignments", object(assignmentRemove), (*Server).deleteAssignment},
	{"POST", facts + "role_assignments/bulk", array(assignmentCreate, capAssignments), (*Server).postAssignments},
	{"DELETE", facts + "role_assignments/bulk", array(assignmentRemove, capAssignments), (*Server).deleteAssignments},
}

// parts holds the segments of each route's path.
var parts = func() (all [][]string) {
	for _, rt := range routes {
		all = append(all, strings.Split(rt.path, "/"))
	}
	return all
}()

// match returns the route of a path. It splits the path as sent, so that an
// escaped slash does not end a key. http.ServeMux would also remove the user
// "..", a key that Permit allows.
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
		if rt.method != method || len(parts[i]) != len(have) {
			continue
		}
		var args []string
		for j, want := range parts[i] {
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
	if status := s.poison(r, raw); status != 0 {
		front{status: status, body: "<html></html>\n"}.answer(w)
		return
	}
	flaw := s.flaw(r)
	if f, ok := fronts[flaw]; ok {
		f.answer(w)
		return
	}
	if flaw == NoDate {
		w.Header()["Date"] = nil // which keeps net/http from setting one
	}
	r, raw = flaw.change(r, raw)
	a, err := s.dispatch(r, raw)
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.sendFlawed(w, flaw, r, a)
}

func (s *Server) dispatch(r *http.Request, raw []byte) (answer, error) {
	rt, args := match(r.Method, r.URL.EscapedPath())
	if rt == nil {
		const message = "The requested data could not be found, there is no such endpoint"
		return answer{}, errRefused(http.StatusNotFound, "NOT_FOUND", message)
	}
	switch len(args) {
	case 0:
	case 1: // the project alone
		if err := s.checkScope(args[0], EnvironmentKey); err != nil {
			return answer{}, err
		}
	default:
		if err := s.checkScope(args[0], args[1]); err != nil {
			return answer{}, err
		}
		args = args[2:]
	}
	c := &call{args: args, query: params{values: r.URL.Query(), pageMax: s.o.PageMax}}
	if rt.body != nil {
		if err := rt.body.read(s, c, r.Header.Get("Content-Type"), raw); err != nil {
			return answer{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.now = s.o.Clock.Now()
	s.showDue(c.now)
	return rt.handle(s, c)
}

// checkScope answers 403 for what the key has no access to, and 404 for what does not
// exist within its access.
func (s *Server) checkScope(project, environment string) error {
	inProject := isNamed(project, ProjectID, ProjectKey)
	inEnvironment := isNamed(environment, EnvironmentID, EnvironmentKey)
	switch {
	case inProject && inEnvironment:
		return nil
	case s.o.KeyLevel == LevelOrganization && !inProject:
		return errNotFound("Project", project)
	case s.o.KeyLevel != LevelEnvironment && inProject:
		return errNotFound("Environment", environment)
	}
	return errRefused(http.StatusForbidden, "FORBIDDEN_ACCESS", "the api key has no access to this project or environment")
}

// isNamed reports whether ref is the id, with or without dashes, or the key.
func isNamed(ref, id, key string) bool {
	return ref == key || strings.EqualFold(ref, id) || strings.EqualFold(ref, strings.ReplaceAll(id, "-", ""))
}

// scopeRead is the APIKeyScopeRead of the spec.
type scopeRead struct {
	Organization string `json:"organization_id"`
	Project      opt    `json:"project_id,omitzero"`
	Environment  opt    `json:"environment_id,omitzero"`
}

func (s *Server) getScope(*call) (answer, error) {
	here := s.here()
	a := scopeRead{here.Organization, s.optional(here.Project), s.optional(here.Environment)}
	if s.o.KeyLevel >= LevelProject {
		a.Environment = s.optional("")
	}
	if s.o.KeyLevel >= LevelOrganization {
		a.Project = s.optional("")
	}
	return answerOK(a)
}
