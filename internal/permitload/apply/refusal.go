package apply

import (
	"errors"
	"net/http"
	"strings"

	"a0permit/internal/httpapi"
	"a0permit/internal/permit"
	"a0permit/internal/record"
)

// isRefusal reports whether err refuses what was sent, so many items, and not the
// sender.
func isRefusal(err error, size int) bool {
	switch permit.Status(err) {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict,
		http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	case http.StatusForbidden:
		return size > largest
	}
	return false
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
