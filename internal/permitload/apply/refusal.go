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

// errShort is the answer to a bulk call that has done less than it was asked for.
var errShort = errors.New("fewer role assignments are counted than were sent")

// checkCount returns errShort where a call did less than all.
func checkCount(did, all int, err error) error {
	if err == nil && did < all {
		return fmt.Errorf("%w: %d of %d", errShort, did, all)
	}
	return err
}

// isRefusal reports whether err refuses what was sent, so many items, and not the
// sender. A call that Permit fails to answer at every attempt fails for what it
// holds, if another one succeeds. 503 is not about the call.
func (s *sender) isRefusal(ctx context.Context, err error, size int) bool {
	switch status := permit.Status(err); status {
	case 0:
		return errors.Is(err, errShort)
	case http.StatusForbidden:
		return size > largest || httpapi.IsForeign(err) // such as a firewall, of what it reads in a record
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

// naming is what is known of how Permit names the items of a batch that it refuses,
// by their place.
type naming struct {
	wrong    bool // it has named one that it takes
	oneByOne bool // it names one at a time
}

// refuseNamed refuses the items that a refusal names, and returns the others. isNews
// is whether it is worth sending these as they are. The first that is named is sent
// once more, alone: a place may be wrong.
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

// faultOf returns the fault of a line that Permit refused with err.
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

// ignoreNotFound takes a 404 for what it says: the thing is not there.
func ignoreNotFound(err error) error {
	if permit.IsNotFound(err) {
		return nil
	}
	return err
}

// isAboutUser reports whether err is a 404 that may be about a user: Permit says
// what it could not find, as in "we could not find 'Role' with the given filters".
func isAboutUser(err error) bool {
	var api *httpapi.APIError
	if !permit.IsNotFound(err) || !errors.As(err, &api) {
		return false
	}
	_, what, ok := strings.Cut(api.Message, "could not find '")
	return !ok || strings.HasPrefix(what, "User")
}
