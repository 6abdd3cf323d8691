package a0export

import (
	"hash/maphash"
	"slices"
	"sync"
)

// byUser is what was read of users, who come in any order, in little memory: a
// user is 96 bits of a hash. It is filled first, safe for concurrent use, then
// sealed, and can be asked then.
type byUser[T any] struct {
	seeds [2]maphash.Seed // new in each run, so that nobody can choose ids that collide

	mu     sync.Mutex
	shards [256][]entry[T] // by a part of the hash, so that growing copies little
	count  int             // users, once sealed
}

type user [3]uint32

type entry[T any] struct {
	user  user
	value T
}

func newByUser[T any]() byUser[T] {
	return byUser[T]{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

func (b *byUser[T]) user(id string) user {
	h := maphash.String(b.seeds[0], id)
	return user{uint32(h), uint32(h >> 32), uint32(maphash.String(b.seeds[1], id))} //nolint:gosec // the parts that are wanted
}

// add notes something of a user. The caller holds mu.
func (b *byUser[T]) add(u user, value T) {
	shard := &b.shards[u[0]>>24]
	*shard = append(*shard, entry[T]{u, value})
}

// seal ends the filling. What a user has comes in order then, and once: whoever
// moved from one page to the next was read twice.
func (b *byUser[T]) seal(order func(a, b T) int) {
	for i, shard := range b.shards {
		slices.SortFunc(shard, func(x, y entry[T]) int {
			if c := slices.Compare(x.user[:], y.user[:]); c != 0 {
				return c
			}
			return order(x.value, y.value)
		})
		shard = slices.CompactFunc(shard, func(x, y entry[T]) bool { return x.user == y.user && order(x.value, y.value) == 0 })
		b.shards[i] = shard
		for j := range shard {
			if j == 0 || shard[j-1].user != shard[j].user {
				b.count++
			}
		}
	}
}

// of is all that there is of a user.
func (b *byUser[T]) of(id string) []entry[T] {
	u := b.user(id)
	shard := b.shards[u[0]>>24]
	from, _ := slices.BinarySearchFunc(shard, u, func(e entry[T], u user) int { return slices.Compare(e.user[:], u[:]) })
	to := from
	for to < len(shard) && shard[to].user == u {
		to++
	}
	return shard[from:to]
}

// users implements cells.
func (b *byUser[T]) users() int { return b.count }
