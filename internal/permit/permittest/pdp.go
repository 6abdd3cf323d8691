package permittest

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"time"
)

// UserPermissionsPath is the path at which the fake answers like a PDP: a POST returns
// what a user may do. These calls are not among Calls, and do not count against the
// API's limits.
const UserPermissionsPath = "/user-permissions"

// pdpLimit is the limit of the Cloud PDP (docs: cloud PDP capabilities). There it holds
// for an IP address, here for the whole fake.
var pdpLimit = Limit{"pdp", 500, time.Minute}

// userPermissionsQuery is the UserPermissionsQuery of Permit's PDP. Attributes and
// context are for policies that the fake does not have.
type userPermissionsQuery struct {
	user                      string
	tenants, resources, kinds []string // nil does not filter
}

// userPermissionsResult is what a user may do in one tenant.
type userPermissionsResult struct {
	Tenant struct {
		Key        string          `json:"key"`
		Attributes json.RawMessage `json:"attributes,omitempty"`
	} `json:"tenant"`
	Permissions []string `json:"permissions"`
	Roles       []string `json:"roles"`
}

// serveUserPermissions answers with the tenants in which the user holds a role, each as
// __tenant:key. An unknown user holds none.
func (s *Server) serveUserPermissions(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller has gone
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if refused := s.checkQuery(r); refused != nil {
		http.Error(w, refused.message, refused.status)
		return
	}
	if _, ok := s.pdp.enter(s.o.Clock.Now(), []Class{pdpLimit.Class}); !ok {
		refuseCloudPDP(w)
		return
	}
	query, refused := decodeQuery(raw)
	if refused != nil {
		http.Error(w, refused.message, refused.status)
		return
	}
	s.mu.Lock()
	results := s.userPermissions(query)
	s.mu.Unlock()
	send(w, http.StatusOK, results)
}

// checkQuery refuses a call as a PDP does before it reads the body: in plain text,
// unlike the API.
func (s *Server) checkQuery(r *http.Request) *refusal {
	switch {
	case r.Header.Get("Authorization") == "":
		return errPlain(http.StatusUnauthorized, "Missing Authorization header")
	case !s.isAuthorized(r):
		return errPlain(http.StatusForbidden,
			"You are not authorized to access this resource, please check your API key.")
	case r.Header.Get("Content-Type") == "" || !isJSON(r.Header.Get("Content-Type")):
		return errPlain(http.StatusUnsupportedMediaType, "Expected request with `Content-Type: application/json`")
	}
	return nil
}

// decodeQuery decodes a query. It ignores unknown fields.
func decodeQuery(raw []byte) (query userPermissionsQuery, refused *refusal) {
	if !json.Valid(raw) {
		return query, errPlain(http.StatusBadRequest, "Failed to parse the request body as JSON")
	}
	var body, user map[string]json.RawMessage
	var key *string
	switch {
	case json.Unmarshal(raw, &body) != nil:
		return query, errQuery("invalid type, expected struct UserPermissionsQuery")
	case body["user"] == nil:
		return query, errQuery("missing field `user`")
	case json.Unmarshal(body["user"], &user) != nil || user == nil:
		return query, errQuery("user: invalid type, expected struct User")
	case user["key"] == nil:
		return query, errQuery("user: missing field `key`")
	case json.Unmarshal(user["key"], &key) != nil || key == nil:
		return query, errQuery("user.key: invalid type, expected a string")
	}
	query.user = *key
	lists := map[string]*[]string{
		"tenants": &query.tenants, "resources": &query.resources, "resource_types": &query.kinds,
	}
	for name, list := range lists {
		var refs []*string
		if raw := body[name]; raw != nil && (json.Unmarshal(raw, &refs) != nil || slices.Contains(refs, nil)) {
			return query, errQuery(name + ": invalid type, expected a sequence of strings")
		}
		if refs != nil {
			*list = []string{}
		}
		for _, ref := range refs {
			*list = append(*list, *ref)
		}
	}
	return query, nil
}

func errQuery(problem string) *refusal {
	return errPlain(http.StatusUnprocessableEntity, "Failed to deserialize the JSON body into the target type: "+problem)
}

// matches reports whether a tenant passes the filters, which have the PDP's semantics.
func (q *userPermissionsQuery) matches(tenant string) bool {
	full := "__tenant:" + tenant
	switch {
	case q.kinds != nil && !slices.Contains(q.kinds, "__tenant"):
		return false
	case q.tenants != nil && (slices.Contains(q.tenants, tenant) || slices.Contains(q.tenants, full)):
		return true
	case q.resources != nil:
		return slices.Contains(q.resources, full)
	}
	return q.tenants == nil
}

func (s *store) userPermissions(q userPermissionsQuery) map[string]userPermissionsResult {
	results := map[string]userPermissionsResult{}
	permissions := s.effectivePermissions(q.user)
	for key, roles := range s.rolesByTenant(q.user) {
		if !q.matches(key) {
			continue
		}
		result := userPermissionsResult{Permissions: permissions[key], Roles: []string{}}
		result.Tenant.Key = key
		if attributes := s.tenantByKey[key].attributes; string(attributes) != "{}" {
			result.Tenant.Attributes = attributes
		}
		for _, r := range roles {
			result.Roles = append(result.Roles, r.key)
		}
		slices.Sort(result.Roles)
		results["__tenant:"+key] = result
	}
	return results
}
