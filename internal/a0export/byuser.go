package a0export

import (
	"slices"
	"sync"

	"a0permit/internal/idhash"
)

// byUser holds what was read about users, who come in any order, in little
// memory: a user is the hash of its id. It is filled first, then sorted once, and
// only then can it be asked.
type byUser[T any] struct {
	hasher idhash.Hasher

	mu     sync.Mutex      // guards the filling
	shards [256][]entry[T] // by the first byte of the hash, so that growing copies little
	count  int             // users, known once the entries are sorted
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

// sort ends the filling. It puts the entries of each user in order and drops
// those that are there twice: a user who moves from one page to the next while
// the pages are read comes with both.
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

// entries returns all entries of a user.
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
