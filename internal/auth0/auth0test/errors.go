package auth0test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// apiError is an error of the Management API. docs: management API error responses.
type apiError struct {
	Status     int               `json:"statusCode"`
	Title      string            `json:"error"`
	Message    string            `json:"message"`
	Code       string            `json:"errorCode,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

func (e *apiError) Error() string { return strconv.Itoa(e.Status) + " " + e.Message }

func refuse(status int, code, format string, args ...any) *apiError {
	return &apiError{Status: status, Title: http.StatusText(status), Code: code, Message: fmt.Sprintf(format, args...)}
}

// errNoRoute returns the 404 for an unknown path or a wrong method: the API has no 405.
func errNoRoute() *apiError { return refuse(http.StatusNotFound, "", "Not Found") }

func errInexistent(what string) *apiError {
	return refuse(http.StatusNotFound, "inexistent_"+what, "The %s does not exist.", what)
}

func errBody(format string, args ...any) *apiError {
	return refuse(http.StatusBadRequest, "invalid_body", "Payload validation error: "+format, args...)
}

func errQuery(format string, args ...any) *apiError {
	return refuse(http.StatusBadRequest, "invalid_query_string", "Query validation error: "+format, args...)
}

// errScope returns a 403 that names the accepted scopes. Recorded answers say
// "expected any of" even for one scope.
func errScope(scopes []string) *apiError {
	return refuse(http.StatusForbidden, "insufficient_scope",
		"Insufficient scope, expected any of: %s", strings.Join(scopes, ","))
}

// errPaging returns the error for a page beyond the 1000th record. It depends on the
// query only, not on how many records there are.
func errPaging(page int) *apiError {
	return refuse(http.StatusBadRequest, "invalid_paging",
		"Requesting page %d exceeds the allowed maximum of 1000 records. "+
			"To fetch results beyond 1000, use the checkpoint pagination method.", page)
}

func errSearchPaging() *apiError {
	return refuse(http.StatusBadRequest, "invalid_paging",
		"You can only page through the first 1000 records. "+
			"See https://auth0.com/docs/users/search/v3/view-search-results-by-page#limitation")
}

// errTokenState returns a 401 that holds the message twice, like the real one.
func errTokenState(message string) *apiError {
	e := refuse(http.StatusUnauthorized, "", "%s", message)
	e.Attributes = map[string]string{"error": message}
	return e
}

func writeError(w http.ResponseWriter, e *apiError) { writeJSON(w, e.Status, e) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("auth0test: answer is no JSON: %v", err))
	}
	writeBytes(w, status, b)
}

func writeBytes(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // fails if the caller has gone
}
