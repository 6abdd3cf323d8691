package permittest

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"time"
)

// listResources lists the resources with all their actions. It leaves out built-in ones
// unless the call asks for them (spec).
func (s *Server) listResources(c *call) (answer, error) {
	search, _ := c.query.last("search")
	builtIn := c.query.flag("include_built_in")
	envelope := c.query.flag("include_total_count") || s.o.Envelopes
	g := c.query.page(100)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	keep := func(r *resource) bool {
		return (builtIn || !r.builtIn) && !r.visibleAt.After(c.now) && containsText(search, r.key, r.name)
	}
	return answerPage(s.resources.all(), keep, g, envelope, func(r *resource) resourceRead {
		return s.readResource(r, c.now)
	})
}

// findResource returns the resource that a path names, if it is visible.
func (s *Server) findResource(c *call) (*resource, error) {
	r := s.resource(c.args[0])
	if r == nil || r.visibleAt.After(c.now) {
		return nil, errNotFound("Resource", c.args[0])
	}
	return r, nil
}

func (s *Server) getResource(c *call) (answer, error) {
	r, err := s.findResource(c)
	if err != nil {
		return answer{}, err
	}
	return answerOK(s.readResource(r, c.now))
}

// postResource refuses a resource that exists (Permit's own end-to-end tests).
func (s *Server) postResource(c *call) (answer, error) {
	key := c.body.text("key")
	if s.resourceByKey[key] != nil {
		return answer{}, errDuplicate("Resource", key)
	}
	return answerOK(s.createResource(c, key))
}

func (s *Server) createResource(c *call, key string) resourceRead {
	seen := c.now.Add(s.o.SchemaLag)
	r := &resource{key: key, created: c.now, visibleAt: seen}
	s.addResource(r)
	s.writeResource(c, r, c.body, Clear)
	s.grantDefaults(c, r)
	return s.readResource(r, seen)
}

// patchResource overwrites the given fields. The actions are one field: those that the
// call does not name are deleted (docs: sdk/golang/resource/Update).
func (s *Server) patchResource(c *call) (answer, error) {
	s.overwrites++
	r, err := s.findResource(c)
	if err != nil {
		return answer{}, err
	}
	s.writeResource(c, r, c.body, Keep)
	return answerOK(s.readResource(r, c.now.Add(s.o.SchemaLag)))
}

// putResource replaces a resource, or creates it. "If some actions are removed,
// permissions for these actions will be revoked" (spec).
func (s *Server) putResource(c *call) (answer, error) {
	s.overwrites++
	r, err := s.findResource(c)
	switch {
	case err == nil:
		s.writeResource(c, r, c.body, Clear)
		return answerOK(s.readResource(r, c.now.Add(s.o.SchemaLag)))
	case s.resourceByKey[c.args[0]] != nil: // late
		return answer{}, errDuplicate("Resource", c.args[0])
	case !slug.MatchString(c.args[0]):
		return answer{}, err
	}
	return answerOK(s.createResource(c, c.args[0]))
}

// deleteResource deletes "the resource and all its related data" (spec).
func (s *Server) deleteResource(c *call) (answer, error) {
	r, err := s.findResource(c)
	if err != nil {
		return answer{}, err
	}
	for _, a := range r.actions {
		s.dropAction(a)
	}
	r.deleted = true
	s.resources.deleted++
	delete(s.resourceByKey, r.key)
	delete(s.ids, r.id)
	return answer{status: http.StatusNoContent}, nil
}

func (s *Server) listActions(c *call) (answer, error) {
	g := c.query.page(100)
	if err := c.query.err(); err != nil {
		return answer{}, err
	}
	r, err := s.findResource(c)
	if err != nil {
		return answer{}, err
	}
	return answerPage(valuesByKey(r.visibleActions(c.now)), nil, g, false, s.readAction)
}

// postAction adds an action to a resource. An action that exists is a conflict, as
// Permit's own command line expects.
func (s *Server) postAction(c *call) (answer, error) {
	r, err := s.findResource(c)
	if err != nil {
		return answer{}, err
	}
	key := c.body.text("key")
	if r.actions[key] != nil {
		return answer{}, errDuplicate("ResourceAction", key)
	}
	return answerOK(s.readAction(s.writeAction(c, r, key, c.body)))
}

func (s *Server) getAction(c *call) (answer, error) {
	a, err := s.findAction(c)
	if err != nil {
		return answer{}, err
	}
	return answerOK(s.readAction(a))
}

func (s *Server) deleteAction(c *call) (answer, error) {
	a, err := s.findAction(c)
	if err != nil {
		return answer{}, err
	}
	s.dropAction(a)
	return answer{status: http.StatusNoContent}, nil
}

func (s *Server) findAction(c *call) (*action, error) {
	r, err := s.findResource(c)
	if err != nil {
		return nil, err
	}
	if a := lookUp(r.actions, s.ids, c.args[1]); a != nil && a.resource == r && !a.visibleAt.After(c.now) {
		return a, nil
	}
	return nil, errNotFound("ResourceAction", c.args[1])
}

// writeResource sets the given fields; omitted says what happens to the others. Only
// PATCH can omit the name and the actions.
func (s *Server) writeResource(c *call, r *resource, f fields, omitted Effect) {
	if f.has("name") {
		r.name = f.text("name")
	}
	if f.has("urn") || omitted == Clear {
		r.urn = f.text("urn")
	}
	if f.has("description") || omitted == Clear {
		r.description = f.text("description")
	}
	if f.has("type_attributes") || omitted == Clear {
		r.typeAttributes = f.object("type_attributes")
	}
	r.updated = c.now
	if !f.has("actions") {
		return
	}
	blocks := f.blocks("actions")
	for key, a := range r.actions {
		if blocks[key] == nil {
			s.dropAction(a)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(blocks)) {
		s.writeAction(c, r, key, blocks[key])
	}
}

// writeAction creates or replaces an action. Without a name, its key is its name
// (unverified).
func (s *Server) writeAction(c *call, r *resource, key string, f fields) *action {
	a := r.actions[key]
	if a == nil {
		a = &action{resource: r, key: key, created: c.now, visibleAt: c.now.Add(s.o.SchemaLag)}
		s.addAction(a)
	}
	a.name, a.description = cmp.Or(f.text("name"), key), f.text("description")
	a.attributes, a.updated = f.attributes(), c.now
	return a
}

func (s *store) addResource(r *resource) {
	r.id, r.actions = s.register(kindResource, r), map[string]*action{}
	s.resources.add(r)
	s.resourceByKey[r.key] = r
}

func (s *store) addAction(a *action) {
	a.id = s.register(kindAction, a)
	a.resource.actions[a.key] = a
}

// dropAction removes an action, and the permission for it from all roles.
func (s *store) dropAction(a *action) {
	delete(a.resource.actions, a.key)
	delete(s.ids, a.id)
	for _, r := range s.roleByKey {
		r.permissions = slices.DeleteFunc(r.permissions, func(p string) bool { return p == a.permission() })
	}
}

// permission returns the name of the permission for the action.
func (a *action) permission() string { return a.resource.key + ":" + a.key }

// visibleActions returns the actions that readers see now.
func (r *resource) visibleActions(now time.Time) map[string]*action {
	shown := maps.Clone(r.actions)
	maps.DeleteFunc(shown, func(_ string, a *action) bool { return a.visibleAt.After(now) })
	return shown
}

// Overwrites returns the number of calls that overwrite a resource or a role: PUT
// and PATCH of a resource, which drop the actions that they do not name, and PATCH
// of a role.
func (s *Server) Overwrites() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.overwrites
}
