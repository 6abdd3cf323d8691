package permittest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// listAssignments: an array, unless the total is asked for (spec).
func (s *Server) listAssignments(c *call) (answer, error) {
	users, roles, tenants := c.query.list("user"), c.query.list("role"), c.query.list("tenant")
	resource, _ := c.query.last("resource")
	at, _ := c.query.last("resource_instance")
	envelope := c.query.flag("include_total_count") || s.o.Envelopes
	g := c.query.page(1000)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	ofUser, err := filter(s, "User", users, s.seen)
	if err != nil {
		return answer{}, err
	}
	ofRole, err := filter(s, "Role", roles, s.role)
	if err != nil {
		return answer{}, err
	}
	inTenant, err := filter(s, "Tenant", tenants, s.tenant)
	if err != nil {
		return answer{}, err
	}
	items := s.assignments.all()
	switch {
	case ofUser != nil:
		items = ofUsers(ofUser)
	case len(ofRole) == 1:
		items, ofRole = the(ofRole).assignments.all(), nil
	case len(inTenant) == 1:
		items, inTenant = the(inTenant).assignments.all(), nil
	}
	var keep func(*assignment) bool
	if ofRole != nil || inTenant != nil || resource != "" || at != "" {
		keep = func(a *assignment) bool {
			return (ofRole == nil || ofRole[a.role]) && (inTenant == nil || inTenant[a.tenant]) &&
				(resource == "" || a.instance != nil && strings.HasPrefix(a.instance.key, resource+":")) &&
				(at == "" || a.instance != nil && (a.instance.key == at || a.instance.id.String() == at))
		}
	}
	return paged(items, keep, g, envelope, s.readAssignment)
}

// filter is the set of what a repeatable parameter names; nil without one.
// Whether a name of nothing is an error is unverified.
func filter[T any](s *Server, kind string, refs []string, find func(string) *T) (map[*T]bool, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	set := map[*T]bool{}
	for _, ref := range refs {
		switch v := find(ref); {
		case v != nil:
			set[v] = true
		case s.o.UnknownFilter == http.StatusNotFound:
			return nil, notFound(kind, ref)
		}
	}
	return set, nil
}

// the is the one member of a set.
func the[T any](set map[*T]bool) *T {
	for v := range set {
		return v
	}
	return nil
}

func ofUsers(users map[*user]bool) []*assignment {
	var out []*assignment
	for u := range users {
		for _, a := range u.roles {
			if a.listed {
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

// assignOne answers with the e-mail in place of the user's key where there is
// one: the live service has been seen to (a "fix bug in api" note in Permit's
// Python SDK tests).
func (s *Server) assignOne(c *call, ref string, f fields) (answer, error) {
	b := s.newBatch()
	u := s.seen(ref)
	if u == nil {
		return answer{}, notFound("User", ref)
	}
	g, err := b.grant(f, []any{"body"})
	if err != nil {
		return answer{}, err
	}
	p := pair{u, g}
	if s.assigned[p] != nil {
		return answer{}, duplicate("RoleAssignment", p.name())
	}
	r := s.readAssignment(s.assign(c, p, 0))
	if u.shown.email != "" {
		r.User = u.shown.email
	}
	return ok(r)
}

// deleteAssignment: "if the role is not actually assigned, will return 404";
// return_deleted turns 204 into 200 with what was taken away (spec).
func (s *Server) deleteAssignment(c *call) (answer, error) {
	deleted := c.query.flag("return_deleted")
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	a, err := s.named(c.body)
	if err != nil {
		return answer{}, err
	}
	s.unassign(a)
	if deleted {
		return ok(s.readAssignment(a))
	}
	return answer{status: http.StatusNoContent}, nil
}

// named is the assignment that a RoleAssignmentRemove means.
func (s *Server) named(f fields) (*assignment, error) {
	u, r, t := s.seen(f.text("user")), s.role(f.text("role")), s.tenant(f.text("tenant"))
	switch {
	case u == nil:
		return nil, notFound("User", f.text("user"))
	case r == nil:
		return nil, notFound("Role", f.text("role"))
	case t == nil:
		return nil, notFound("Tenant", f.text("tenant"))
	}
	p := pair{u, grant{role: r, tenant: t}}
	if f.has("resource_instance") {
		p.instance = s.instance(f.text("resource_instance"))
		if p.instance == nil {
			return nil, notFound("ResourceInstance", f.text("resource_instance"))
		}
	}
	if a := s.assigned[p]; a != nil {
		return a, nil
	}
	return nil, notFound("RoleAssignment", p.name())
}

func (p pair) name() string { return p.user.key + "/" + p.role.key + "/" + p.tenant.key }
