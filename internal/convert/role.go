package convert

import (
	"fmt"
	"slices"
	"strings"

	"a0permit/internal/idhash"
	"a0permit/internal/record"
)

// A RoleMap maps Auth0's names or rol_ ids of roles to their Permit keys. The id
// wins, since it never changes.
type RoleMap map[string]string

// Unkeyed is a role without a usable key, because no character of its name can be
// in a key or because Other has the key already.
type Unkeyed struct {
	Name       string
	Key, Other string
	Mapped     bool // the role map gives the role its key
	// IsOwned and OtherIsOwned are whether the roles are those of organizations.
	IsOwned, OtherIsOwned bool
	// ToMap is the role for which a line in the map is missing.
	ToMap MapEntry
}

// A MapEntry is a role as the role map should name it: by its id when it has no name here,
// as a role of an organization, whose name is not its own.
type MapEntry struct{ Name, ID string }

// A RekeyError is a role whose id maps to another key than the one it has had so
// far, while its id was not known.
type RekeyError struct{ Name, Key, Before string }

func (e *RekeyError) Error() string {
	text := fmt.Sprintf("role %q: --role-map gives its id the key %q, but ", e.Name, e.Key)
	if e.Before == "" {
		return text + "users who hold it came before this row"
	}
	return text + fmt.Sprintf("users before this row have it as %q", e.Before)
}

// A TwinError is two roles of one name. Users name their roles, so nobody knows which
// of the two they hold.
type TwinError struct{ Name, ID string }

func (e *TwinError) Error() string {
	return fmt.Sprintf("role %q (id %q): another role has the same name", e.Name, e.ID)
}

// role is a role as a row names it.
type role struct {
	number int32  // in the roleBook
	name   string // in Auth0
	key    string // "" when it has no usable one
}

// A roleBook is the roles met so far, by number. A tenant of Auth0 has a thousand of
// them at most, but the input may be of another origin. So it keeps hashes in place
// of texts, and nothing that can be found out again.
type roleBook struct {
	mapping RoleMap
	used    map[string]bool // entries of mapping
	hasher  idhash.Hasher
	byName  map[idhash.Hash]int32
	byKey   map[idhash.Hash]int32 // the first with that key
	roles   []roleEntry
	names   []byte                // of all roles, one after another; an owned one's id behind its name
	mapped  map[int32]string      // the keys that the mapping gives
	byID    map[idhash.Hash]int32 // those whose id is known
}

// roleEntry is what a roleBook keeps of each role.
type roleEntry struct {
	name      int         // where it ends in names
	id        idhash.Hash // zero while the id is not known
	first     int32       // with the key; of an unkeyed role, the one that has its key; or none
	line      int32       // of the first with a key: whose name is in the key's line; or none
	mapped    bool
	unkeyed   bool
	reported  bool // as unkeyed
	described bool // by a roles table
	owned     bool // by an organization
	granted   bool // its permissions are known
}

// none is the number of no role.
const none = -1

func newRoleBook(m RoleMap) roleBook {
	return roleBook{
		mapping: m, used: map[string]bool{}, mapped: map[int32]string{}, hasher: idhash.New(),
		byName: map[idhash.Hash]int32{}, byKey: map[idhash.Hash]int32{},
		byID: map[idhash.Hash]int32{},
	}
}

func (b *roleBook) has(name idhash.Hash) bool { _, ok := b.byName[name]; return ok }

// get returns the role of that name.
func (b *roleBook) get(name string) role {
	hash := b.hasher.Hash(name)
	if n, ok := b.byName[hash]; ok {
		return b.numbered(n, name)
	}
	r := b.add(name, "", false)
	b.byName[hash] = r.number
	return r
}

// numbered returns the role of that number and name.
func (b *roleBook) numbered(n int32, name string) role {
	switch {
	case b.roles[n].unkeyed:
		return role{number: n, name: name}
	case b.roles[n].mapped:
		return role{n, name, b.mapped[n]}
	default:
		return role{n, name, record.KeyOfRole(name)}
	}
}

// getOwned returns the role of an organization. Its id says which one it is, since its
// name is unique within its organization only.
func (b *roleBook) getOwned(name, id string) role {
	hash := b.hasher.Hash(id)
	if n, ok := b.byID[hash]; ok {
		return b.numbered(n, b.nameOf(n))
	}
	r := b.add(name, id, true)
	b.byID[hash] = r.number
	b.roles[r.number].id = hash
	return r
}

