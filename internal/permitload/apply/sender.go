package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/record"
)

// batch is how operations of one kind are sent.
type batch struct {
	send func(context.Context, []item) error // many in one call
	one  func(context.Context, item) error   // one in a call of its own
	// prepare, which may be nil, is called before a bulk call.
	prepare func(context.Context, []item) error
	// recheck, which may be nil, is called after a refusal: an earlier attempt may
	// have worked, and its answer been lost. It returns which items are done by now
	// (nil: none), and whether to send again even so. number counts the refusals of
	// the batch from 0.
	recheck func(ctx context.Context, items []item, refusal error, number int) (func(item) bool, bool, error)
	// done and refuse are told what became of an item; nil tells the ledger.
	done   func(item) error
	refuse func(item, record.Fault) error
	size   *int // the most that one call may take, as far as is known
	// inOrder is for items of which one must be written before another.
	inOrder bool
}

// sender sends batches so that a record that Permit refuses does not sink its
// neighbours.
type sender struct {
	ledger   *ledger.Ledger
	progress Progress
	// How many items a bulk call may take.
	userSize, assignmentSize, roleSize, tenantSize int
	tooLargeItems                                  int // items that were refused for their own size
	alike                                          alike
}

func newSender(l *ledger.Ledger, p Progress) *sender {
	return &sender{
		ledger: l, progress: p, userSize: permit.MaxUsers, assignmentSize: permit.MaxAssignments,
		roleSize: permit.MaxRoles, tenantSize: permit.MaxTenants,
	}
}

const (
	// few is how many items of a refused batch are sent one at a time. To halve
	// it further would cost bulk calls, and those are the scarce ones.
	few = 50
	// largest is the size above which a 403 may mean that a batch is too large
	// (OpenAPI, bulk delete of users) and not that the key lacks a right.
	largest = 100
	// resends is how often a batch is sent again of which a part remains.
	resends = 3
)

// deliver sends items in as few calls as it can. An error is a reason to stop.
func (s *sender) deliver(ctx context.Context, items []item, b batch) error {
	for len(items) > *b.size {
		size := *b.size
		if err := s.deliver(ctx, items[:size], b); err != nil {
			return err
		}
		items = items[size:]
	}
	if len(items) == 0 {
		return nil
	}
	rest, refusal, err := s.send(ctx, items, b)
	if err != nil || len(rest) == 0 {
		return err
	}
	var api *httpapi.APIError
	errors.As(refusal, &api)
	if api.Status == http.StatusForbidden || api.Status == http.StatusRequestEntityTooLarge {
		// The size is learnt for the run, unless it was one item's.
		before, single := *b.size, s.tooLargeItems
		*b.size = max(len(rest)/2, 1)
		defer func() {
			if s.tooLargeItems > single {
				*b.size = before
			}
		}()
	}
	if len(api.Items) > 0 {
		sound, err := s.refuseNamed(rest, api, b)
		if err != nil {
			return err
		}
		if len(sound) < len(rest) {
			return s.deliver(ctx, sound, b)
		}
	}
	if len(rest) <= few {
		return s.sendSingly(ctx, rest, b)
	}
	half := len(rest) / 2
	if err := s.deliver(ctx, rest[:half], b); err != nil {
		return err
	}
	return s.deliver(ctx, rest[half:], b)
}

// send makes one bulk call, and more where only a part remains to be done. It
// returns what is not done, with the refusal.
func (s *sender) send(ctx context.Context, items []item, b batch) (rest []item, refusal, err error) {
	if b.prepare != nil {
		if err := b.prepare(ctx, items); err != nil {
			return items, nil, err
		}
	}
	for number := 0; ; number++ {
		refusal = b.send(ctx, items)
		switch {
		case refusal == nil:
			return nil, nil, s.noteDone(items, b)
		case !isRefusal(refusal, len(items)):
			return items, nil, s.flushIfUnsure(refusal, refusal)
		case b.recheck == nil || number == resends:
			return items, refusal, nil
		}
		isDone, again, err := b.recheck(ctx, items, refusal, number)
		if err != nil {
			return items, nil, s.flushIfUnsure(err, refusal)
		}
		done, rest := split(items, isDone)
		if err := s.noteDone(done, b); err != nil || len(rest) == 0 || !again && len(done) == 0 {
			return rest, refusal, err
		}
		items = rest
	}
}

