package permittest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Role is a role of an environment.
type Role struct {
	Key, Name, Description string
	Permissions            []string // resource:action
	Attributes             map[string]any
	Extends                []string // keys of roles whose permissions it has, too
}

// Resource is a type of object in an environment.
type Resource struct {
	Key, Name, Description string
	Actions                []Action
}

// Action is what can be done to objects of a resource.
type Action struct {
	Key, Name, Description string
	Attributes             map[string]any
}

// Tenant is a tenant of an environment.
type Tenant struct {
	Key, Name  string
	Attributes map[string]any
}

// User is a user of an environment.
type User struct {
	Key, Email, FirstName, LastName string
	Attributes                      map[string]any
}

// Assignment is a role that is assigned to a user. All four fields are keys;
// ResourceInstance ("type:key") is empty for the role of a tenant.
type Assignment struct{ User, Role, Tenant, ResourceInstance string }

// State is the content of an environment in a form that can be compared: lists are in
// order of keys, Permissions and Extends are sorted, empty values are nil, and
// Attributes are as encoding/json decodes them (numbers are float64, or json.Number
// where a float64 would lose digits).
type State struct {
	Resources   []Resource
	Roles       []Role
	Tenants     []Tenant
	Users       []User
	Assignments []Assignment
}

// State returns everything written, visible to readers or not. It includes the tenant
// "default", but no built-in resources.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st State
	for _, r := range valuesByKey(s.resourceByKey) {
		if !r.builtIn {
			st.Resources = append(st.Resources, r.state())
		}
	}
	for _, r := range valuesByKey(s.roleByKey) {
		st.Roles = append(st.Roles, Role{
			r.key, r.name, r.description, sorted(r.permissions), decodeObject(r.attributes), sorted(r.extends),
		})
	}
	for _, t := range valuesByKey(s.tenantByKey) {
		st.Tenants = append(st.Tenants, Tenant{t.key, t.name, decodeObject(t.attributes)})
	}
	for _, u := range valuesByKey(s.userByKey) {
		st.Users = append(st.Users, User{u.key, u.now.email, u.now.first, u.now.last, decodeObject(u.now.attributes)})
	}
	for p, assigned := range s.assigned {
		if assigned.removeLater {
			continue
		}
		a := Assignment{User: p.user.key, Role: p.role.key, Tenant: p.tenant.key}
		if p.instance != nil {
			a.ResourceInstance = p.instance.key
		}
		st.Assignments = append(st.Assignments, a)
	}
	slices.SortFunc(st.Assignments, func(a, b Assignment) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Role, b.Role),
			cmp.Compare(a.ResourceInstance, b.ResourceInstance))
	})
	return st
}

func (r *resource) state() Resource {
	state := Resource{Key: r.key, Name: r.name, Description: r.description}
	for _, a := range valuesByKey(r.actions) {
		state.Actions = append(state.Actions, Action{a.key, a.name, a.description, decodeObject(a.attributes)})
	}
	return state
}

// sorted returns a sorted copy of a list, or nil if it is empty.
func sorted(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func valuesByKey[T any](byKey map[string]T) []T {
	out := make([]T, 0, len(byKey))
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		out = append(out, byKey[key])
	}
	return out
}

func decodeObject(raw json.RawMessage) map[string]any {
	if raw == nil || string(raw) == "{}" {
		return nil
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		panic(err)
	}
	m, _ = convertNumbers(m).(map[string]any)
	return m
}

// convertNumbers turns the numbers of a JSON value into float64, except those
// that a float64 cannot hold exactly.
func convertNumbers(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = convertNumbers(v[name])
		}
	case []any:
		for i := range v {
			v[i] = convertNumbers(v[i])
		}
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v
		}
		back, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
		if exact, ok := new(big.Rat).SetString(v.String()); ok && exact.Cmp(back) == 0 {
			return f
		}
	}
	return v
}

