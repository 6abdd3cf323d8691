package a0export

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
)

// sets knows sets of role names. Each is stored once, however many users have
// it; set 0 is the empty one.
type sets struct {
	names   []string
	numbers map[string]uint32 // of names
	list    [][]uint32        // the roles of a set, ascending
	known   map[string]uint32 // list, the other way round
	next    map[step]uint32   // a set and one role more
	cells   map[uint32][]byte // sets that were asked for, as JSON
}

type step struct{ set, role uint32 }

// maxCells bounds what is kept of finished cells. Where there are more sets
// than that, hardly one is asked for twice.
const maxCells = 1 << 16

func newSets() *sets {
	return &sets{
		numbers: map[string]uint32{}, list: make([][]uint32, 1), known: map[string]uint32{"": 0},
		next: map[step]uint32{}, cells: map[uint32][]byte{},
	}
}

// role is the number of a role.
func (s *sets) role(name string) uint32 {
	number, ok := s.numbers[name]
	if !ok {
		number = uint32(len(s.names)) //nolint:gosec // memory ends before 32 bits do
		s.names = append(s.names, name)
		s.numbers[name] = number
	}
	return number
}

// with is a set and a role more.
func (s *sets) with(set, role uint32) uint32 {
	if to, ok := s.next[step{set, role}]; ok {
		return to
	}
	at, has := slices.BinarySearch(s.list[set], role)
	to := set
	if !has {
		roles := slices.Insert(slices.Clone(s.list[set]), at, role)
		key := make([]byte, 0, 4*len(roles))
		for _, r := range roles {
			key = binary.LittleEndian.AppendUint32(key, r)
		}
		var ok bool
		if to, ok = s.known[string(key)]; !ok {
			to = uint32(len(s.list)) //nolint:gosec // fewer sets than users
			s.list = append(s.list, roles)
			s.known[string(key)] = to
		}
	}
	s.next[step{set, role}] = to
	return to
}

// cell is the JSON array of a set's names in name order.
func (s *sets) cell(set uint32) []byte {
	cell, ok := s.cells[set]
	if !ok {
		names := make([]string, 0, len(s.list[set]))
		for _, role := range s.list[set] {
			names = append(names, s.names[role])
		}
		slices.Sort(names)
		cell = toJSON(names)
		if len(s.cells) < maxCells {
			s.cells[set] = cell
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
