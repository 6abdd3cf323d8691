package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gosimple/slug"

	"a0permit/internal/record"
)

// A RoleMap maps Auth0's names or rol_ ids of roles to their Permit keys. The id
// wins, since it never changes.
type RoleMap map[string]string

// Unkeyed is a role without a usable key, because no character of its name can be
// in a key or because Other has the key already.
type Unkeyed struct {
	Name, Key, Other string
}

// A RekeyError is a role whose id maps to another key than the one it has had so
// far, while its id was not known.
type RekeyError struct{ Name, Key, Before string }

func (e *RekeyError) Error() string {
	text := fmt.Sprintf("role %q: the role map gives it the key %q by its id, ", e.Name, e.Key)
	if e.Before == "" {
		return text + "which users were read before"
	}
	return text + fmt.Sprintf("but it has been %q until here", e.Before)
}

// roleEntry is a role with one Auth0 name.
type roleEntry struct {
	line      record.Role
	described bool     // by a roles table
	written   bool     // its line, or that of another name for this key
	unkeyed   *Unkeyed // set when it has no usable key
	reported  bool
}

// roleBook is the roles met so far.
type roleBook struct {
	mapped  RoleMap
	used    map[string]bool // entries of mapped
	byName  map[string]*roleEntry
	owners  map[string]string // unmapped key to the name it was made from
	written map[string]string // key to the name in its line
}

func newRoleBook(m RoleMap) roleBook {
	return roleBook{
		mapped: m, used: map[string]bool{},
		byName: map[string]*roleEntry{}, owners: map[string]string{}, written: map[string]string{},
	}
}

// get returns the role of that name.
func (b *roleBook) get(name string) *roleEntry {
	if r, ok := b.byName[name]; ok {
		return r
	}
	return b.add(strings.Clone(name), "")
}

// getWithID returns the role of that name, whose id is known now.
func (b *roleBook) getWithID(name, id string) (*roleEntry, error) {
	r, ok := b.byName[name]
	if !ok {
		return b.add(strings.Clone(name), id), nil
	}
	if key, mapped := b.lookUp(name, id); mapped && key != r.line.Key {
		return nil, &RekeyError{Name: name, Key: key, Before: r.line.Key}
	}
	return r, nil
}

func (b *roleBook) add(name, id string) *roleEntry {
	r := &roleEntry{line: record.Role{Type: record.TypeRole, Name: name}}
	b.byName[name] = r
	if key, ok := b.lookUp(name, id); ok {
		r.line.Key = key
		return r
	}
	key := defaultKey(name)
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

// lookUp returns the key in the role map.
func (b *roleBook) lookUp(name, id string) (key string, ok bool) {
	for _, entry := range [...]string{id, name} {
		if key, ok := b.mapped[entry]; ok && entry != "" {
			b.used[entry] = true
			return key, true
		}
	}
	return "", false
}

func (b *roleBook) unusedMappings() []string {
	var entries []string
	for entry := range b.mapped {
		if !b.used[entry] {
			entries = append(entries, entry)
		}
	}
	slices.Sort(entries)
	return entries
}

// describe adds what a table says of the role. If the role has the line of its key,
// it may be written again.
func (b *roleBook) describe(r *roleEntry, row *RoleRow) {
	r.described = true
	r.line.Description = strings.Clone(row.Description)
	r.line.Attributes = map[string]any{"auth0_role_id": strings.Clone(row.ID)}
	if b.written[r.line.Key] == r.line.Name {
		delete(b.written, r.line.Key)
	}
}

// claim claims the key for the role's line, and reports whether it was free.
func (b *roleBook) claim(r *roleEntry) bool {
	if _, ok := b.written[r.line.Key]; ok {
		return false
	}
	b.written[r.line.Key] = r.line.Name
	return true
}

// defaultKey returns the key of a role that is not in the role map, "" when no
// character of its name can be in a key.
func defaultKey(name string) string {
	if record.RoleKey(name) == nil {
		return name
	}
	return slug.Make(name)
}
