package permittest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ident is an object's UUID: its kind and a running number. Half a million
// objects would make half a million strings otherwise.
type ident uint64

const (
	kindRole ident = (iota + 0x10) << 48
	kindTenant
	kindUser
	kindAssignment
	kindInstance
)

const identNumber = 1<<48 - 1

func (i ident) String() string {
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", uint64(i>>48), uint64(i&identNumber))
}

func (i ident) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

func parseIdent(s string) (ident, bool) {
	s = strings.ToLower(s)
	head, tail, ok := strings.Cut(s, "-0000-4000-8000-")
	if !ok || len(head) != 8 || len(tail) != 12 {
		return 0, false
	}
	kind, err1 := strconv.ParseUint(head, 16, 16)
	number, err2 := strconv.ParseUint(tail, 16, 48)
	return ident(kind)<<48 | ident(number), err1 == nil && err2 == nil
}

type role struct {
	id                     ident
	key, name, description string
	permissions, extends   []string
	attributes             json.RawMessage
	created, updated       time.Time
	gone                   bool
	assignments            series[*assignment]
}

type tenant struct {
	id                     ident
	key, name, description string
	attributes             json.RawMessage
	created, updated       time.Time
	gone                   bool
	assignments            series[*assignment]
}

// profile is what a write of a user changes. It is never changed in place.
type profile struct {
	email, first, last string
	attributes         json.RawMessage
	updated            time.Time
}

type user struct {
	id      ident
	key     string
	now     *profile // as written
	shown   *profile // as readers see it
	created time.Time
	settles time.Time // when readers see what was written
	listed  bool      // whether readers see the user at all
	gone    bool
	roles   []*assignment
}

// instance is a resource instance, known from its assignments alone.
type instance struct {
	id     ident
	key    string // type:key
	tenant *tenant
}

type grant struct {
	role     *role
	tenant   *tenant
	instance *instance // nil for a tenant's role
}

// pair is what can be assigned once.
type pair struct {
	user *user
	grant
}

type assignment struct {
	pair
	id      ident
	created time.Time
	listed  bool
	doomed  bool // gone once its user's latest write is seen
	gone    bool
}

func (r *role) dead() bool       { return r.gone }
func (t *tenant) dead() bool     { return t.gone }
func (u *user) dead() bool       { return u.gone }
func (a *assignment) dead() bool { return a.gone }

// series keeps objects in order of creation. What is gone is swept out when
// the series is read next, so that a run of deletes costs one sweep.
type series[T interface{ dead() bool }] struct {
	items []T
	gone  int
}

func (s *series[T]) add(v T) { s.items = append(s.items, v) }

func (s *series[T]) all() []T {
	if s.gone > 0 {
		// A new array: a reader further up may still hold the old one.
		old := s.items
		s.items, s.gone = make([]T, 0, len(old)-s.gone), 0
		for _, v := range old {
			if !v.dead() {
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

// store is the state, guarded by the server's lock.
type store struct {
	number ident

	roles       series[*role]
	tenants     series[*tenant]
	users       series[*user] // those that are listed
	assignments series[*assignment]

	roleByKey   map[string]*role
	tenantByKey map[string]*tenant
	userByKey   map[string]*user
	userByEmail map[string]*user // lower case
	instances   map[string]*instance
	assigned    map[pair]*assignment
	ids         map[ident]any // *role, *tenant, *user or *instance

	lateUsers       []late[*user]
	lateAssignments []late[*assignment]
}

func newStore() store {
	return store{
		roleByKey: map[string]*role{}, tenantByKey: map[string]*tenant{}, instances: map[string]*instance{},
		userByKey: map[string]*user{}, userByEmail: map[string]*user{},
		assigned: map[pair]*assignment{}, ids: map[ident]any{},
	}
}

func (s *store) next(kind ident) ident {
	s.number++
	return kind | s.number
}

// register gives v an id by which it can be looked up.
func (s *store) register(kind ident, v any) ident {
	id := s.next(kind)
	s.ids[id] = v
	return id
}

// settle lets readers see what is due. Both queues are in order of time,
// since the lag is the same for all.
func (s *store) settle(now time.Time) {
	for len(s.lateUsers) > 0 && !s.lateUsers[0].at.After(now) {
		u := s.lateUsers[0].v
		s.lateUsers = s.lateUsers[1:]
		if !u.gone && !u.settles.After(now) { // else a later entry is for the latest write
			s.show(u)
		}
	}
	for len(s.lateAssignments) > 0 && !s.lateAssignments[0].at.After(now) {
		a := s.lateAssignments[0].v
		s.lateAssignments = s.lateAssignments[1:]
		if !a.gone {
			s.list(a)
		}
	}
}

func (s *store) show(u *user) {
	u.shown = u.now
	for _, a := range slices.Clone(u.roles) {
		if a.doomed {
			s.unassign(a)
		}
	}
	if !u.listed {
		u.listed = true
		s.users.add(u)
	}
}

// lists are those in which an assignment stands.
func (s *store) lists(a *assignment) [3]*series[*assignment] {
	return [...]*series[*assignment]{&s.assignments, &a.role.assignments, &a.tenant.assignments}
}

func (s *store) list(a *assignment) {
	a.listed = true
	for _, in := range s.lists(a) {
		in.add(a)
	}
}

// The look-ups take the id or the key, as the spec says of all of them.

func (s *store) role(ref string) *role { return lookUp(s.roleByKey, s.ids, ref) }

func (s *store) tenant(ref string) *tenant { return lookUp(s.tenantByKey, s.ids, ref) }

func (s *store) instance(ref string) *instance { return lookUp(s.instances, s.ids, ref) }

// user finds a user whether readers see it or not.
func (s *store) user(ref string) *user { return lookUp(s.userByKey, s.ids, ref) }

// seen finds a user as readers do.
func (s *store) seen(ref string) *user {
	if u := s.user(ref); u != nil && u.listed {
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
