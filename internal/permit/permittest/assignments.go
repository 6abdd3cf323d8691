package permittest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// listAssignments answers with an array, or with an envelope if the call asks for the
// total (spec).
func (s *Server) listAssignments(c *call) (answer, error) {
	users, roles, tenants := c.query.list("user"), c.query.list("role"), c.query.list("tenant")
	resource, _ := c.query.last("resource")
	at, _ := c.query.last("resource_instance")
	envelope := c.query.flag("include_total_count") || s.o.Envelopes
	g := c.query.page(1000)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	ofUser, err := resolveFilter(s, "User", users, s.visibleUser)
	if err != nil {
		return answer{}, err
	}
	ofRole, err := resolveFilter(s, "Role", roles, s.role)
	if err != nil {
		return answer{}, err
	}
	inTenant, err := resolveFilter(s, "Tenant", tenants, s.tenant)
	if err != nil {
		return answer{}, err
	}
	items := s.assignments.all()
	switch {
	case ofUser != nil:
		items = assignmentsOf(ofUser)
	case len(ofRole) == 1:
		items, ofRole = onlyMember(ofRole).assignments.all(), nil
	case len(inTenant) == 1:
		items, inTenant = onlyMember(inTenant).assignments.all(), nil
	}
	var keep func(*assignment) bool
	if ofRole != nil || inTenant != nil || resource != "" || at != "" {
		keep = func(a *assignment) bool {
			return (ofRole == nil || ofRole[a.role]) && (inTenant == nil || inTenant[a.tenant]) &&
				(resource == "" || a.instance != nil && strings.HasPrefix(a.instance.key, resource+":")) &&
				(at == "" || a.instance != nil && (a.instance.key == at || a.instance.id.String() == at))
		}
	}
	return answerPage(items, keep, g, envelope, s.readAssignment)
}

// resolveFilter returns the set of objects that a repeatable parameter names, or nil if
// the call does not have it. Whether an unknown name is an error is unverified.
func resolveFilter[T any](s *Server, kind string, refs []string, find func(string) *T) (map[*T]bool, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	set := map[*T]bool{}
	for _, ref := range refs {
		switch v := find(ref); {
		case v != nil:
			set[v] = true
		case s.o.UnknownFilter == http.StatusNotFound:
			return nil, errNotFound(kind, ref)
		}
	}
	return set, nil
}

// onlyMember returns the only member of a set.
func onlyMember[T any](set map[*T]bool) *T {
	for v := range set {
		return v
	}
	return nil
}

func assignmentsOf(users map[*user]bool) []*assignment {
	var out []*assignment
	for u := range users {
		for _, a := range u.roles {
			if a.visible {
				out = append(out, a)
			}
		}
	}
	slices.SortFunc(out, func(a, b *assignment) int { return cmp.Compare(a.id, b.id) })
	return out
}

func (s *Server) postAssignment(c *call) (answer, error) {
	return s.assignOne(c, c.body.text("user"), c.body)
}

// assignOne answers with the user's email instead of the key, if the user has one. The
// live service has been seen to do so (a "fix bug in api" note in the tests of Permit's
// Python SDK).
func (s *Server) assignOne(c *call, ref string, f fields) (answer, error) {
	b := s.newBatch()
	u := s.visibleUser(ref)
	if u == nil {
		return answer{}, errNotFound("User", ref)
	}
	g, err := b.resolveGrant(f, []any{"body"})
	if err != nil {
		return answer{}, err
	}
	p := pair{u, g}
	if s.assigned[p] != nil {
		return answer{}, errDuplicate("RoleAssignment", p.name())
	}
	r := s.readAssignment(s.assign(c, p, 0))
	if u.shown.email != "" {
		r.User = u.shown.email
	}
	return answerOK(r)
}

// deleteAssignment answers 204, or 200 and what it removed under return_deleted;
// "if the role is not actually assigned, will return 404" (spec).
func (s *Server) deleteAssignment(c *call) (answer, error) {
	return s.unassignOne(c, c.body.text("user"))
}

func (s *Server) unassignOne(c *call, user string) (answer, error) {
	deleted := c.query.flag("return_deleted")
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	a, err := s.findAssignment(user, c.body)
	if err != nil {
		return answer{}, err
	}
	s.unassign(a)
	if deleted {
		return answerOK(s.readAssignment(a))
	}
	return answer{status: http.StatusNoContent}, nil
}

// findAssignment returns the assignment of a user that a UserRoleRemove names.
func (s *Server) findAssignment(user string, f fields) (*assignment, error) {
	u, r, t := s.visibleUser(user), s.role(f.text("role")), s.tenant(f.text("tenant"))
	switch {
	case u == nil:
		return nil, errNotFound("User", user)
	case r == nil:
		return nil, errNotFound("Role", f.text("role"))
	case t == nil:
		return nil, errNotFound("Tenant", f.text("tenant"))
	}
	p := pair{u, grant{role: r, tenant: t}}
	if f.given("resource_instance") {
		p.instance = s.instance(f.text("resource_instance"))
		if p.instance == nil {
			return nil, errNotFound("ResourceInstance", f.text("resource_instance"))
		}
	}
	if a := s.assigned[p]; a != nil {
		return a, nil
	}
	return nil, errNotFound("RoleAssignment", p.name())
}

func (p pair) name() string { return p.user.key + "/" + p.role.key + "/" + p.tenant.key }
