package snapshot

import (
	"errors"
	"iter"

	"a0permit/internal/permit"
)

// A user that a list lacks would be written as a new one, without what others have
// added to it. So a list proves that a user is missing only if it is complete: it gives
// a total, has that many items, and lost none while it was read. If an item is deleted
// meanwhile, another may move to a page already read, so the list is read again. If it
// never proves complete, what seems to be missing is asked for by key, which deletions
// do not disturb, and nothing is removed.

// maxReads is how often to read a list that loses items meanwhile.
const maxReads = 5

// Whole returns all items of a list. It reads the list again if it lost items
// meanwhile. If the list may be incomplete, Whole returns what it got, with an error of
// permit.IsUnproved.
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

// UntilWhole calls read, which reads a list from its start, until the list loses no
// items meanwhile, but at most maxReads times.
func UntilWhole(read func() error) (err error) {
	for range maxReads {
		if err = read(); !errors.Is(err, permit.ErrShrunk) {
			break
		}
	}
	return err
}
