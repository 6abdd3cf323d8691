package a0export

import "cmp"

// holders knows which user holds which roles.
type holders struct {
	byUser[uint32] // numbers of roles

	sets  *sets
	roles []uint32 // of one user, used again
}

func newHolders() *holders { return &holders{byUser: newByUser[uint32](), sets: newSets()} }

// role returns the number of a role, which add takes.
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

// seal ends the filling.
func (h *holders) seal() { h.sort(cmp.Compare[uint32]) }

// cell implements cells.
func (h *holders) cell(userID string) ([]byte, bool) {
	h.roles = h.roles[:0]
	for _, e := range h.entries(userID) {
		h.roles = append(h.roles, e.value)
	}
	return h.sets.cell(setKey(h.roles)), len(h.roles) > 0
}
