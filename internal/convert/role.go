package convert

import (
	"fmt"
	"slices"
	"strings"

	"a0permit/internal/idhash"
	"a0permit/internal/record"
)

// A RoleMap maps roles, by their name or rol_ id in Auth0, to keys in Permit. The id
// wins, since it never changes.
type RoleMap map[string]string

// Unkeyed is a role without a usable key, because no character of its name can be in a
// key or because Other already has the key.
type Unkeyed struct {
	Name       string
	Key, Other string
	Mapped     bool // the role map gives the role its key
	// IsOwned and OtherIsOwned say whether the two roles belong to organizations.
	IsOwned, OtherIsOwned bool
	// ToMap is the role that needs a line in the map.
	ToMap MapEntry
}

// A MapEntry is a role as the role map should name it. A role of an organization has
// only an ID here, since its name is not unique.
type MapEntry struct{ Name, ID string }

// A RekeyError reports a role whose id maps to another key than the one that it got by
// its name, before its id was known.
type RekeyError struct{ Name, Key, Before string }

func (e *RekeyError) Error() string {
	text := fmt.Sprintf("role %q: --role-map gives its id the key %q, but ", e.Name, e.Key)
	if e.Before == "" {
		return text + "users who hold it came before this row"
	}
	return text + fmt.Sprintf("users before this row have it as %q", e.Before)
}

// A TwinError reports two roles with the same name. Users name their roles, so nobody
// knows which of the two they hold.
type TwinError struct{ Name, ID string }

func (e *TwinError) Error() string {
	return fmt.Sprintf("role %q (id %q): another role has the same name", e.Name, e.ID)
}

// role is a role as a row names it.
type role struct {
	number int32  // in the roleBook
	name   string // in Auth0
	key    string // "" if it has no usable key
}

// A roleBook keeps the roles so far, by number. A tenant of Auth0 has at most a
// thousand roles, but the input may come from elsewhere. So the book keeps hashes
// instead of texts, and nothing that it can compute again.
type roleBook struct {
	mapping RoleMap
	used    map[string]bool // entries of mapping
	hasher  idhash.Hasher
	byName  map[idhash.Hash]int32
	byKey   map[idhash.Hash]int32 // the first with that key
	roles   []roleEntry
	names   []byte                // of all roles, one after another; an owned role's id follows its name
	mapped  map[int32]string      // keys given by the mapping
	byID    map[idhash.Hash]int32 // roles whose id is known
}

// roleEntry is what a roleBook keeps of each role.
type roleEntry struct {
	nameEnd   int         // end of its text in names
	id        idhash.Hash // zero while the id is not known
	first     int32       // first role with the key; for an unkeyed role, the one that took it; or none
	line      int32       // for the first role with a key: the role that the key's line names; or none
	mapped    bool
	unkeyed   bool
	reported  bool // as unkeyed
	described bool // by a roles table
	owned     bool // by an organization
	granted   bool // its permissions are known
}

// none is a number that no role has.
const none = -1

func newRoleBook(m RoleMap) roleBook {
	return roleBook{
		mapping: m, used: map[string]bool{}, mapped: map[int32]string{}, hasher: idhash.New(),
		byName: map[idhash.Hash]int32{}, byKey: map[idhash.Hash]int32{},
		byID: map[idhash.Hash]int32{},
	}
}

func (b *roleBook) has(name idhash.Hash) bool { _, ok := b.byName[name]; return ok }

// get returns the role with that name, which it adds if it is new.
func (b *roleBook) get(name string) role {
	hash := b.hasher.Hash(name)
	if n, ok := b.byName[hash]; ok {
		return b.roleAt(n, name)
	}
	r := b.add(name, "", false)
	b.byName[hash] = r.number
	return r
}

// roleAt returns the role with that number, under that name.
func (b *roleBook) roleAt(n int32, name string) role {
	switch {
	case b.roles[n].unkeyed:
		return role{number: n, name: name}
	case b.roles[n].mapped:
		return role{n, name, b.mapped[n]}
	default:
		return role{n, name, record.KeyOfRole(name)}
	}
}

// getOwned returns a role of an organization, which it adds if it is new. Only the id
// identifies it, since the name is unique only within the organization.
func (b *roleBook) getOwned(name, id string) role {
	hash := b.hasher.Hash(id)
	if n, ok := b.byID[hash]; ok {
		return b.roleAt(n, b.nameOf(n))
	}
	r := b.add(name, id, true)
	b.byID[hash] = r.number
	b.roles[r.number].id = hash
	return r
}

// getWithID returns the role with that name, and records its id. It adds the role if it
// is new. The error is a *TwinError or a *RekeyError.
func (b *roleBook) getWithID(name, id string) (role, error) {
	idHash := b.hasher.Hash(id)
	if n, ok := b.byID[idHash]; ok && b.roles[n].owned {
		return b.roleAt(n, b.nameOf(n)), nil
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

// add adds a role. The first of two roles with the same key gets it, unless the mapping
// gives it to both. The mapping knows a role of an organization by its id alone.
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
	entry.nameEnd = len(b.names)
	b.roles = append(b.roles, entry)
	return r
}

// lookUp returns the key that the mapping gives a role, by its id or else its name.
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

// reportUnkeyed returns what is wrong with an unkeyed role. isNew is false if the role
// has a key or was reported before.
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
		start = b.roles[n-1].nameEnd
	}
	text := string(b.names[start:b.roles[n].nameEnd])
	if b.roles[n].owned {
		i := strings.LastIndexByte(text, 0)
		return text[:i], text[i+1:]
	}
	return text, ""
}

// claimLine reports whether to write the line of the role's key for this role. That is
// so if the key has no line yet, or if this role has the line and more is known of it
// now.
func (b *roleBook) claimLine(r role, knowsMore bool) bool {
	line := &b.roles[b.roles[r.number].first].line
	if *line == none || *line == r.number && knowsMore {
		*line = r.number
		return true
	}
	return false
}

// describe records that a table describes the role, and reports whether that is new.
func (b *roleBook) describe(r role) bool {
	entry := &b.roles[r.number]
	isNew := !entry.described
	entry.described = true
	return isNew
}
