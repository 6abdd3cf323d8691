package permittest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// refusal is an error answer: FastAPI's HTTPValidationError if it has detail,
// {"detail": message} if it is bare, and otherwise Permit's ErrorDetails.
type refusal struct {
	status  int
	code    string
	message string
	bare    bool // as FastAPI itself answers
	detail  []problem
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.status, r.code, r.message) }

// problem is one entry of an HTTPValidationError, in the words of pydantic 1.
// Permit's Go SDK looks for one of these texts, so clients do see them.
type problem struct {
	Loc  []any          `json:"loc"`
	Msg  string         `json:"msg"`
	Type string         `json:"type"`
	Ctx  map[string]any `json:"ctx,omitempty"`
}

func errRefused(status int, code, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func errPlain(status int, message string) *refusal {
	return &refusal{status: status, message: message, bare: true}
}

func errInvalid(detail ...problem) *refusal {
	return &refusal{status: http.StatusUnprocessableEntity, code: "INVALID_INPUT", detail: detail}
}

// errNotFound returns a refusal with the two parts that Permit's CLI looks for: the
// kind in quotes and id='...'.
func errNotFound(kind, id string) *refusal { return errNotFoundAs(http.StatusNotFound, kind, id) }

func errNotFoundAs(status int, kind, id string) *refusal {
	code := "NOT_FOUND"
	if status != http.StatusNotFound {
		code = "INVALID_INPUT"
	}
	return errRefused(status, code, "The requested data could not be found, we could not find '%s' "+
		"with the given filters (id='%s'). Please try again with different filters.", kind, id)
}

func errDuplicate(kind, id string) *refusal {
	return errRefused(http.StatusConflict, "DUPLICATE_ENTITY",
		"%s with the same unique key already exists (id='%s')", kind, id)
}

// titles has the title of each code. Only that of UNEXPECTED_ERROR has been seen in
// public.
var titles = map[string]string{
	"UNEXPECTED_ERROR": "The request could not be completed",
	"NOT_FOUND":        "The requested data could not be found",
	"DUPLICATE_ENTITY": "The object already exists",
	"INVALID_INPUT":    "The input is not valid",
	"UNAUTHORIZED":     "The request is not authorized",
	"FORBIDDEN_ACCESS": "You are not allowed to access this resource",
}

// errorDetails is the ErrorDetails of the spec. Permit's support asks for the
// id.
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
		r = errRefused(http.StatusInternalServerError, "UNEXPECTED_ERROR", "%v", err)
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

// send writes a JSON answer. Errors are ignored, since a caller may have gone.
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
