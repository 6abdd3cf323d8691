package a0export

import (
	"hash/maphash"
	"sync"
)

// hasher makes 128 bits of a user's id, which stand for it. It is seeded anew
// in each run, so that nobody can choose ids that collide.
type hasher [2]maphash.Seed

func newHasher() hasher { return hasher{maphash.MakeSeed(), maphash.MakeSeed()} }

func (h hasher) hash(userID string) [2]uint64 {
	return [2]uint64{maphash.String(h[0], userID), maphash.String(h[1], userID)}
}

// holders knows which user holds which roles, in little memory. It is safe for
// concurrent use while it fills.
type holders struct {
	hasher

	mu   sync.Mutex // guards what follows
	sets *sets
	of   map[[2]uint64]uint32 // user -> set
}

func newHolders() *holders {
	return &holders{hasher: newHasher(), sets: newSets(), of: map[[2]uint64]uint32{}}
}

// role announces a role and returns its number.
func (h *holders) role(name string) uint32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sets.role(name)
}

// add gives a user a role.
func (h *holders) add(userID string, role uint32) {
	user := h.hash(userID)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.of[user] = h.sets.with(h.of[user], role)
}

// users implements column.
func (h *holders) users() int { return len(h.of) }

// cell implements column.
func (h *holders) cell(userID string) ([]byte, bool) {
	set := h.of[h.hash(userID)]
	return h.sets.cell(set), set != 0
}
