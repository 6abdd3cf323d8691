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

// containsText reports whether one of the values contains the text. It ignores case
// (unverified).
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
	permissions, err := s.checkRole(c, c.body, nil)
	if err != nil {
		return answer{}, err
	}
	r := &role{key: key, created: c.now}
	r.write(c, c.body, permissions, Clear)
	s.addRole(r)
	return answerOK(s.readRole(r))
}

// patchRole overwrites the given fields, and leaves the others (spec).
func (s *Server) patchRole(c *call) (answer, error) {
	s.overwrites++
	r := s.role(c.args[0])
	if r == nil {
		return answer{}, errNotFound("Role", c.args[0])
	}
	permissions, err := s.checkRole(c, c.body, nil)
	if err != nil {
		return answer{}, err
	}
	changed := len(without(permissions, r.permissions)) + len(without(r.permissions, permissions))
	if c.body.has("permissions") && changed > patchedPermissions {
		return answer{}, errRefused(http.StatusInternalServerError, "UNEXPECTED_ERROR", "You did nothing wrong")
	}
	r.write(c, c.body, permissions, Keep)
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

// putRoles does what the spec says: "create or replace roles in bulk". If one role is
// refused, nothing is written (unverified).
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
	permissions, n := make([][]string, len(ops)), 0
	for i, op := range ops {
		var err error
		if permissions[i], err = s.checkRole(c, op, batch, "operations", i); err != nil {
			return answer{}, err
		}
		n += len(permissions[i])
	}
	if err := s.checkCount(n); err != nil {
		return answer{}, err
	}
	out := result{[]string{}, []string{}}
	for i, op := range ops {
		key := op.text("key")
		switch r := s.roleByKey[key]; {
		case op.given("resource"): // a role on instances, which the fake does not store
		case r != nil:
			r.write(c, op, permissions[i], s.o.PutRoleOmitted)
			out.Updated = append(out.Updated, key)
			continue
		default:
			r = &role{key: key, created: c.now}
			r.write(c, op, permissions[i], Clear)
			s.addRole(r)
		}
		out.Created = append(out.Created, key)
	}
	return answerOK(out)
}

// checkRole checks the objects that a role names, and returns the names of its
// permissions. Roles that it extends may be in the same batch.
func (s *Server) checkRole(c *call, f fields, batch map[string]bool, loc ...any) ([]string, error) {
	if f.given("resource") {
		if s.resource(f.text("resource")) == nil {
			return nil, errNotFound("Resource", f.text("resource"))
		}
		return nil, nil
	}
	permissions, err := s.permissions(c, f, s.o.MissingAction, loc...)
	if err != nil {
		return nil, err
	}
	for _, key := range f.texts("extends") {
		if s.role(key) == nil && !batch[key] {
			return nil, errNotFound("Role", key)
		}
	}
	return permissions, nil
}

// write sets the given fields; omitted says what happens to the others. Only PATCH can
// omit the name.
func (r *role) write(c *call, f fields, permissions []string, omitted Effect) {
	if f.has("name") {
		r.name = f.text("name")
	}
	if f.has("description") || omitted == Clear {
		r.description = f.text("description")
	}
	if f.has("permissions") || omitted == Clear {
		r.permissions = permissions
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
