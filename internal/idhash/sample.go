package idhash

import (
	"hash/maphash"
	"maps"
)

// A Sample finds ids that occur twice in a long stream. It keeps the hashes of all ids
// up to maxSample of them, and then of a random part of the ids, so that memory is
// bounded.
type Sample struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
	mask   uint64 // an id is in the sample if its hash has none of these bits
}

const maxSample = 4096

// NewSample returns an empty Sample.
func NewSample() *Sample { return &Sample{seed: maphash.MakeSeed(), hashes: map[uint64]struct{}{}} }

// Add adds an id. It reports whether the id is in the sample and, if so, whether it was
// added before.
func (s *Sample) Add(id string) (isSampled, isKnown bool) {
	hash := maphash.String(s.seed, id)
	if hash&s.mask != 0 {
		return false, false
	}
	if _, known := s.hashes[hash]; known {
		return true, true
	}
	s.hashes[hash] = struct{}{}
	for len(s.hashes) > maxSample {
		s.mask = s.mask<<1 | 1
		maps.DeleteFunc(s.hashes, func(hash uint64, _ struct{}) bool { return hash&s.mask != 0 })
	}
	return true, false
}

// IsPartial reports whether some ids were left out of the sample.
func (s *Sample) IsPartial() bool { return s.mask != 0 }
