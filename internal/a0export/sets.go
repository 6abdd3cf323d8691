package a0export

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
)

// roleName names a role. A role of an organization also has an id, since another
// organization may have a role of the same name.
type roleName struct {
	name string
	id   string // "" for a role of the tenant
}

// MarshalJSON implements json.Marshaler. It returns a string or, with an id, an object.
func (r roleName) MarshalJSON() ([]byte, error) {
	if r.id == "" {
		return toJSON(r.name), nil
	}
	return toJSON(struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}{r.id, r.name}), nil
}

// sets assigns numbers to roles and to sets of roles. Each set is stored once, however
// many users have it.
type sets struct {
	names   []roleName          // by role number
	numbers map[roleName]uint32 // the inverse of names
	list    []string            // the key of each set, by set number: see setKey
	known   map[string]uint32   // the inverse of list
	cells   map[string][]byte   // cache of cell, by key
}

// maxCells bounds the cache of cells. If a tenant has more sets than that, hardly any
// cell is needed twice.
const maxCells = 1 << 16

func newSets() *sets {
	return &sets{numbers: map[roleName]uint32{}, known: map[string]uint32{}, cells: map[string][]byte{}}
}

// role returns the number of a role.
func (s *sets) role(name roleName) uint32 {
	number, ok := s.numbers[name]
	if !ok {
		number = uint32(len(s.names)) //nolint:gosec // memory ends before 32 bits do
		s.names = append(s.names, name)
		s.numbers[name] = number
	}
	return number
}

// set returns the number of a set of roles.
func (s *sets) set(roles []uint32) uint32 {
	key := setKey(roles)
	number, ok := s.known[key]
	if !ok {
		number = uint32(len(s.list)) //nolint:gosec // fewer sets than memberships
		s.list = append(s.list, key)
		s.known[key] = number
	}
	return number
}

// setKey returns the key of a set: its role numbers in ascending order, each as four
// bytes. It sorts roles.
func setKey(roles []uint32) string {
	slices.Sort(roles)
	key := make([]byte, 0, 64)
	for _, role := range slices.Compact(roles) {
		key = binary.LittleEndian.AppendUint32(key, role)
	}
	return string(key)
}

// cell returns the roles of a set, given its key, as a JSON array in name order.
func (s *sets) cell(key string) []byte {
	cell, ok := s.cells[key]
	if !ok {
		names := make([]roleName, 0, len(key)/4)
		for rest := []byte(key); len(rest) > 0; rest = rest[4:] {
			names = append(names, s.names[binary.LittleEndian.Uint32(rest)])
		}
		slices.SortFunc(names, func(a, b roleName) int {
			return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.id, b.id))
		})
		cell = toJSON(names)
		if len(s.cells) < maxCells {
			s.cells[key] = cell
		}
	}
	return cell
}

func toJSON(v any) []byte {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // strings cannot fail
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
