package a0export

import "cmp"

// holders holds the roles of each user.
type holders struct {
	byUser[uint32] // role numbers

	sets  *sets
	roles []uint32 // reused by cell
}

func newHolders() *holders { return &holders{byUser: newByUser[uint32](), sets: newSets()} }

// role returns the number of a role, for add.
func (h *holders) role(name string) uint32 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sets.role(roleName{name: name})
}

// add gives a user a role.
func (h *holders) add(userID string, role uint32) {
	user := h.hasher.Hash(userID)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.append(user, role)
}

// seal must be called after the last add, and before cell and users.
func (h *holders) seal() { h.sort(cmp.Compare[uint32]) }

// cell implements cells.
func (h *holders) cell(userID string) ([]byte, bool) {
	h.roles = h.roles[:0]
	for _, e := range h.entries(userID) {
		h.roles = append(h.roles, e.value)
	}
	return h.sets.cell(setKey(h.roles)), len(h.roles) > 0
}
