package snapshot

import (
	"errors"
	"iter"

	"a0permit/internal/permit"
)

// A user whom a list lacks would be written as a new one, without what others have
// put on it. So an absence is believed only where the list proved itself whole: it
// says how many items there are, has that many, and lost none while it was read.
// What is deleted meanwhile pushes the rest out of sight, and the list is read
// again. Where it is never proved, what seems to be missing is asked for by key,
// which no deletion disturbs; and nothing is taken away.

// listings is how often a list is read that loses items meanwhile.
const listings = 5

// Whole returns all items of a list, which is read again where it lost items
// meanwhile. Where nothing proves that it is whole, it returns what it got with an
// error for which permit.IsUnproved holds.
func Whole[T any](list iter.Seq2[T, error]) (items []T, err error) {
	err = UntilWhole(func() error {
		items = nil
		for item, err := range list {
			if err != nil {
				return err
			}
			items = append(items, item)
		}
		return nil
	})
	return items, err
}

// UntilWhole calls read, which reads a list from its start, again where the list
// lost items meanwhile, a few times at most.
func UntilWhole(read func() error) (err error) {
	for range listings {
		if err = read(); !errors.Is(err, permit.ErrShrunk) {
			break
		}
	}
	return err
}
