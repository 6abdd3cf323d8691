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

// batch says how to send operations of one kind.
type batch struct {
	// send makes one call for many items, one a call for a single item. Both use the
	// writes of the sender.
	send func(context.Context, []item) error
	one  func(context.Context, item) error
	// prepare, which may be nil, is called before a bulk call.
	prepare func(context.Context, []item) error
	// recheck, which may be nil, is called after a refusal, since an earlier attempt may
	// have worked although its answer was lost. It returns which items are done by now
	// (nil: none), and whether to send again in any case. number counts the refusals of
	// the batch from 0.
	recheck func(ctx context.Context, items []item, refusal error, number int) (func(item) bool, bool, error)
	// done and refuse receive what became of an item. With nil, the ledger does.
	done   func(item) error
	refuse func(item, record.Fault) error
	size   *int // how many items a call may hold, as far as is known
	// inOrder says that items must be written in their order.
	inOrder bool

	naming naming // how Permit names items of a batch, as far as is known
}

// sender sends batches in such a way that a refused record does not sink its neighbours.
type sender struct {
	reads, writes *permit.Client
	ledger        *ledger.Ledger
	progress      Progress
	all           []item // the items that are being delivered
	// These are how many items a bulk call may hold.
	userSize, assignmentSize, roleSize, tenantSize int
	tooLargeItems                                  int // items refused for their own size
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
	// few is the size below which a refused batch is sent one item at a time. Halving
	// further would cost bulk calls, which are scarce.
	few = 50
	// largest is the size above which a 403 may mean that the batch is too large
	// (OpenAPI, bulk delete of users), and not that the key lacks a right.
	largest = 100
	// resends is how often what remains of a batch is sent again.
	resends = 3
	// attempts is how often a failing call is tried. Parts of a call that failed so often
	// are tried fewAttempts times.
	attempts, fewAttempts = 10, 2
)

// deliver sends items in as few calls as possible. It returns an error only for what
// stops the run.
func (s *sender) deliver(ctx context.Context, items []item, b batch) error {
	s.all = items
	return s.divide(ctx, items, b)
}

// deliverSingly sends each item in a call of its own.
func (s *sender) deliverSingly(ctx context.Context, items []item, b batch) error {
	s.all = items
	return s.sendSingly(ctx, items, b)
}

// divide sends items, and refused ones again in smaller and smaller parts.
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
		return s.sendSingly(ctx, rest, b) // sending it in bulk again brought no news
	}
	switch status := permit.Status(refusal); {
	case status == http.StatusForbidden && !httpapi.IsForeign(refusal), status == http.StatusRequestEntityTooLarge:
		// The smaller size holds for the rest of the run, unless a single item was too
		// large.
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

// send makes one bulk call, and more if a part of it remains. It returns the items that
// are not done, with the refusal.
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
	var failed error // of stdout; the items are done in any case
	for _, it := range items {
		failed = cmp.Or(failed, done(it))
	}
	s.progress.Add(len(items))
	return failed
}

// noteRefused notes that an item was refused.
func (s *sender) noteRefused(it item, f record.Fault, b batch) error {
	s.progress.Add(1)
	if b.refuse != nil {
		return b.refuse(it, f)
	}
	return s.ledger.Refuse(it.Operation, f)
}

// flushIfUnsure returns err, which stops the run. If the call may have worked in spite of
// its answer, it first makes sure that the run does not look like one that wrote nothing.
func (s *sender) flushIfUnsure(err, answer error) error {
	if httpapi.Unanswered(answer) || errors.Is(answer, errShort) {
		return errors.Join(err, s.ledger.FlushRejectsOnce())
	}
	return err
}
