package permittest

import (
	"net/http"
	"slices"
)

// listTenantUsers lists the users who have a role in a tenant: Permit has no
// membership without one. The search looks at the email alone (spec).
func (s *Server) listTenantUsers(c *call) (answer, error) {
	search, _ := c.query.last("search")
	role, byRole := c.query.last("role")
	instances := c.query.flag("include_resource_instance_roles")
	g := c.query.page(100)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	in := s.tenant(c.args[0])
	if in == nil {
		return answer{}, errNotFound("Tenant", c.args[0])
	}
	want := s.role(role)
	keep := func(u *user) bool {
		return containsText(search, u.shown.email) && slices.ContainsFunc(u.roles, func(a *assignment) bool {
			return a.visible && a.tenant == in && (!byRole || a.role == want)
		})
	}
	return answerPage(s.users.all(), keep, g, true, func(u *user) userRead { return s.readUser(u, instances) })
}

// postTenantUser creates a user. If the user exists, that is a conflict (Permit's own
// end-to-end tests). The fake has no membership without a role.
func (s *Server) postTenantUser(c *call) (answer, error) {
	if s.tenant(c.args[0]) == nil {
		return answer{}, errNotFound("Tenant", c.args[0])
	}
	return s.postUser(c)
}

// deleteTenantUser removes a user's roles in a tenant, and deletes the user if no roles
// are left (Permit's own end-to-end tests).
func (s *Server) deleteTenantUser(c *call) (answer, error) {
	in, u := s.tenant(c.args[0]), s.visibleUser(c.args[1])
	switch {
	case in == nil:
		return answer{}, errNotFound("Tenant", c.args[0])
	case u == nil:
		return answer{}, errNotFound("User", c.args[1])
	}
	for _, a := range slices.Clone(u.roles) {
		if a.tenant == in {
			s.unassign(a)
		}
	}
	if len(u.roles) == 0 {
		s.dropUser(u, false)
	}
	return answer{status: http.StatusNoContent}, nil
}

// deleteUserRole answers as deleteAssignment does.
func (s *Server) deleteUserRole(c *call) (answer, error) {
	return s.unassignOne(c, c.args[0])
}
