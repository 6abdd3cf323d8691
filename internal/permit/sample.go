package permit

import (
	"hash/maphash"
	"maps"
)

// sample knows the items of a list by hashes of their ids: all of them up to
// maxSample, and of a longer list so many of them that memory is bounded.
type sample struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
	mask   uint64 // an item of the sample has none of these bits in its hash
}

const maxSample = 4096

func newSample() sample { return sample{seed: maphash.MakeSeed(), hashes: map[uint64]struct{}{}} }

// add adds an item and reports whether it is new, as far as the sample can tell.
func (s *sample) add(id string) bool {
	hash := maphash.String(s.seed, id)
	if hash&s.mask != 0 {
		return true
	}
	if _, known := s.hashes[hash]; known {
		return false
	}
	s.hashes[hash] = struct{}{}
	for len(s.hashes) > maxSample {
		s.mask = s.mask<<1 | 1
		maps.DeleteFunc(s.hashes, func(hash uint64, _ struct{}) bool { return hash&s.mask != 0 })
	}
	return true
}
