package permittest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ident is the UUID of an object, stored as its kind and a serial number. Otherwise
// half a million objects would need half a million strings.
type ident uint64

const (
	kindRole ident = (iota + 0x10) << 48
	kindTenant
	kindUser
	kindAssignment
	kindInstance
	kindResource
	kindAction
)

const identNumber = 1<<48 - 1

func (i ident) String() string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint64(i>>48), uint64(i&identNumber))
}

// parseIdent reads an id with or without dashes, as Python's UUID does.
func parseIdent(s string) (ident, bool) {
	digits := strings.ReplaceAll(s, "-", "")
	if len(digits) != 32 {
		return 0, false
	}
	kind, err1 := strconv.ParseUint(digits[:8], 16, 16)
	number, err2 := strconv.ParseUint(digits[20:], 16, 48)
	return ident(kind)<<48 | ident(number), err1 == nil && err2 == nil && digits[8:20] == "000040008000"
}

type role struct {
	id                     ident
	key, name, description string
	permissions, extends   []string
	attributes             json.RawMessage
	created, updated       time.Time
	deleted                bool
	assignments            series[*assignment]
}

// resource is a type of object, with what can be done to it.
type resource struct {
	id                          ident
	key, name, urn, description string
	typeAttributes              json.RawMessage
	actions                     map[string]*action // by key
	created, updated, visibleAt time.Time
	builtIn, deleted            bool
}

type action struct {
	id                          ident
	resource                    *resource
	key, name, description      string
	attributes                  json.RawMessage
	created, updated, visibleAt time.Time
}

type tenant struct {
	id                     ident
	key, name, description string
	attributes             json.RawMessage
	created, updated       time.Time
	deleted                bool
	assignments            series[*assignment]
}

// profile holds the fields that a write of a user changes. It is never changed
// in place.
type profile struct {
	email, first, last string
	attributes         json.RawMessage
	updated            time.Time
}

type user struct {
	id        ident
	key       string
	now       *profile // as written
	shown     *profile // as readers see it
	created   time.Time
	visibleAt time.Time // when readers see the profile in now
	visible   bool      // readers see the user
	deleted   bool
	roles     []*assignment
}

// instance is a resource instance. It is known from its assignments alone.
type instance struct {
	id     ident
	key    string // type:key
	tenant *tenant
}

type grant struct {
	role     *role
	tenant   *tenant
	instance *instance // nil for the role of a tenant
}

// pair identifies an assignment.
type pair struct {
	user *user
	grant
}

type assignment struct {
	pair
	id          ident
	created     time.Time
	visible     bool
	removeLater bool // once readers see the latest write of the user
	deleted     bool
}

func (r *role) isDeleted() bool       { return r.deleted }
func (r *resource) isDeleted() bool   { return r.deleted }
func (t *tenant) isDeleted() bool     { return t.deleted }
func (u *user) isDeleted() bool       { return u.deleted }
func (a *assignment) isDeleted() bool { return a.deleted }

// series holds objects in order of creation. Deleted ones are removed when it is
// read next, so that many deletes cost one pass.
type series[T interface{ isDeleted() bool }] struct {
	items   []T
	deleted int
}

func (s *series[T]) add(v T) { s.items = append(s.items, v) }

func (s *series[T]) all() []T {
	if s.deleted > 0 {
		// A new array, since a caller may still hold the old one.
		old := s.items
		s.items, s.deleted = make([]T, 0, len(old)-s.deleted), 0
		for _, v := range old {
			if !v.isDeleted() {
				s.items = append(s.items, v)
			}
		}
	}
	return s.items
}

// late is something that readers do not see yet.
type late[T any] struct {
	v  T
	at time.Time
}

