// Package idhash tells millions of ids apart by hashes of 12 bytes each, since keeping
// the ids would take too much memory.
package idhash

import (
	"hash/maphash"
	"io"
)

// Hash is a 96-bit hash of an id. With ten million ids, two have the same hash in one of
// 10^15 runs. 64 bits would be too few, and 128 bits would take a third more memory.
type Hash [3]uint32

// Hasher makes the hashes of one run. Another run has other hashes, so nobody can choose
// ids that collide.
type Hasher struct{ seeds [2]maphash.Seed }

// New returns a Hasher for one run.
func New() Hasher { return Hasher{[2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}} }

// Hash returns the hash of an id.
func (h Hasher) Hash(id string) Hash {
	a, b := maphash.String(h.seeds[0], id), maphash.String(h.seeds[1], id)
	return Hash{uint32(a), uint32(a >> 32), uint32(b)} //nolint:gosec // bits, not numbers
}

// Sum returns a 64-bit hash of data. That is enough to compare two values, and to tell
// a few million values apart.
func (h Hasher) Sum(data []byte) uint64 { return maphash.Bytes(h.seeds[1], data) }

// SumOf returns the Sum of everything in r.
func (h Hasher) SumOf(r io.Reader) (uint64, error) {
	var sum maphash.Hash
	sum.SetSeed(h.seeds[1])
	_, err := io.Copy(&sum, r)
	return sum.Sum64(), err
}
