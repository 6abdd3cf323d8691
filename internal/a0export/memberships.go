package a0export

import (
	"cmp"
	"slices"
	"sync"

	"a0permit/internal/auth0"
)

// memberships knows which user is in which organizations and holds which roles
// there. It fills first (safe for concurrent use), is sealed, and answers then.
type memberships struct {
	hasher

	mu     sync.Mutex // guards what follows
	sets   *sets
	shards [256][]membership // by a part of the hash, so that growing copies little
	orgs   [][]byte          // each organization as the beginning of its JSON object
	count  int               // users, once sealed
	silent bool              // members came, and none with a word of roles
	spoken bool
}

// membership is 24 bytes, since there may be millions.
type membership struct {
	user     [2]uint64
	org, set uint32
}

func newMemberships() *memberships { return &memberships{hasher: newHasher(), sets: newSets()} }

// organization announces an organization and returns its number.
func (m *memberships) organization(o auth0.Organization) uint32 {
	m.mu.Lock()
	defer m.mu.Unlock()
	object := toJSON(struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"display_name"`
	}(o))
	m.orgs = append(m.orgs, append(object[:len(object)-1], `,"roles":`...))
	return uint32(len(m.orgs) - 1) //nolint:gosec // a tenant has at most 100,000
}

func (m *memberships) add(org uint32, member auth0.Member) {
	user := m.hash(member.UserID)
	m.mu.Lock()
	defer m.mu.Unlock()
	if member.Roles == nil {
		m.silent = true
	} else {
		m.spoken = true
	}
	set := uint32(0)
	for _, role := range member.Roles {
		set = m.sets.with(set, m.sets.role(role.Name))
	}
	shard := &m.shards[user[0]>>56]
	*shard = append(*shard, membership{user, org, set})
}

// seal ends the filling.
func (m *memberships) seal() {
	for i, shard := range m.shards {
		slices.SortFunc(shard, func(a, b membership) int {
			return cmp.Or(slices.Compare(a.user[:], b.user[:]), cmp.Compare(a.org, b.org), cmp.Compare(a.set, b.set))
		})
		// A member who moved from one page to another was read twice.
		m.shards[i] = slices.CompactFunc(shard, func(a, b membership) bool { return a.user == b.user && a.org == b.org })
		for j, one := range m.shards[i] {
			if j == 0 || m.shards[i][j-1].user != one.user {
				m.count++
			}
		}
	}
}

// users implements column.
func (m *memberships) users() int { return m.count }

// cell implements column.
func (m *memberships) cell(userID string) ([]byte, bool) {
	user := m.hash(userID)
	shard := m.shards[user[0]>>56]
	at, _ := slices.BinarySearchFunc(shard, user, func(one membership, user [2]uint64) int { return slices.Compare(one.user[:], user[:]) })
	cell := []byte{'['}
	for _, one := range shard[at:] {
		if one.user != user {
			break
		}
		if len(cell) > 1 {
			cell = append(cell, ',')
		}
		cell = append(cell, m.orgs[one.org]...)
		cell = append(append(cell, m.sets.cell(one.set)...), '}')
	}
	return append(cell, ']'), len(cell) > 1
}