// noteDone notes that items are done.
func (s *sender) noteDone(items []item, b batch) error {
	if len(items) == 0 {
		return nil
	}
	s.alike = alike{}
	done := b.done
	if done == nil {
		done = func(it item) error { return s.ledger.Complete(it.Operation) }
	}
	var failed error // of stdout; what was done is noted all the same
	for _, it := range items {
		failed = cmp.Or(failed, done(it))
	}
	s.progress.Add(len(items))
	return failed
}

// noteRefused notes that an item cannot be done.
func (s *sender) noteRefused(it item, f record.Fault, b batch) error {
	if b.refuse != nil {
		return b.refuse(it, f)
	}
	return s.ledger.Refuse(it.Operation, f)
}

// refuseNamed refuses the items that a 422 names by their place, and returns the
// others.
func (s *sender) refuseNamed(items []item, api *httpapi.APIError, b batch) (sound []item, err error) {
	for i, it := range items {
		message, ok := api.Items[i]
		if !ok {
			sound = append(sound, it)
			continue
		}
		f := faultOf(api)
		f.Message = message
		s.progress.Add(1)
		if err := s.noteRefused(it, f, b); err != nil {
			return nil, err
		}
	}
	return sound, nil
}

// sendSingly sends items in calls of their own, few at once. It stops when many in
// a row are refused alike: then it is not their fault.
func (s *sender) sendSingly(ctx context.Context, items []item, b batch) error {
	together := permit.AtOnce
	if b.inOrder {
		together = 1
	}
	for some := range slices.Chunk(items, together) {
		answers := make([]error, len(some))
		var sent sync.WaitGroup
		for i, it := range some {
			sent.Go(func() { answers[i] = b.one(ctx, it) })
		}
		sent.Wait()
		var stop error
		for i, it := range some {
			if err := s.noteAnswer(it, answers[i], b); stop == nil {
				stop = err
			}
		}
		if stop != nil {
			return stop
		}
	}
	return nil
}

// noteAnswer notes what became of an item that had a call of its own.
func (s *sender) noteAnswer(it item, answer error, b batch) error {
	switch {
	case answer == nil:
		return s.noteDone([]item{it}, b)
	case !isRefusal(answer, 1):
		return s.flushIfUnsure(answer, answer)
	}
	s.progress.Add(1)
	if permit.Status(answer) == http.StatusRequestEntityTooLarge {
		s.tooLargeItems++
	}
	if err := s.noteRefused(it, faultOf(answer), b); err != nil {
		return err
	}
	if s.alike.isAgain(answer) {
		//nolint:errorlint // it is no longer the refusal of one record
		return fmt.Errorf("%d records in a row were refused alike, so the cause is not theirs: %v", tooAlike, answer)
	}
	return nil
}

// flushIfUnsure returns err, which stops the run. Where the call that drew answer
// may have done its work all the same, nobody may think that nothing was written.
func (s *sender) flushIfUnsure(err, answer error) error {
	if httpapi.Unanswered(answer) {
		return errors.Join(err, s.ledger.FlushRejectsOnce())
	}
	return err
}

// alike counts refusals in a row that look the same.
type alike struct {
	what  string
	times int
}

const tooAlike = 20

// isAgain counts a refusal, and reports whether that makes too many alike.
func (a *alike) isAgain(err error) bool {
	var api *httpapi.APIError
	errors.As(err, &api)
	what := fmt.Sprint(api.Status, " ", api.Code)
	if a.what != what {
		*a = alike{what: what}
	}
	a.times++
	return a.times >= tooAlike
}
