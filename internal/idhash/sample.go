package idhash

import (
	"hash/maphash"
	"maps"
)

// A Sample tells which ids of a long stream have come before. It knows them by
// hashes: all of them up to maxSample, and of a longer stream so many of them that
// memory is bounded.
type Sample struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
	mask   uint64 // an id of the sample has none of these bits in its hash
}

const maxSample = 4096

// NewSample returns a Sample of nothing yet.
func NewSample() *Sample { return &Sample{seed: maphash.MakeSeed(), hashes: map[uint64]struct{}{}} }

// Add adds an id. It reports whether the id is among the sample, and whether it has
// come before: nothing is known of those that are not among it.
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
