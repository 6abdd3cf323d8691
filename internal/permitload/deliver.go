package permitload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
)

// bulk is how items of one kind are sent: many at once, one at a time, and
// what is to be noted of each.
type bulk[T any] struct {
	send   func(context.Context, []T) error
	one    func(context.Context, T) error
	done   func(T)
	refuse func(T, fault) error
	size   *int // the most that one call may take, as far as is known
	// inOrder is for items of which one must be written before another.
	inOrder bool
}

// A refused batch is halved down to few, which are then sent one at a time:
// halving on would cost bulk calls, and those are the scarce ones.
const few = 50

// largest is the size above which a 403 may mean that a batch is too large
// (OpenAPI, bulk delete of users) and not that the key lacks a right.
const largest = 100

// deliver sends items in as few calls as it can, so that one that Permit
// refuses does not sink its neighbours. An error is a reason to stop.
func deliver[T any](ctx context.Context, l *loader, items []T, b bulk[T]) error {
	for len(items) > *b.size {
		size := *b.size
		if err := deliver(ctx, l, items[:size], b); err != nil {
			return err
		}
		items = items[size:]
	}
	if len(items) == 0 {
		return nil
	}
	err := b.send(ctx, items)
	switch {
	case err == nil:
		l.alike = alike{}
		for _, item := range items {
			b.done(item)
		}
		l.progress.Add(len(items))
		return l.began()
	case !refuses(err, len(items)):
		return l.unsure(err)
	}
	var api *httpapi.APIError
	errors.As(err, &api)
	if tooLarge(api) {
		// The size is learnt for the run, unless it was one item's.
		before, single := *b.size, l.tooLarge
		*b.size = max(len(items)/2, 1)
		defer func() {
			if l.tooLarge > single {
				*b.size = before
			}
		}()
	}
	if rest, named := b.named(items, api); len(named) > 0 {
		l.progress.Add(len(named))
		for _, r := range named {
			if err := b.refuse(r.item, r.fault); err != nil {
				return err
			}
		}
		return deliver(ctx, l, rest, b)
	}
	if len(items) <= few {
		return singly(ctx, l, items, b)
	}
	half := len(items) / 2
	if err := deliver(ctx, l, items[:half], b); err != nil {
		return err
	}
	return deliver(ctx, l, items[half:], b)
}

func tooLarge(e *httpapi.APIError) bool {
	return e.Status == http.StatusForbidden || e.Status == http.StatusRequestEntityTooLarge
}

// unsure is err, which stops the load. Where the call may have done its work all
// the same, nobody may think that nothing was written.
func (l *loader) unsure(err error) error {
	if httpapi.Unanswered(err) {
		return errors.Join(err, l.began())
	}
	return err
}

// refuses reports whether err refuses what was sent and not the sender.
func refuses(err error, size int) bool {
	switch permit.Status(err) {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	case http.StatusForbidden:
		return size > largest
	}
	return false
}

type refused[T any] struct {
	item  T
	fault fault
}

// named splits off the items that a 422 names by their place.
func (b bulk[T]) named(items []T, api *httpapi.APIError) (rest []T, named []refused[T]) {
	for i, item := range items {
		message, ok := api.Items[i]
		if !ok {
			rest = append(rest, item)
			continue
		}
		f := refusal(api)
		f.Message = message
		named = append(named, refused[T]{item, f})
	}
	return rest, named
}

// unplaced is a refusal without the places of what it names, for a batch that
// is no longer the one that the caller knows.
func unplaced(err error) error {
	if api, ok := errors.AsType[*httpapi.APIError](err); ok {
		bare := *api
		bare.Items = nil
		return &bare
	}
	return err
}

// singly sends items in calls of their own, few at once. It stops when many in
// a row are refused alike: then it is not their fault.
func singly[T any](ctx context.Context, l *loader, items []T, b bulk[T]) error {
	together := atOnce
	if b.inOrder {
		together = 1
	}
	for some := range slices.Chunk(items, together) {
		answers := make([]error, len(some))
		var sent sync.WaitGroup
		for i, item := range some {
			sent.Go(func() { answers[i] = b.one(ctx, item) })
		}
		sent.Wait()
		var stop error
		for i, item := range some {
			if err := settleOne(l, item, answers[i], b); stop == nil {
				stop = err
			}
		}
		if stop != nil {
			return stop
		}
	}
	return nil
}

// settleOne notes what became of an item that had a call of its own.
func settleOne[T any](l *loader, item T, answer error, b bulk[T]) error {
	l.progress.Add(1)
	switch {
	case answer == nil:
		l.alike = alike{}
		b.done(item)
		return l.began()
	case !refuses(answer, 1):
		return l.unsure(answer)
	}
	if permit.Status(answer) == http.StatusRequestEntityTooLarge {
		l.tooLarge++
	}
	if err := b.refuse(item, refusal(answer)); err != nil {
		return err
	}
	if l.alike.again(answer) {
		return fmt.Errorf("%d records in a row were refused alike, so the cause is not theirs: %v", tooAlike, answer) //nolint:errorlint // no longer the refusal of one record
	}
	return nil
}

// alike counts refusals in a row that look the same.
type alike struct {
	what  string
	times int
}

const tooAlike = 20

func (a *alike) again(err error) bool {
	var api *httpapi.APIError
	errors.As(err, &api)
	what := fmt.Sprint(api.Status, " ", api.Code)
	if a.what != what {
		*a = alike{what: what}
	}
	a.times++
	return a.times >= tooAlike
}
