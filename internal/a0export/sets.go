package a0export

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
)

// roleName names a role. A role of an organization has its id with it, since other
// organizations may have a role of that name.
type roleName struct {
	name string
	id   string // "" for a role of the tenant
}

// MarshalJSON implements json.Marshaler.
func (r roleName) MarshalJSON() ([]byte, error) {
	if r.id == "" {
		return toJSON(r.name), nil
	}
	return toJSON(struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}{r.id, r.name}), nil
}

// sets numbers role names and sets of them. Each set is stored once, however
// many users have it.
type sets struct {
	names   []roleName
	numbers map[roleName]uint32 // of names
	list    []string            // sets, each as the roles' numbers, ascending
	known   map[string]uint32   // list, the other way round
	cells   map[string][]byte   // sets that were asked for, as JSON
}

// maxCells bounds the finished cells that are kept. Where there are more sets
// than that, hardly one is asked for twice.
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

func setKey(roles []uint32) string {
	slices.Sort(roles)
	key := make([]byte, 0, 64)
	for _, role := range slices.Compact(roles) {
		key = binary.LittleEndian.AppendUint32(key, role)
	}
	return string(key)
}

// cell returns the names of a set in name order, as a JSON array.
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
