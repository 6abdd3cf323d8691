package permittest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// grant resolves the role, tenant and resource instance of a row. A tenant is
// not created by naming it (docs: SCIM; Permit's end-to-end tests); a resource
// instance is, when a tenant is named with it (spec).
func (b *batch) grant(f fields, loc []any) (grant, error) {
	s := b.s
	g := grant{role: s.role(f.text("role"))}
	if g.role == nil {
		return g, notFoundAs(s.o.UnknownRole, "Role", f.text("role"))
	}
	if f.has("tenant") {
		if g.tenant = s.tenant(f.text("tenant")); g.tenant == nil {
			return g, notFound("Tenant", f.text("tenant"))
		}
	}
	if f.has("resource_instance") {
		return b.atInstance(g, f.text("resource_instance"))
	}
	if g.tenant != nil {
		return g, nil
	}
	const msg = "either tenant or resource_instance is required"
	if s.o.MissingTenant == http.StatusUnprocessableEntity {
		return g, invalid(problem{Loc: append(loc, "__root__"), Msg: msg, Type: "value_error"})
	}
	return g, fail(s.o.MissingTenant, "INVALID_INPUT", msg)
}

func (b *batch) atInstance(g grant, ref string) (grant, error) {
	g.instance = b.s.instance(ref)
	if g.instance == nil {
		g.instance = b.instances[ref]
	}
	switch {
	case g.instance == nil && (g.tenant == nil || !strings.Contains(ref, ":")):
		return g, notFound("ResourceInstance", ref)
	case g.instance == nil:
		g.instance = &instance{key: ref, tenant: g.tenant}
		b.instances[ref] = g.instance
	case g.tenant == nil:
		g.tenant = g.instance.tenant
	case g.tenant != g.instance.tenant:
		// spec, September 2026: 409, and nothing is written.
		return g, fail(http.StatusConflict, "MISMATCH_RESOURCE_INSTANCES_TENANTS", "the resource instance is in another tenant")
	}
	return g, nil
}

// postAssignments assigns all or nothing: 409 rejects the whole batch (spec,
// September 2026), and so does a user who is missing under the policy "fail"
// (spec). The count is all that it answers.
func (s *Server) postAssignments(c *call) (answer, error) {
	policy := c.query.choice("missing_user_policy", "fail", "ignore", "create")
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	b := s.newBatch()
	var fresh []*userWrite
	minted := map[string]*user{}
	var pairs []pair
	for i, row := range c.rows {
		ref := row.text("user")
		u := s.seen(ref)
		if u == nil {
			u = minted[ref]
		}
		if u == nil {
			switch policy {
			case "fail":
				return answer{}, notFound("User", ref)
			case "create":
				w, err := b.mint(ref, i)
				if err != nil {
					return answer{}, err
				}
				u, fresh = w.user, append(fresh, w)
				minted[ref] = u
			}
		}
		g, err := b.grant(row, []any{"body", i})
		if err != nil {
			return answer{}, err
		}
		if u == nil {
			continue // ignored
		}
		p := pair{u, g}
		if s.assigned[p] != nil || b.pairs[p] {
			if s.o.AssignedPair == Skip {
				continue
			}
			return answer{}, duplicate("RoleAssignment", p.name())
		}
		b.pairs[p] = true
		pairs = append(pairs, p)
	}
	for _, w := range fresh {
		s.apply(c, w, 0)
	}
	for _, p := range pairs {
		s.assign(c, p, s.o.AssignmentLag)
	}
	return ok(map[string]int{"assignments_created": len(pairs)})
}

// mint makes the bare user of the policy "create". One that is written but not
// seen yet collides with itself (unverified).
func (b *batch) mint(ref string, i int) (*userWrite, error) {
	if !userKey.MatchString(ref) {
		return nil, invalid(problem{Loc: []any{"body", i, "user"}, Msg: "string does not match regex", Type: "value_error.str.regex"})
	}
	return b.create(fields{"key": ref})
}

// deleteAssignments counts what it took away; what is not assigned goes by
// Options.UnknownIdent.
func (s *Server) deleteAssignments(c *call) (answer, error) {
	var doomed []*assignment
	for _, row := range c.rows {
		a, err := s.named(row)
		switch {
		case err == nil:
			doomed = append(doomed, a)
		case s.o.UnknownIdent == http.StatusNotFound:
			return answer{}, err
		}
	}
	removed := 0
	for _, a := range doomed {
		if !a.gone { // else named twice
			s.unassign(a)
			removed++
		}
	}
	return ok(map[string]int{"assignments_removed": removed})
}

// assign writes a pair that is not assigned. The list shows it after lag.
func (s *Server) assign(c *call, p pair, lag time.Duration) *assignment {
	a := &assignment{pair: p, id: s.next(kindAssignment), created: c.now}
	if i := p.instance; i != nil && i.id == 0 {
		i.id = s.register(kindInstance, i)
		s.instances[i.key] = i
	}
	s.assigned[p] = a
	p.user.roles = append(p.user.roles, a)
	if lag > 0 {
		s.lateAssignments = append(s.lateAssignments, late[*assignment]{a, c.now.Add(lag)})
	} else {
		s.list(a)
	}
	return a
}

func (s *store) unassign(a *assignment) {
	a.gone = true
	if a.listed {
		for _, in := range s.lists(a) {
			in.gone++
		}
	}
	delete(s.assigned, a.pair)
	a.user.roles = slices.DeleteFunc(a.user.roles, func(b *assignment) bool { return a == b })
}

func (s *Server) unassignAll(doomed func(*assignment) bool) {
	for _, a := range s.assigned {
		if doomed(a) {
			s.unassign(a)
		}
	}
}
