package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gosimple/slug"

	"a0permit/internal/record"
)

// A RoleMap gives roles their Permit keys, by Auth0's name or rol_ id. The id
// wins, since it is the one that does not change.
type RoleMap map[string]string

// Unkeyed is a role that has no usable key, because nothing is left of its name
// or because Other has the key already.
type Unkeyed struct {
	Name, Key, Other string
}

// A RekeyError is a role to which the role map gives one key by its name and
// another by its id, when the id became known only after the role was in use.
type RekeyError struct{ Name, Key, Before string }

func (e *RekeyError) Error() string {
	if e.Before == "" {
		return fmt.Sprintf("role %q: the role map gives it the key %q by its id, which users were read before", e.Name, e.Key)
	}
	return fmt.Sprintf("role %q: the role map gives it the key %q by its id, but it has been %q until here", e.Name, e.Key, e.Before)
}

// role is a role by its Auth0 name.
type role struct {
	line      record.Role
	described bool     // by a roles table
	written   bool     // its line, or that of another name with this key
	unkeyed   *Unkeyed // not nil when it has no usable key
	reported  bool
}

// roleBook is the roles met so far.
type roleBook struct {
	mapped  RoleMap
	used    map[string]bool // entries of mapped
	byName  map[string]*role
	owners  map[string]string // unmapped key to the name it was made from
	written map[string]string // key to the name in its line
}

func newRoleBook(m RoleMap) roleBook {
	return roleBook{mapped: m, used: map[string]bool{}, byName: map[string]*role{}, owners: map[string]string{}, written: map[string]string{}}
}

// named returns the role of that name.
func (b *roleBook) named(name string) *role {
	if r, ok := b.byName[name]; ok {
		return r
	}
	return b.add(strings.Clone(name), "")
}

func (b *roleBook) add(name, id string) *role {
	r := &role{line: record.Role{Type: record.TypeRole, Name: name}}
	b.byName[name] = r
	if key, ok := b.lookUp(name, id); ok {
		r.line.Key = key
		return r
	}
	key := ownKey(name)
	switch other, taken := b.owners[key]; {
	case key == "":
		r.unkeyed = &Unkeyed{Name: name}
	case taken:
		r.unkeyed = &Unkeyed{Name: name, Key: key, Other: other}
	default:
		b.owners[key] = name
		r.line.Key = key
	}
	return r
}

func (b *roleBook) lookUp(name, id string) (key string, ok bool) {
	for _, entry := range [...]string{id, name} {
		if key, ok := b.mapped[entry]; ok && entry != "" {
			b.used[entry] = true
			return key, true
		}
	}
	return "", false
}

func (b *roleBook) unused() []string {
	var entries []string
	for entry := range b.mapped {
		if !b.used[entry] {
			entries = append(entries, entry)
		}
	}
	slices.Sort(entries)
	return entries
}

// identified returns the role of a name, whose id is known now too.
func (b *roleBook) identified(name, id string) (*role, error) {
	r, ok := b.byName[name]
	if !ok {
		return b.add(strings.Clone(name), id), nil
	}
	if key, mapped := b.lookUp(name, id); mapped && key != r.line.Key {
		return nil, &RekeyError{Name: name, Key: key, Before: r.line.Key}
	}
	return r, nil
}

// describe adds what a table says of the role, and lets its line be written
// again if it was its own.
func (b *roleBook) describe(r *role, row *RoleRow) {
	r.described = true
	r.line.Description = strings.Clone(row.Description)
	r.line.Attributes = map[string]any{"auth0_role_id": strings.Clone(row.ID)}
	if b.written[r.line.Key] == r.line.Name {
		delete(b.written, r.line.Key)
	}
}

// claim reports whether the role's line is the first of its key.
func (b *roleBook) claim(r *role) bool {
	if _, ok := b.written[r.line.Key]; ok {
		return false
	}
	b.written[r.line.Key] = r.line.Name
	return true
}

// ownKey is the key of a role that is in no role map; "" when nothing of its
// name can stand in one.
func ownKey(name string) string {
	if record.RoleKey(name) == nil {
		return name
	}
	return slug.Make(name)
}
