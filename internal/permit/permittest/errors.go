package permittest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// refusal is an error answer. With detail it is FastAPI's HTTPValidationError,
// without it, unless bare, Permit's ErrorDetails.
type refusal struct {
	status  int
	code    string
	message string
	bare    bool // {"detail": message}, as FastAPI says it by itself
	detail  []problem
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.code, r.message) }

// problem is one entry of an HTTPValidationError, worded as pydantic 1 words
// it. Permit's Go SDK looks for one of these texts, so the wording is known to
// reach clients.
type problem struct {
	Loc  []any          `json:"loc"`
	Msg  string         `json:"msg"`
	Type string         `json:"type"`
	Ctx  map[string]any `json:"ctx,omitempty"`
}

func fail(status int, code, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

func plain(status int, message string) *refusal {
	return &refusal{status: status, message: message, bare: true}
}

func invalid(detail ...problem) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, code: "INVALID_INPUT", detail: detail}
}

// notFound carries the two marks that Permit's CLI looks for: the kind in
// quotes and id='...'.
func notFound(kind, id string) *refusal { return notFoundAs(http.StatusNotFound, kind, id) }

func notFoundAs(status int, kind, id string) *refusal {
	code := "NOT_FOUND"
	if status != http.StatusNotFound {
		code = "INVALID_INPUT"
	}
	return fail(status, code, fmt.Sprintf("The requested data could not be found, we could not find '%s' with the given filters (id='%s'). "+
		"Please try again with different filters.", kind, id))
}

func duplicate(kind, id string) *refusal {
	return fail(http.StatusConflict, "DUPLICATE_ENTITY", fmt.Sprintf("%s with the same unique key already exists (id='%s')", kind, id))
}

// titles by code; only that of UNEXPECTED_ERROR has been seen in public.
var titles = map[string]string{
	"UNEXPECTED_ERROR": "The request could not be completed",
	"NOT_FOUND":        "The requested data could not be found",
	"DUPLICATE_ENTITY": "The object already exists",
	"INVALID_INPUT":    "The input is not valid",
	"UNAUTHORIZED":     "The request is not authorized",
	"FORBIDDEN_ACCESS": "You are not allowed to access this resource",
}

// errorDetails is the spec's ErrorDetails. The id is what Permit's support
// asks for.
type errorDetails struct {
	ID             string `json:"id"`
	Title          string `json:"title"`
	Code           string `json:"error_code"`
	Message        string `json:"message"`
	SupportLink    string `json:"support_link"`
	AdditionalInfo any    `json:"additional_info"`
}

func (s *Server) refuse(w http.ResponseWriter, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = fail(http.StatusInternalServerError, "UNEXPECTED_ERROR", err.Error())
	}
	switch {
	case r.detail != nil:
		send(w, r.status, map[string]any{"detail": r.detail})
	case r.bare, s.o.PlainDetail && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden):
		send(w, r.status, map[string]any{"detail": r.message})
	default:
		title, ok := titles[r.code]
		if !ok {
			title = titles["UNEXPECTED_ERROR"]
		}
		send(w, r.status, errorDetails{
			ID: fmt.Sprintf("%032x", s.requests.Add(1)), Title: title, Code: r.code, Message: r.message,
			SupportLink: "https://permit-io.slack.com/ssb/redirect",
		})
	}
}

// send writes a JSON answer; a caller that has gone is its own fault.
func send(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(body)
}
