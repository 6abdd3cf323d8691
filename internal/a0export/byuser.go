package a0export

import (
	"hash/maphash"
	"slices"
	"sync"
)

// byUser holds what was read about users, who come in any order, in little
// memory: a user is 96 bits of a hash. It is filled first, then sorted once, and
// only then can it be asked.
type byUser[T any] struct {
	seeds [2]maphash.Seed // new in each run, so that nobody can choose ids that collide

	mu     sync.Mutex      // guards the filling
	shards [256][]entry[T] // by the first byte of the hash, so that growing copies little
	count  int             // users, known once the entries are sorted
}

type userHash [3]uint32

type entry[T any] struct {
	user  userHash
	value T
}

func newByUser[T any]() byUser[T] {
	return byUser[T]{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

func (b *byUser[T]) hash(id string) userHash {
	h := maphash.String(b.seeds[0], id)
	//nolint:gosec // the parts that are wanted
	return userHash{uint32(h), uint32(h >> 32), uint32(maphash.String(b.seeds[1], id))}
}

// append adds an entry. The caller holds mu.
func (b *byUser[T]) append(user userHash, value T) {
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
	user := b.hash(id)
	shard := b.shards[user[0]>>24]
	from, _ := slices.BinarySearchFunc(shard, user, func(e entry[T], user userHash) int {
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
