package apply

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/record"
)

// errShort is the error of a bulk call that has done less than it was asked to.
var errShort = errors.New("the answer counts fewer role assignments than were sent")

// checkCount returns errShort if a call did less than it was asked to.
func checkCount(did, all int, err error) error {
	if err == nil && did < all {
		return fmt.Errorf("%w: %d of %d", errShort, did, all)
	}
	return err
}

// isRefusal reports whether err is about the records that were sent, and not about the
// sender or the service. A call that fails at every attempt is about its records if
// another call succeeds. A 503 never is.
func (s *sender) isRefusal(ctx context.Context, err error, size int) bool {
	switch status := permit.Status(err); status {
	case 0:
		return errors.Is(err, errShort)
	case http.StatusForbidden:
		return size > largest || httpapi.IsForeign(err) // a firewall, for example, that dislikes the text of a record
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusProxyAuthRequired,
		http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return false
	case http.StatusNotImplemented:
		return true
	default:
		if status < http.StatusInternalServerError {
			return status >= http.StatusBadRequest
		}
		_, _, err := s.reads.CountUsers(ctx)
		return err == nil
	}
}

// naming is what the run has learnt about how Permit names the refused items of a batch.
type naming struct {
	wrong    bool // it has named an item that it accepts
	oneByOne bool // it names only one at a time
}

// refuseNamed refuses the items that a refusal names, and returns the others. isNews says
// whether it is worth sending these together again. The first named item is sent once
// more alone, since its index may be wrong.
func (s *sender) refuseNamed(
	ctx context.Context, items []item, refusal error, b *batch,
) (sound []item, isNews bool, err error) {
	var api *httpapi.APIError
	if b.naming.wrong || !errors.As(refusal, &api) {
		return items, false, nil
	}
	named := 0
	for i, it := range items {
		message, ok := api.Items[i]
		if !ok {
			sound = append(sound, it)
			continue
		}
		f := faultOf(api)
		f.Message = message
		if named++; named == 1 {
			switch answer := b.one(ctx, it); {
			case answer == nil:
				b.naming.wrong = true
				return slices.Concat(items[:i], items[i+1:]), false, s.noteDone([]item{it}, *b)
			case !s.isRefusal(ctx, answer, 1):
				return nil, false, s.flushIfUnsure(answer, answer)
			default:
				f = faultOf(answer)
			}
		}
		if err := s.noteRefused(it, f, *b); err != nil {
			return nil, false, err
		}
	}
	isNews = named > 1 || named == 1 && !b.naming.oneByOne
	b.naming.oneByOne = named == 1
	return sound, isNews, nil
}

// faultOf returns the fault of a line from Permit's refusal.
func faultOf(err error) record.Fault {
	var api *httpapi.APIError
	if !errors.As(err, &api) {
		return record.Fault{Code: "error", Message: err.Error(), Retryable: true}
	}
	f := record.Fault{Code: api.Code, Status: api.Status, Message: api.Message, RequestID: api.RequestID}
	if f.Code == "" {
		f.Code = http.StatusText(api.Status)
	}
	f.Retryable = api.Status >= 500 || api.Status == http.StatusTooManyRequests || api.Status == http.StatusNotFound
	return f
}

// ignoreNotFound returns nil for a 404, which says that the record is gone.
func ignoreNotFound(err error) error {
	if permit.IsNotFound(err) {
		return nil
	}
	return err
}

// isAboutUser reports whether a 404 may be about a user. Permit says what it could not
// find, as in "we could not find 'Role' with the given filters".
func isAboutUser(err error) bool {
	var api *httpapi.APIError
	if !permit.IsNotFound(err) || !errors.As(err, &api) {
		return false
	}
	_, what, ok := strings.Cut(api.Message, "could not find '")
	return !ok || strings.HasPrefix(what, "User")
}
