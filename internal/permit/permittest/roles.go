package permittest

import (
	"net/http"
	"slices"
	"strings"
)

func (s *Server) listRoles(c *call) (answer, error) {
	search, _ := c.query.last("search")
	envelope := c.query.flag("include_total_count") || s.o.Envelopes
	g := c.query.page(100)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	var keep func(*role) bool
	if search != "" {
		keep = func(r *role) bool { return containsText(search, r.key, r.name) }
	}
	return answerPage(s.roles.all(), keep, g, envelope, s.readRole)
}

// containsText reports whether one of the values contains the text. That case
// does not matter is unverified.
func containsText(search string, in ...string) bool {
	search = strings.ToLower(search)
	return slices.ContainsFunc(in, func(v string) bool { return strings.Contains(strings.ToLower(v), search) })
}

func (s *Server) getRole(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, errNotFound("Role", c.args[0])
	}
	return answerOK(s.readRole(r))
}

func (s *Server) postRole(c *call) (answer, error) {
	key := c.body.text("key")
	if s.roleByKey[key] != nil {
		return answer{}, errDuplicate("Role", key) // Permit's own end-to-end tests
	}
	if err := s.checkRole(c.body, nil); err != nil {
		return answer{}, err
	}
	r := &role{key: key, created: c.now}
	r.write(c, c.body, Clear)
	s.addRole(r)
	return answerOK(s.readRole(r))
}

func (s *Server) patchRole(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, errNotFound("Role", c.args[0])
	}
	if err := s.checkRole(c.body, nil); err != nil {
		return answer{}, err
	}
	r.write(c, c.body, Keep)
	return answerOK(s.readRole(r))
}

// deleteRole also removes the role's assignments (spec: "and all its related
// data").
func (s *Server) deleteRole(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, errNotFound("Role", c.args[0])
	}
	s.unassignWhere(func(a *assignment) bool { return a.role == r })
	r.deleted = true
	s.roles.deleted++
	delete(s.roleByKey, r.key)
	delete(s.ids, r.id)
	return answer{status: http.StatusNoContent}, nil
}

// putRoles does as the spec says: "create or replace roles in bulk". That
// nothing is written when one of them is refused is unverified.
func (s *Server) putRoles(c *call) (answer, error) {
	type result struct {
		Created []string `json:"created"`
		Updated []string `json:"updated"`
	}
	ops := c.body.records("operations")
	batch := map[string]bool{}
	for _, op := range ops {
		key := op.text("key")
		if batch[key] {
			return answer{}, errDuplicate("Role", key)
		}
		batch[key] = true
	}
	for _, op := range ops {
		if err := s.checkRole(op, batch); err != nil {
			return answer{}, err
		}
	}
	out := result{[]string{}, []string{}}
	for _, op := range ops {
		key := op.text("key")
		if r := s.roleByKey[key]; r != nil {
			r.write(c, op, s.o.PutRoleOmitted)
			out.Updated = append(out.Updated, key)
			continue
		}
		r := &role{key: key, created: c.now}
		r.write(c, op, Clear)
		s.addRole(r)
		out.Created = append(out.Created, key)
	}
	return answerOK(out)
}

// checkRole checks what a role names. Permissions are checked by their form, and
// roles that it extends by their key, which may be in the same batch. A resource
// is refused, since this environment has none.
func (s *Server) checkRole(f fields, batch map[string]bool) error {
	if err := checkPermissions(f); err != nil {
		return err
	}
	for _, key := range f.texts("extends") {
		if s.role(key) == nil && !batch[key] {
			return errNotFound("Role", key)
		}
	}
	if f.has("resource") {
		return errNotFound("Resource", f.text("resource"))
	}
	return nil
}

// checkPermissions checks the form of permissions. The code is in the spec, its
// status is unverified.
func checkPermissions(f fields) error {
	for _, p := range f.texts("permissions") {
		resource, action, _ := strings.Cut(p, ":")
		if !slug.MatchString(resource) || !slug.MatchString(action) {
			const message = "permission %q is not resource:action"
			return errRefused(http.StatusBadRequest, "INVALID_PERMISSION_FORMAT", message, p)
		}
	}
	return nil
}

// write sets the given fields; omitted decides on the others. Only PATCH can
// omit the name.
func (r *role) write(c *call, f fields, omitted Effect) {
	if f.has("name") {
		r.name = f.text("name")
	}
	if f.has("description") || omitted == Clear {
		r.description = f.text("description")
	}
	if f.has("permissions") || omitted == Clear {
		r.permissions = f.texts("permissions")
	}
	if f.has("extends") || omitted == Clear {
		r.extends = f.texts("extends")
	}
	if f.has("attributes") || omitted == Clear {
		r.attributes = f.attributes()
	}
	r.updated = c.now
}

func (s *store) addRole(r *role) {
	r.id = s.register(kindRole, r)
	s.roles.add(r)
	s.roleByKey[r.key] = r
}

// postPermissions skips permissions that the role has (spec).
func (s *Server) postPermissions(c *call) (answer, error) {
	return s.permissions(c, func(have []string, p string) []string {
		if slices.Contains(have, p) {
			return have
		}
		return append(have, p)
	})
}

// deletePermissions skips permissions that the role does not have (spec).
func (s *Server) deletePermissions(c *call) (answer, error) {
	return s.permissions(c, func(have []string, p string) []string {
		return slices.DeleteFunc(have, func(h string) bool { return h == p })
	})
}

func (s *Server) permissions(c *call, change func([]string, string) []string) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, errNotFound("Role", c.args[0])
	}
	if err := checkPermissions(c.body); err != nil {
		return answer{}, err
	}
	have := slices.Clone(r.permissions)
	for _, p := range c.body.texts("permissions") {
		have = change(have, p)
	}
	r.permissions, r.updated = have, c.now
	return answerOK(s.readRole(r))
}
