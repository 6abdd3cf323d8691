package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
)

// sendSingly sends items in calls of their own, a few at once. It stops if many in a row
// are refused alike and others are refused too, since then the cause is not in the
// records.
func (s *sender) sendSingly(ctx context.Context, items []item, b batch) error {
	together := permit.AtOnce
	if b.inOrder {
		together = 1
	}
	for len(items) > 0 {
		some := items[:min(together, len(items))]
		items = items[len(some):]
		answers := make([]error, len(some))
		var sent sync.WaitGroup
		for i, it := range some {
			sent.Go(func() { answers[i] = b.one(ctx, it) })
		}
		sent.Wait()
		var stop error
		for i, it := range some {
			if err := s.noteAnswer(ctx, it, answers[i], b); stop == nil {
				stop = err
			}
		}
		if stop != nil {
			return stop
		}
	}
	return nil
}

// noteAnswer notes what became of an item that was sent alone.
func (s *sender) noteAnswer(ctx context.Context, it item, answer error, b batch) error {
	switch {
	case answer == nil:
		return s.noteDone([]item{it}, b)
	case !s.isRefusal(ctx, answer, 1):
		return s.flushIfUnsure(answer, answer)
	}
	if permit.Status(answer) == http.StatusRequestEntityTooLarge {
		s.tooLargeItems++
	}
	if err := s.noteRefused(it, faultOf(answer), b); err != nil {
		return err
	}
	if s.alike.add(answer); s.alike.times < tooAlike {
		return nil
	}
	return s.tryOthers(ctx, answer, b)
}

// tryOthers finds out whether a refusal has a cause outside the records: then records far
// from the refused ones are refused alike. It returns the error that stops the run. It
// may write records a second time, which does no harm.
func (s *sender) tryOthers(ctx context.Context, refusal error, b batch) error {
	for _, it := range sample(s.all, others) {
		switch answer := b.one(ctx, it); {
		case answer == nil:
			s.alike = alike{}
			return s.ledger.FlushRejectsOnce()
		case !s.isRefusal(ctx, answer, 1):
			return s.flushIfUnsure(answer, answer)
		case s.alike.what != kindOf(answer):
			s.alike = alike{}
			return nil
		}
	}
	//nolint:errorlint // from here on it is not about one record
	return fmt.Errorf("%d records in a row were refused alike, and so were others, so the cause is not in them: %v",
		tooAlike, refusal)
}

const (
	tooAlike = 20
	others   = 3
)

// alike counts equal refusals in a row.
type alike struct {
	what  string
	times int
}

func (a *alike) add(refusal error) {
	if what := kindOf(refusal); a.what != what {
		*a = alike{what: what}
	}
	a.times++
}

func kindOf(refusal error) string {
	api := &httpapi.APIError{}
	errors.As(refusal, &api)
	return fmt.Sprint(api.Status, " ", api.Code)
}
