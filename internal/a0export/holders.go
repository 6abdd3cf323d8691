package a0export

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"strings"
)

// holders knows which user holds which roles in little memory: a user is a
// 128-bit hash, and a set of roles is stored once however many users hold it.
// The hashes are seeded anew in each run, so that nobody can choose ids that
// collide.
type holders struct {
	seeds [2]maphash.Seed
	sets  map[[2]uint64]uint32 // user -> set
	next  map[step]uint32      // set and one more role -> set
	list  []set
	names []string
}

// set is a set of roles as the smaller set it grew from and the role it grew
// by; set 0 is empty.
type set struct {
	step
	cell []byte // the finished CSV cell, once asked for
}

type step struct{ from, role uint32 }

func newHolders() *holders {
	return &holders{
		seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		sets:  map[[2]uint64]uint32{},
		next:  map[step]uint32{},
		list:  make([]set, 1),
	}
}

// role announces a role and returns its number.
func (h *holders) role(name string) uint32 {
	h.names = append(h.names, name)
	return uint32(len(h.names) - 1) //nolint:gosec // a tenant has at most 1000 roles
}

// add gives a user a role. A user met twice on the pages of one role counts
// once.
func (h *holders) add(userID string, role uint32) {
	user := h.hash(userID)
	s := step{h.sets[user], role}
	if s.from != 0 && h.list[s.from].role == role {
		return
	}
	to, ok := h.next[s]
	if !ok {
		to = uint32(len(h.list)) //nolint:gosec // fewer sets than users
		h.next[s] = to
		h.list = append(h.list, set{step: s})
	}
	h.sets[user] = to
}

func (h *holders) hash(userID string) [2]uint64 {
	return [2]uint64{maphash.String(h.seeds[0], userID), maphash.String(h.seeds[1], userID)}
}

// users is how many hold a role.
func (h *holders) users() int { return len(h.sets) }

// cell is the JSON array of a user's role names in name order, and whether the
// user holds any.
func (h *holders) cell(userID string) ([]byte, bool) {
	id := h.sets[h.hash(userID)]
	s := &h.list[id]
	if s.cell == nil {
		names := []string{}
		for at := id; at != 0; at = h.list[at].from {
			names = append(names, h.names[h.list[at].role])
		}
		slices.Sort(names)
		s.cell = jsonArray(names)
	}
	return s.cell, id != 0
}

func jsonArray(names []string) []byte {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(names) // strings cannot fail
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
