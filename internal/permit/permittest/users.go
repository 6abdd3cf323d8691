package permittest

import (
	"net/http"
	"strings"
)

func (s *Server) listUsers(c *call) (answer, error) {
	search, _ := c.query.last("search")
	operator := c.query.choice("search_operator", "contains", "startswith")
	role, byRole := c.query.last("role")
	instances := c.query.flag("include_resource_instance_roles")
	g := c.query.page(100)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	var keep func(*user) bool
	if search != "" || byRole {
		found := s.searchFilter(search, operator)
		granted := s.roleFilter(role)
		keep = func(u *user) bool { return (search == "" || found(u)) && (!byRole || granted(u)) }
	}
	// The list of users is always in an envelope (spec).
	return answerPage(s.users.all(), keep, g, true, func(u *user) userRead { return s.readUser(u, instances) })
}

// searchFilter returns a filter that looks at the email, the key and both names
// (spec).
func (s *Server) searchFilter(search, operator string) func(*user) bool {
	search = strings.ToLower(search)
	test := strings.Contains
	if operator == "startswith" {
		test = strings.HasPrefix
	}
	return func(u *user) bool {
		for _, v := range []string{u.shown.email, u.key, u.shown.first, u.shown.last} {
			if test(strings.ToLower(v), search) {
				return true
			}
		}
		return false
	}
}

// roleFilter returns a filter for users with a role: "to filter users without
// any roles, send an empty string" (spec).
func (s *Server) roleFilter(ref string) func(*user) bool {
	if ref == "" {
		return func(u *user) bool { return len(u.roles) == 0 }
	}
	want := s.role(ref)
	return func(u *user) bool {
		for _, a := range u.roles {
			if a.role == want {
				return true
			}
		}
		return false
	}
}

func (s *Server) getUser(c *call) (answer, error) {
	u := s.visibleUser(c.args[0])
	if u == nil {
		return answer{}, errNotFound("User", c.args[0])
	}
	return answerOK(s.readUser(u, false))
}

// postUser answers "201 if the user is created, 409 if the user already exists"
// (spec).
func (s *Server) postUser(c *call) (answer, error) {
	w, err := s.newBatch().create(c.body)
	if err != nil {
		return answer{}, err
	}
	s.apply(c, w, 0)
	return answer{http.StatusCreated, s.readUser(w.user, false)}, nil
}

// putUser answers "200 if the user already exists, 201 if the user is created"
// (spec). What Permit does when the key in the body differs from the one in the
// path is unverified; here it is refused.
func (s *Server) putUser(c *call) (answer, error) {
	key := c.body.text("key")
	named := s.user(c.args[0])
	if key != c.args[0] && (named == nil || named.key != key) {
		return answer{}, errInvalid(problem{
			Loc: []any{"body", "key"}, Msg: "the key differs from the one in the path", Type: "value_error",
		})
	}
	w, err := s.newBatch().upsert(c.body)
	if err != nil {
		return answer{}, err
	}
	status := http.StatusOK
	if w.fresh {
		status = http.StatusCreated
	}
	s.apply(c, w, 0)
	return answer{status, s.readUser(w.user, false)}, nil
}

// patchUser overwrites the given fields and leaves the others (spec).
func (s *Server) patchUser(c *call) (answer, error) {
	u := s.visibleUser(c.args[0])
	if u == nil {
		return answer{}, errNotFound("User", c.args[0])
	}
	w, err := s.newBatch().patch(u, c.body)
	if err != nil {
		return answer{}, err
	}
	s.apply(c, w, 0)
	return answerOK(s.readUser(u, false))
}

func (s *Server) deleteUser(c *call) (answer, error) {
	u := s.visibleUser(c.args[0])
	if u == nil {
		return answer{}, errNotFound("User", c.args[0])
	}
	s.dropUser(u, false)
	return answer{status: http.StatusNoContent}, nil
}

// dropUser also removes the user's assignments (Permit's own end-to-end tests rely on
// it), unless they are to become orphans.
func (s *Server) dropUser(u *user, orphans bool) {
	for !orphans && len(u.roles) > 0 {
		s.unassign(u.roles[len(u.roles)-1])
	}
	if len(u.roles) > 0 {
		s.orphans[u.key] = u
	}
	u.deleted = true
	if u.visible {
		s.users.deleted++
	}
	delete(s.userByKey, u.key)
	delete(s.ids, u.id)
	if email := strings.ToLower(u.now.email); s.userByEmail[email] == u {
		delete(s.userByEmail, email)
	}
}

// adoptOrphans gives a new user the assignments of a deleted one with its key.
func (s *Server) adoptOrphans(u *user) {
	old := s.orphans[u.key]
	if old == nil {
		return
	}
	delete(s.orphans, u.key)
	for _, a := range old.roles {
		delete(s.assigned, a.pair)
		a.user = u
		s.assigned[a.pair] = a
	}
	u.roles = old.roles
}

// postUserRole answers as postAssignment does.
func (s *Server) postUserRole(c *call) (answer, error) {
	return s.assignOne(c, c.args[0], c.body)
}

// readUser returns the UserRead of the spec. A user who has not signed in is "pending",
// and so is every user that was loaded.
func (s *Server) readUser(u *user, instances bool) userRead {
	p := u.shown
	r := userRead{
		ID: s.ident(u.id), Key: u.key, Email: s.optional(p.email), First: s.optional(p.first), Last: s.optional(p.last),
		Attributes: s.attributes(p.attributes), place: s.here(), Tenants: []userInTenant{}, Roles: []userRole{},
		Created: stamp(u.created), Updated: stamp(p.updated),
	}
	at := map[*tenant]int{}
	for _, a := range u.roles {
		if !a.visible || a.instance != nil && !instances {
			continue
		}
		i, known := at[a.tenant]
		if !known {
			i = len(r.Tenants)
			at[a.tenant] = i
			r.Tenants = append(r.Tenants, userInTenant{
				Tenant: a.tenant.key, Roles: []string{}, Status: "pending", Instances: []instanceRoleRead{},
			})
		}
		t := &r.Tenants[i]
		if a.instance != nil {
			kind, key, _ := strings.Cut(a.instance.key, ":")
			t.Instances = append(t.Instances, instanceRoleRead{Instance: key, Resource: kind, Role: a.role.key})
			continue
		}
		t.Roles = append(t.Roles, a.role.key)
		r.Roles = append(r.Roles, userRole{Role: a.role.key, Tenant: a.tenant.key})
	}
	return r
}
