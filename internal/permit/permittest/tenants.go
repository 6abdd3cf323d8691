package permittest

import "net/http"

func (s *Server) listTenants(c *call) (answer, error) {
	search, _ := c.query.last("search")
	envelope := c.query.flag("include_total_count") || s.o.Envelopes
	g := c.query.page(100)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	var keep func(*tenant) bool
	if search != "" {
		keep = func(t *tenant) bool { return containsText(search, t.key, t.name) }
	}
	return answerPage(s.tenants.all(), keep, g, envelope, s.readTenant)
}

func (s *Server) getTenant(c *call) (answer, error) {
	t := s.tenant(c.args[0])
	if t == nil {
		return answer{}, errNotFound("Tenant", c.args[0])
	}
	return answerOK(s.readTenant(t))
}

// postTenant answers 200 with the tenant if it exists (spec), or 409 (Permit's own
// end-to-end tests).
func (s *Server) postTenant(c *call) (answer, error) {
	key := c.body.text("key")
	if t := s.tenantByKey[key]; t != nil {
		if s.o.ExistingTenant == http.StatusOK {
			return answerOK(s.readTenant(t))
		}
		return answer{}, errDuplicate("Tenant", key)
	}
	return answer{http.StatusCreated, s.readTenant(s.newTenant(c, c.body))}, nil
}

func (s *Server) patchTenant(c *call) (answer, error) {
	t := s.tenant(c.args[0])
	if t == nil {
		return answer{}, errNotFound("Tenant", c.args[0])
	}
	if c.body.has("name") {
		t.name = c.body.text("name")
	}
	if c.body.has("description") {
		t.description = c.body.text("description")
	}
	if c.body.has("attributes") {
		t.attributes = c.body.attributes()
	}
	t.updated = c.now
	return answerOK(s.readTenant(t))
}

// postTenants creates all tenants or none, like the bulk call for users (unverified for
// tenants).
func (s *Server) postTenants(c *call) (answer, error) {
	ops := c.body.records("operations")
	batch := map[string]bool{}
	for _, op := range ops {
		key := op.text("key")
		if batch[key] || s.tenantByKey[key] != nil {
			return answer{}, errDuplicate("Tenant", key)
		}
		batch[key] = true
	}
	for _, op := range ops {
		s.newTenant(c, op)
	}
	return answerOK(empty{})
}

func (s *Server) newTenant(c *call, f fields) *tenant {
	t := &tenant{
		key: f.text("key"), name: f.text("name"), description: f.text("description"),
		attributes: f.attributes(), created: c.now, updated: c.now,
	}
	s.addTenant(t)
	return t
}

func (s *store) addTenant(t *tenant) {
	t.id = s.register(kindTenant, t)
	s.tenants.add(t)
	s.tenantByKey[t.key] = t
}

func (s *Server) deleteTenants(c *call) (answer, error) {
	found, err := resolveIdents(s, c, "Tenant", s.tenant)
	if err != nil {
		return answer{}, err
	}
	s.dropTenants(found)
	return answerOK(empty{})
}

// deleteTenant deletes "the tenant and all its related data" (spec).
func (s *Server) deleteTenant(c *call) (answer, error) {
	t := s.tenant(c.args[0])
	if t == nil {
		return answer{}, errNotFound("Tenant", c.args[0])
	}
	s.dropTenants([]*tenant{t})
	return answer{status: http.StatusNoContent}, nil
}

func (s *Server) dropTenants(tenants []*tenant) {
	for _, t := range tenants {
		if t.deleted {
			continue // named twice, by key and by id
		}
		t.deleted = true
		s.tenants.deleted++
		delete(s.tenantByKey, t.key)
		delete(s.ids, t.id)
	}
	s.unassignWhere(func(a *assignment) bool { return a.tenant.deleted })
	for key, i := range s.instances {
		if i.tenant.deleted {
			delete(s.instances, key)
			delete(s.ids, i.id)
		}
	}
}

// resolveIdents returns the objects that the idents of a bulk delete name. It answers
// 400 to an empty list (spec, September 2026, for users).
func resolveIdents[T any](s *Server, c *call, kind string, find func(string) *T) ([]*T, error) {
	refs := c.body.texts("idents")
	if len(refs) == 0 {
		return nil, errRefused(http.StatusBadRequest, "INVALID_INPUT", "The idents list was empty")
	}
	var found []*T
	for _, ref := range refs {
		switch v := find(ref); {
		case v != nil:
			found = append(found, v)
		case s.o.UnknownIdent == http.StatusNotFound:
			return nil, errNotFound(kind, ref)
		}
	}
	return found, nil
}