// getWithID returns the role of that name, whose id is known now.
func (b *roleBook) getWithID(name, id string) (role, error) {
	idHash := b.hasher.Hash(id)
	if n, ok := b.byID[idHash]; ok && b.roles[n].owned {
		return b.numbered(n, b.nameOf(n)), nil
	}
	var r role
	if hash := b.hasher.Hash(name); b.has(hash) {
		r = b.get(name)
	} else {
		r = b.add(name, id, false)
		b.byName[hash] = r.number
	}
	entry := &b.roles[r.number]
	key, isMapped := b.lookUp(name, id)
	switch {
	case !isMapped && entry.id != idhash.Hash{} && entry.id != idHash:
		return r, &TwinError{Name: name, ID: id}
	case isMapped && !entry.unkeyed && key != r.key, isMapped && entry.unkeyed && !entry.mapped:
		return r, &RekeyError{Name: name, Key: key, Before: r.key}
	case isMapped:
		entry.mapped = true
		b.mapped[r.number] = key
	}
	entry.id = idHash
	b.byID[idHash] = r.number
	return r, nil
}

// add adds a role. Of two roles for one key the first one has it, unless the mapping
// gives it to both. The mapping knows the role of an organization by its id alone.
func (b *roleBook) add(name, id string, owned bool) role {
	r := role{number: int32(len(b.roles)), name: name} //nolint:gosec // no input has two billion roles
	entry := roleEntry{first: none, line: none, owned: owned}
	if owned {
		r.key, entry.mapped = b.lookUp("", id)
	} else {
		r.key, entry.mapped = b.lookUp(name, id)
	}
	if entry.mapped {
		b.mapped[r.number] = r.key
	} else {
		r.key = record.KeyOfRole(name)
	}
	keyHash := b.hasher.Hash(r.key)
	switch first, taken := b.byKey[keyHash]; {
	case r.key == "":
		entry.unkeyed = true
	case taken:
		entry.first = first
		entry.unkeyed = !entry.mapped || !b.roles[first].mapped
	default:
		entry.first = r.number
		b.byKey[keyHash] = r.number
	}
	if entry.unkeyed {
		r.key = ""
	}
	b.names = append(b.names, name...)
	if owned {
		b.names = append(append(b.names, 0), id...)
	}
	entry.name = len(b.names)
	b.roles = append(b.roles, entry)
	return r
}

// lookUp returns the key in the mapping.
func (b *roleBook) lookUp(name, id string) (key string, ok bool) {
	for _, entry := range [...]string{id, name} {
		if key, ok := b.mapping[entry]; ok && entry != "" {
			b.used[entry] = true
			return key, true
		}
	}
	return "", false
}

func (b *roleBook) unusedMappings() []string {
	var entries []string
	for entry := range b.mapping {
		if !b.used[entry] {
			entries = append(entries, entry)
		}
	}
	slices.Sort(entries)
	return entries
}

func (b *roleBook) isUnkeyed(r role) bool { return b.roles[r.number].unkeyed }

// reportUnkeyed returns what is wrong with an unkeyed role, the first time that it is
// asked.
func (b *roleBook) reportUnkeyed(r role, id string) (u Unkeyed, isNew bool) {
	entry := &b.roles[r.number]
	if !entry.unkeyed || entry.reported {
		return u, false
	}
	entry.reported = true
	u = Unkeyed{Name: r.name, Mapped: entry.mapped, IsOwned: entry.owned, ToMap: b.mapEntry(r.number, id)}
	if entry.first == none {
		return u, true
	}
	first := &b.roles[entry.first]
	u.Other, u.OtherIsOwned = b.nameOf(entry.first), first.owned
	if entry.mapped || first.owned && !first.mapped && !entry.owned {
		u.ToMap = b.mapEntry(entry.first, "")
	}
	if u.Key = b.mapped[r.number]; !entry.mapped {
		u.Key = record.KeyOfRole(r.name)
	}
	return u, true
}

func (b *roleBook) mapEntry(n int32, id string) MapEntry {
	if b.roles[n].owned {
		return MapEntry{ID: b.ownedID(n)}
	}
	return MapEntry{Name: b.nameOf(n), ID: id}
}

func (b *roleBook) nameOf(n int32) string {
	name, _ := b.textOf(n)
	return name
}

// ownedID returns the id of an organization's role.
func (b *roleBook) ownedID(n int32) string {
	_, id := b.textOf(n)
	return id
}

func (b *roleBook) textOf(n int32) (name, id string) {
	start := 0
	if n > 0 {
		start = b.roles[n-1].name
	}
	text := string(b.names[start:b.roles[n].name])
	if b.roles[n].owned {
		i := strings.LastIndexByte(text, 0)
		return text[:i], text[i+1:]
	}
	return text, ""
}

// claimLine reports whether the line of the role's key is to be written with this
// role: no role has it yet, or this one has, and more is known of it now.
func (b *roleBook) claimLine(r role, knowsMore bool) bool {
	line := &b.roles[b.roles[r.number].first].line
	if *line == none || *line == r.number && knowsMore {
		*line = r.number
		return true
	}
	return false
}

// describe notes that a table has described the role, and reports whether that is new.
func (b *roleBook) describe(r role) bool {
	entry := &b.roles[r.number]
	isNew := !entry.described
	entry.described = true
	return isNew
}
