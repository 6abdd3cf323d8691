package permittest

import (
	"fmt"
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
		keep = func(r *role) bool { return holds(search, r.key, r.name) }
	}
	return paged(s.roles.all(), keep, g, envelope, s.readRole)
}

// holds is a search: whether its case matters is unverified.
func holds(search string, in ...string) bool {
	search = strings.ToLower(search)
	return slices.ContainsFunc(in, func(v string) bool { return strings.Contains(strings.ToLower(v), search) })
}

func (s *Server) getRole(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, notFound("Role", c.args[0])
	}
	return ok(s.readRole(r))
}

func (s *Server) postRole(c *call) (answer, error) {
	key := c.body.text("key")
	if s.roleByKey[key] != nil {
		return answer{}, duplicate("Role", key) // Permit's own end-to-end tests
	}
	if err := s.checkRole(c.body, nil); err != nil {
		return answer{}, err
	}
	r := &role{key: key, created: c.now}
	r.write(c, c.body, Clear)
	s.addRole(r)
	return ok(s.readRole(r))
}

func (s *Server) patchRole(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, notFound("Role", c.args[0])
	}
	if err := s.checkRole(c.body, nil); err != nil {
		return answer{}, err
	}
	r.write(c, c.body, Keep)
	return ok(s.readRole(r))
}

// deleteRole takes the role's assignments along (spec: "and all its related
// data").
func (s *Server) deleteRole(c *call) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, notFound("Role", c.args[0])
	}
	s.unassignAll(func(a *assignment) bool { return a.role == r })
	r.gone = true
	s.roles.gone++
	delete(s.roleByKey, r.key)
	delete(s.ids, r.id)
	return answer{status: http.StatusNoContent}, nil
}

// putRoles is "create or replace roles in bulk" (spec). That nothing is
// written when one of them is refused is unverified.
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
			return answer{}, duplicate("Role", key)
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
	return ok(out)
}

// checkRole looks at what a role names: permissions by their form, the roles
// it extends by their key, here or in the same batch, and a resource, of
// which this environment has none.
func (s *Server) checkRole(f fields, batch map[string]bool) error {
	if err := checkPermissions(f); err != nil {
		return err
	}
	for _, key := range f.texts("extends") {
		if s.role(key) == nil && !batch[key] {
			return notFound("Role", key)
		}
	}
	if f.has("resource") {
		return notFound("Resource", f.text("resource"))
	}
	return nil
}

// checkPermissions: the code is in the spec, its status is unverified.
func checkPermissions(f fields) error {
	for _, p := range f.texts("permissions") {
		resource, action, _ := strings.Cut(p, ":")
		if !slug.MatchString(resource) || !slug.MatchString(action) {
			return fail(http.StatusBadRequest, "INVALID_PERMISSION_FORMAT", fmt.Sprintf("permission %q is not resource:action", p))
		}
	}
	return nil
}

// write overwrites the given fields; what becomes of the others is up to
// omitted. A name is never omitted but by PATCH.
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

// postPermissions skips what is there (spec).
func (s *Server) postPermissions(c *call) (answer, error) {
	return s.permissions(c, func(have []string, p string) []string {
		if slices.Contains(have, p) {
			return have
		}
		return append(have, p)
	})
}

// deletePermissions skips what is not there (spec).
func (s *Server) deletePermissions(c *call) (answer, error) {
	return s.permissions(c, func(have []string, p string) []string {
		return slices.DeleteFunc(have, func(h string) bool { return h == p })
	})
}

func (s *Server) permissions(c *call, change func([]string, string) []string) (answer, error) {
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, notFound("Role", c.args[0])
	}
	if err := checkPermissions(c.body); err != nil {
		return answer{}, err
	}
	have := slices.Clone(r.permissions)
	for _, p := range c.body.texts("permissions") {
		have = change(have, p)
	}
	r.permissions, r.updated = have, c.now
	return ok(s.readRole(r))
}
