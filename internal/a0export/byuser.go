package a0export

import (
	"slices"
	"sync"

	"a0permit/internal/idhash"
)

// byUser holds values by user in little memory: it keeps the hash of a user's id, not
// the id. Entries may be appended in any order. Call sort once after the last one, and
// only then the other methods.
type byUser[T any] struct {
	hasher idhash.Hasher

	mu     sync.Mutex      // guards shards until they are sorted
	shards [256][]entry[T] // by the first byte of the hash, so that growing one copies little
	count  int             // number of users, set by sort
}

type entry[T any] struct {
	user  idhash.Hash
	value T
}

func newByUser[T any]() byUser[T] {
	return byUser[T]{hasher: idhash.New()}
}

// append adds an entry. The caller holds mu.
func (b *byUser[T]) append(user idhash.Hash, value T) {
	shard := &b.shards[user[0]>>24]
	*shard = append(*shard, entry[T]{user, value})
}

// sort sorts the entries by user, then by value, and drops duplicates: a user who moves
// to another page during the reading is on both pages.
func (b *byUser[T]) sort(compare func(a, b T) int) {
	for i, shard := range b.shards {
		slices.SortFunc(shard, func(x, y entry[T]) int {
			if c := slices.Compare(x.user[:], y.user[:]); c != 0 {
				return c
			}
			return compare(x.value, y.value)
		})
		shard = slices.CompactFunc(shard, func(x, y entry[T]) bool {
			return x.user == y.user && compare(x.value, y.value) == 0
		})
		b.shards[i] = shard
		for j := range shard {
			if j == 0 || shard[j-1].user != shard[j].user {
				b.count++
			}
		}
	}
}

// entries returns the entries of a user, in order.
func (b *byUser[T]) entries(id string) []entry[T] {
	user := b.hasher.Hash(id)
	shard := b.shards[user[0]>>24]
	from, _ := slices.BinarySearchFunc(shard, user, func(e entry[T], user idhash.Hash) int {
		return slices.Compare(e.user[:], user[:])
	})
	to := from
	for to < len(shard) && shard[to].user == user {
		to++
	}
	return shard[from:to]
}

// users implements cells.
func (b *byUser[T]) users() int { return b.count }
