package apply

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/permitload/ledger"
	"a0permit/internal/record"
)

// batch is how operations of one kind are sent.
type batch struct {
	// send makes one call for many, and one does for one item. They use the sender's
	// writes.
	send func(context.Context, []item) error
	one  func(context.Context, item) error
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

	naming naming // what is known of how Permit names the items of a batch
}

// sender sends batches so that a record that Permit refuses does not sink its
// neighbours.
type sender struct {
	reads, writes *permit.Client
	ledger        *ledger.Ledger
	progress      Progress
	all           []item // that are being delivered
	// How many items a bulk call may take.
	userSize, assignmentSize, roleSize, tenantSize int
	tooLargeItems                                  int // items that were refused for their own size
	alike                                          alike
}

func newSender(c *permit.Client, l *ledger.Ledger, p Progress) *sender {
	return &sender{
		reads: c, writes: c.WithAttempts(attempts), ledger: l, progress: p,
		userSize: permit.MaxUsers, assignmentSize: permit.MaxAssignments,
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
	// attempts is how often a call is tried that Permit fails to answer. The parts of
	// one that failed so often are tried a few times.
	attempts, fewAttempts = 10, 2
)

// deliver sends items in as few calls as it can. An error is a reason to stop.
func (s *sender) deliver(ctx context.Context, items []item, b batch) error {
	s.all = items
	return s.divide(ctx, items, b)
}

// deliverSingly sends items in calls of their own.
func (s *sender) deliverSingly(ctx context.Context, items []item, b batch) error {
	s.all = items
	return s.sendSingly(ctx, items, b)
}

// divide sends items, and what is refused of them in ever smaller parts.
func (s *sender) divide(ctx context.Context, items []item, b batch) error {
	for len(items) > *b.size {
		size := *b.size
		if err := s.divide(ctx, items[:size], b); err != nil {
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
	if errors.Is(refusal, errShort) {
		return s.sendSingly(ctx, rest, b) // to send it in bulk again told nothing new
	}
	switch status := permit.Status(refusal); {
	case status == http.StatusForbidden && !httpapi.IsForeign(refusal), status == http.StatusRequestEntityTooLarge:
		// The size is learnt for the run, unless it was one item's.
		before, single := *b.size, s.tooLargeItems
		*b.size = max(len(rest)/2, 1)
		defer func() {
			if s.tooLargeItems > single {
				*b.size = before
			}
		}()
	case status >= http.StatusInternalServerError:
		patient := s.writes
		s.writes = patient.WithAttempts(fewAttempts)
		defer func() { s.writes = patient }()
	}
	sound, isNews, err := s.refuseNamed(ctx, rest, refusal, &b)
	switch {
	case err != nil:
		return err
	case isNews:
		return s.divide(ctx, sound, b)
	case len(sound) <= few:
		return s.sendSingly(ctx, sound, b)
	}
	half := len(sound) / 2
	if err := s.divide(ctx, sound[:half], b); err != nil {
		return err
	}
	return s.divide(ctx, sound[half:], b)
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
		case !s.isRefusal(ctx, refusal, len(items)):
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
	s.progress.Add(1)
	if b.refuse != nil {
		return b.refuse(it, f)
	}
	return s.ledger.Refuse(it.Operation, f)
}

// flushIfUnsure returns err, which stops the run. Where the call that drew answer
// may have done its work all the same, nobody may think that nothing was written.
func (s *sender) flushIfUnsure(err, answer error) error {
	if httpapi.Unanswered(answer) || errors.Is(answer, errShort) {
		return errors.Join(err, s.ledger.FlushRejectsOnce())
	}
	return err
}