// store is the state of the environment, guarded by the lock of the server.
type store struct {
	number ident

	roles       series[*role]
	resources   series[*resource]
	tenants     series[*tenant]
	users       series[*user] // those that are visible
	assignments series[*assignment]

	roleByKey     map[string]*role
	resourceByKey map[string]*resource
	tenantByKey   map[string]*tenant
	userByKey     map[string]*user
	userByEmail   map[string]*user // by email in lower case; of users who share one, the last written
	orphans       map[string]*user // deleted users whose assignments remain
	instances     map[string]*instance
	assigned      map[pair]*assignment
	ids           map[ident]any // *role, *resource, *action, *tenant, *user or *instance

	overwrites int // see Overwrites

	lateUsers       []late[*user]
	lateAssignments []late[*assignment]
}

func newStore() store {
	return store{
		roleByKey: map[string]*role{}, resourceByKey: map[string]*resource{}, tenantByKey: map[string]*tenant{},
		instances: map[string]*instance{}, userByKey: map[string]*user{}, userByEmail: map[string]*user{},
		orphans:  map[string]*user{},
		assigned: map[pair]*assignment{}, ids: map[ident]any{},
	}
}

func (s *store) nextIdent(kind ident) ident {
	s.number++
	return kind | s.number
}

// register returns a new id by which v can be found.
func (s *store) register(kind ident, v any) ident {
	id := s.nextIdent(kind)
	s.ids[id] = v
	return id
}

// queueLate inserts into a queue in order of time. It searches from the end, since the
// lags of calls differ little.
func queueLate[T any](queue []late[T], l late[T]) []late[T] {
	i := len(queue)
	for i > 0 && queue[i-1].at.After(l.at) {
		i--
	}
	return slices.Insert(queue, i, l)
}

// showDue makes visible what is due. Both queues are in order of time.
func (s *store) showDue(now time.Time) {
	for len(s.lateUsers) > 0 && !s.lateUsers[0].at.After(now) {
		u := s.lateUsers[0].v
		s.lateUsers = s.lateUsers[1:]
		if !u.deleted && !u.visibleAt.After(now) { // otherwise a later entry is about the latest write
			s.showUser(u)
		}
	}
	for len(s.lateAssignments) > 0 && !s.lateAssignments[0].at.After(now) {
		a := s.lateAssignments[0].v
		s.lateAssignments = s.lateAssignments[1:]
		if !a.deleted {
			s.showAssignment(a)
		}
	}
}

func (s *store) showUser(u *user) {
	u.shown = u.now
	for _, a := range slices.Clone(u.roles) {
		if a.removeLater {
			s.unassign(a)
		}
	}
	if !u.visible {
		u.visible = true
		s.users.add(u)
	}
}

// lists returns the lists that an assignment is in.
func (s *store) lists(a *assignment) [3]*series[*assignment] {
	return [...]*series[*assignment]{&s.assignments, &a.role.assignments, &a.tenant.assignments}
}

func (s *store) showAssignment(a *assignment) {
	a.visible = true
	for _, in := range s.lists(a) {
		in.add(a)
	}
}

// All look-ups accept the id or the key, as the spec says.

func (s *store) role(ref string) *role { return lookUp(s.roleByKey, s.ids, ref) }

func (s *store) resource(ref string) *resource { return lookUp(s.resourceByKey, s.ids, ref) }

func (s *store) tenant(ref string) *tenant { return lookUp(s.tenantByKey, s.ids, ref) }

func (s *store) instance(ref string) *instance { return lookUp(s.instances, s.ids, ref) }

// user returns a user, visible or not.
func (s *store) user(ref string) *user { return lookUp(s.userByKey, s.ids, ref) }

// visibleUser returns a user that readers see.
func (s *store) visibleUser(ref string) *user {
	if u := s.user(ref); u != nil && u.visible {
		return u
	}
	return nil
}

func lookUp[T any](byKey map[string]*T, ids map[ident]any, ref string) *T {
	if v := byKey[ref]; v != nil {
		return v
	}
	id, ok := parseIdent(ref)
	if !ok {
		return nil
	}
	v, _ := ids[id].(*T)
	return v
}
