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
		keep = func(t *tenant) bool { return holds(search, t.key, t.name) }
	}
	return paged(s.tenants.all(), keep, g, envelope, s.readTenant)
}

func (s *Server) getTenant(c *call) (answer, error) {
	t := s.tenant(c.args[0])
	if t == nil {
		return answer{}, notFound("Tenant", c.args[0])
	}
	return ok(s.readTenant(t))
}

// postTenant: the spec promises 200 and the tenant that is there, Permit's own
// end-to-end tests get 409.
func (s *Server) postTenant(c *call) (answer, error) {
	key := c.body.text("key")
	if t := s.tenantByKey[key]; t != nil {
		if s.o.ExistingTenant == http.StatusOK {
			return ok(s.readTenant(t))
		}
		return answer{}, duplicate("Tenant", key)
	}
	return answer{http.StatusCreated, s.readTenant(s.newTenant(c, c.body))}, nil
}

func (s *Server) patchTenant(c *call) (answer, error) {
	t := s.tenant(c.args[0])
	if t == nil {
		return answer{}, notFound("Tenant", c.args[0])
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
	return ok(s.readTenant(t))
}

// postTenants is all or nothing, as the bulk creation of users is; for
// tenants that is unverified.
func (s *Server) postTenants(c *call) (answer, error) {
	ops := c.body.records("operations")
	batch := map[string]bool{}
	for _, op := range ops {
		key := op.text("key")
		if batch[key] || s.tenantByKey[key] != nil {
			return answer{}, duplicate("Tenant", key)
		}
		batch[key] = true
	}
	for _, op := range ops {
		s.newTenant(c, op)
	}
	return ok(empty{})
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
	doomed, err := identified(s, c, "Tenant", s.tenant)
	if err != nil {
		return answer{}, err
	}
	if len(doomed) == 0 {
		return ok(empty{})
	}
	for _, t := range doomed {
		if t.gone {
			continue // named twice, by key and by id
		}
		t.gone = true
		s.tenants.gone++
		delete(s.tenantByKey, t.key)
		delete(s.ids, t.id)
	}
	s.unassignAll(func(a *assignment) bool { return a.tenant.gone })
	for key, i := range s.instances {
		if i.tenant.gone {
			delete(s.instances, key)
			delete(s.ids, i.id)
		}
	}
	return ok(empty{})
}

// identified resolves the idents of a bulk delete. An empty list is 400 (spec,
// September 2026, for users).
func identified[T any](s *Server, c *call, kind string, find func(string) *T) ([]*T, error) {
	refs := c.body.texts("idents")
	if len(refs) == 0 {
		return nil, fail(http.StatusBadRequest, "INVALID_INPUT", "The idents list was empty")
	}
	var found []*T
	for _, ref := range refs {
		switch v := find(ref); {
		case v != nil:
			found = append(found, v)
		case s.o.UnknownIdent == http.StatusNotFound:
			return nil, notFound(kind, ref)
		}
	}
	return found, nil
}
