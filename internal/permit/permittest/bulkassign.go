package permittest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// resolveGrant finds the role, tenant and resource instance of a row. It does not
// create a missing tenant (docs: SCIM; Permit's end-to-end tests). It creates a missing
// resource instance if the row also names a tenant (spec).
func (b *batch) resolveGrant(f fields, loc []any) (grant, error) {
	s := b.s
	g := grant{role: s.role(f.text("role"))}
	if g.role == nil {
		return g, errNotFoundAs(s.o.UnknownRole, "Role", f.text("role"))
	}
	if f.given("tenant") {
		if g.tenant = s.tenant(f.text("tenant")); g.tenant == nil {
			return g, errNotFound("Tenant", f.text("tenant"))
		}
	}
	if f.given("resource_instance") {
		return b.resolveInstance(g, f.text("resource_instance"))
	}
	if g.tenant != nil {
		return g, nil
	}
	const msg = "either tenant or resource_instance is required"
	if s.o.MissingTenant == http.StatusUnprocessableEntity {
		return g, errInvalid(problem{Loc: append(loc, "__root__"), Msg: msg, Type: "value_error"})
	}
	return g, errRefused(s.o.MissingTenant, "INVALID_INPUT", msg)
}

func (b *batch) resolveInstance(g grant, ref string) (grant, error) {
	g.instance = b.s.instance(ref)
	if g.instance == nil {
		g.instance = b.instances[ref]
	}
	switch {
	case g.instance == nil && (g.tenant == nil || !strings.Contains(ref, ":")):
		return g, errNotFound("ResourceInstance", ref)
	case g.instance == nil:
		g.instance = &instance{key: ref, tenant: g.tenant}
		b.instances[ref] = g.instance
	case g.tenant == nil:
		g.tenant = g.instance.tenant
	case g.tenant != g.instance.tenant:
		// spec, September 2026: 409, and nothing is written.
		return g, errRefused(http.StatusConflict, "MISMATCH_RESOURCE_INSTANCES_TENANTS",
			"the resource instance is in another tenant")
	}
	return g, nil
}

// postAssignments assigns all or nothing. 409 rejects the whole batch (spec, September
// 2026), and so does a missing user under the policy "fail" (spec). The answer has only
// the count.
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
		u := s.visibleUser(ref)
		if u == nil {
			u = minted[ref]
		}
		if u == nil {
			switch policy {
			case "fail":
				return answer{}, errNotFound("User", ref)
			case "create":
				w, err := b.createBareUser(ref, i)
				if err != nil {
					return answer{}, err
				}
				u, fresh = w.user, append(fresh, w)
				minted[ref] = u
			}
		}
		g, err := b.resolveGrant(row, []any{"body", i})
		if err != nil {
			return answer{}, err
		}
		if u == nil {
			continue // the policy "ignore"
		}
		p := pair{u, g}
		if s.assigned[p] != nil || b.pairs[p] {
			if s.o.AssignedPair == Skip {
				continue
			}
			return answer{}, errDuplicate("RoleAssignment", p.name())
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
	return answerOK(map[string]int{"assignments_created": len(pairs)})
}

// createBareUser prepares a user with only a key, for the policy "create". A user who
// is written but not visible yet is a conflict (unverified).
func (b *batch) createBareUser(ref string, i int) (*userWrite, error) {
	if !userKey.MatchString(ref) {
		return nil, errInvalid(problem{
			Loc: []any{"body", i, "user"}, Msg: "string does not match regex", Type: "value_error.str.regex",
		})
	}
	return b.create(fields{"key": ref})
}

// deleteAssignments answers with the number of assignments that it removed.
// Options.UnknownIdent says what happens to rows without an assignment.
func (s *Server) deleteAssignments(c *call) (answer, error) {
	var found []*assignment
	for _, row := range c.rows {
		a, err := s.findAssignment(row.text("user"), row)
		switch {
		case err == nil:
			found = append(found, a)
		case s.o.UnknownIdent == http.StatusNotFound:
			return answer{}, err
		}
	}
	removed := 0
	for _, a := range found {
		if !a.deleted { // otherwise the batch has the row twice
			s.unassign(a)
			removed++
		}
	}
	return answerOK(map[string]int{"assignments_removed": removed})
}

// assign makes a new assignment, which the list shows after lag.
func (s *Server) assign(c *call, p pair, lag time.Duration) *assignment {
	a := &assignment{pair: p, id: s.nextIdent(kindAssignment), created: c.now}
	if i := p.instance; i != nil && i.id == 0 {
		i.id = s.register(kindInstance, i)
		s.instances[i.key] = i
	}
	s.assigned[p] = a
	p.user.roles = append(p.user.roles, a)
	if lag > 0 {
		s.lateAssignments = queueLate(s.lateAssignments, late[*assignment]{a, c.now.Add(lag)})
	} else {
		s.showAssignment(a)
	}
	return a
}

func (s *store) unassign(a *assignment) {
	a.deleted = true
	if a.visible {
		for _, in := range s.lists(a) {
			in.deleted++
		}
	}
	delete(s.assigned, a.pair)
	a.user.roles = slices.DeleteFunc(a.user.roles, func(b *assignment) bool { return a == b })
}

func (s *Server) unassignWhere(matches func(*assignment) bool) {
	for _, a := range s.assigned {
		if matches(a) {
			s.unassign(a)
		}
	}
}