// Seed adds objects as if they had existed before: without a call, a limit or a lag. It
// overwrites what exists: a resource loses the actions that are not given again, and
// roles lose the permissions for them. It creates the resource and the action that a
// role's permission names. It panics on an email that is taken, if
// Options.DuplicateEmail is set, and on an assignment of something unknown, since these
// are mistakes in the test.
func (s *Server) Seed(st State) { s.SeedAt(s.o.Clock.Now(), st) }

// SeedAt is like Seed, but sets the time at which the objects were created.
func (s *Server) SeedAt(at time.Time, st State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{now: at}
	for _, r := range st.Resources {
		s.seedResource(at, r)
	}
	for _, r := range st.Roles {
		for _, p := range r.Permissions {
			s.seedPermission(at, p)
		}
		have := s.roleByKey[r.Key]
		if have == nil {
			have = &role{key: r.Key, created: at}
			s.addRole(have)
		}
		have.name, have.description, have.permissions = r.Name, r.Description, slices.Clone(r.Permissions)
		have.attributes, have.extends, have.updated = compact(r.Attributes), slices.Clone(r.Extends), at
	}
	for _, t := range st.Tenants {
		have := s.tenantByKey[t.Key]
		if have == nil {
			have = &tenant{key: t.Key, created: at}
			s.addTenant(have)
		}
		have.name, have.attributes, have.updated = t.Name, compact(t.Attributes), at
	}
	for _, u := range st.Users {
		w := &userWrite{user: s.userByKey[u.Key], next: profile{u.Email, u.FirstName, u.LastName, compact(u.Attributes), at}}
		if w.user == nil {
			w.user, w.fresh = &user{key: u.Key, now: &profile{}}, true
		}
		owner := s.userByEmail[strings.ToLower(u.Email)]
		if s.o.DuplicateEmail != 0 && owner != nil && owner != w.user {
			panic(fmt.Sprintf("permittest: seed: user %q: e-mail of %q", u.Key, owner.key))
		}
		s.apply(c, w, 0)
	}
	for _, a := range st.Assignments {
		s.seedAssignment(c, a)
	}
}

func (s *Server) seedResource(at time.Time, r Resource) {
	have := s.resourceByKey[r.Key]
	if have == nil {
		have = &resource{key: r.Key, created: at}
		s.addResource(have)
	}
	have.name, have.description, have.updated = r.Name, r.Description, at
	stay := map[string]bool{}
	for _, a := range r.Actions {
		stay[a.Key] = true
		s.seedAction(at, have, a)
	}
	for key, a := range have.actions {
		if !stay[key] {
			s.dropAction(a)
		}
	}
}

func (s *Server) seedAction(at time.Time, of *resource, a Action) {
	have := of.actions[a.Key]
	if have == nil {
		have = &action{resource: of, key: a.Key, created: at}
		s.addAction(have)
	}
	have.name, have.description = a.Name, a.Description
	have.attributes, have.updated = compact(a.Attributes), at
}

// seedPermission creates the resource and the action that a permission names, if they
// are missing.
func (s *Server) seedPermission(at time.Time, name string) {
	key, act, _ := strings.Cut(name, ":")
	if s.resourceByKey[key] == nil {
		s.seedResource(at, Resource{Key: key, Name: key})
	}
	if of := s.resourceByKey[key]; of.actions[act] == nil {
		s.seedAction(at, of, Action{Key: act, Name: act})
	}
}

func (s *Server) seedAssignment(c *call, a Assignment) {
	f := fields{"role": a.Role, "tenant": a.Tenant}
	if a.ResourceInstance != "" {
		f["resource_instance"] = a.ResourceInstance
	}
	u := s.userByKey[a.User]
	if u == nil {
		panic(fmt.Sprintf("permittest: seed: %+v: no such user", a))
	}
	g, err := s.newBatch().resolveGrant(f, nil)
	if err != nil {
		panic(fmt.Sprintf("permittest: seed: %+v: %v", a, err))
	}
	if p := (pair{u, g}); s.assigned[p] == nil {
		s.assign(c, p, 0)
	}
}
