// Package idhash tells millions of ids apart by twelve bytes each, where their
// texts would be too much to keep.
package idhash

import (
	"hash/maphash"
	"io"
)

// Hash stands for an id. Two of ten million ids share its 96 bits once in 10^15
// runs; 64 bits would be too few, and 128 take half as much memory again.
type Hash [3]uint32

// Hasher makes the hashes of one run. Those of another run differ, so nobody
// can choose ids that collide.
type Hasher struct{ seeds [2]maphash.Seed }

// New returns a Hasher for one run.
func New() Hasher { return Hasher{[2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}} }

// Hash returns the hash of an id.
func (h Hasher) Hash(id string) Hash {
	a, b := maphash.String(h.seeds[0], id), maphash.String(h.seeds[1], id)
	return Hash{uint32(a), uint32(a >> 32), uint32(b)} //nolint:gosec // bits, not numbers
}

// Sum returns 64 bits that stand for any data. That is enough to compare two
// things, and to tell a few million apart.
func (h Hasher) Sum(data []byte) uint64 { return maphash.Bytes(h.seeds[1], data) }

// SumOf returns the Sum of all that a reader yields.
func (h Hasher) SumOf(r io.Reader) (uint64, error) {
	var sum maphash.Hash
	sum.SetSeed(h.seeds[1])
	_, err := io.Copy(&sum, r)
	return sum.Sum64(), err
}
