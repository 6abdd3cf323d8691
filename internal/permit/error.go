package permit

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"a0permit/internal/httpapi"
)

// parseError fills in e from an error body: Permit's ErrorDetails {id, title,
// error_code, message}, FastAPI's {detail}, which is a list or a string, or the
// gateway's {error, message}.
func parseError(e *httpapi.APIError, body []byte) {
	var b struct {
		ID      string          `json:"id"`
		Title   string          `json:"title"`
		Code    string          `json:"error_code"`
		Error   string          `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &b) != nil {
		return
	}
	e.RequestID, e.Known = b.ID, b.Code != ""
	e.Code = cmp.Or(b.Code, b.Error)
	e.Message = oneLine(cmp.Or(b.Message, b.Title))
	if e.Message != "" || len(b.Detail) == 0 {
		return
	}
	var text string
	if json.Unmarshal(b.Detail, &text) == nil {
		e.Message = oneLine(text)
		return
	}
	var faults []struct {
		Loc []any  `json:"loc"`
		Msg string `json:"msg"`
	}
	if json.Unmarshal(b.Detail, &faults) != nil {
		return
	}
	var messages []string
	for _, fault := range faults {
		place, index := locate(fault.Loc)
		message := oneLine(place + ": " + fault.Msg)
		messages = append(messages, message)
		if index < 0 {
			continue
		}
		if e.Items == nil {
			e.Items = map[int]string{}
		}
		e.Items[index] = strings.TrimPrefix(e.Items[index]+"; "+message, "; ")
	}
	e.Message = strings.Join(messages[:min(len(messages), 3)], "; ")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// locate splits a location such as ["body","operations",3,"email"] into a name and its
// first number, or -1.
func locate(loc []any) (name string, index int) {
	index = -1
	var names []string
	for _, part := range loc {
		switch part := part.(type) {
		case string:
			names = append(names, part)
		case float64:
			if index < 0 {
				index = int(part)
			}
		}
	}
	return strings.Join(names, "."), index
}

// Status returns the HTTP status of an answer that refused a call, or 0 for any other
// error.
func Status(err error) int {
	if api, ok := errors.AsType[*httpapi.APIError](err); ok {
		return api.Status
	}
	return 0
}

// IsNotFound reports whether Permit itself says that the object of a call does not
// exist. A 404 without Permit's own code may come from a proxy, or mean a wrong URL.
func IsNotFound(err error) bool {
	api, ok := errors.AsType[*httpapi.APIError](err)
	return ok && api.Known && api.Status == http.StatusNotFound && api.Code == "NOT_FOUND"
}

// IsConflict reports whether Permit itself says that what a call would create exists
// already, or differs from what exists.
func IsConflict(err error) bool {
	api, ok := errors.AsType[*httpapi.APIError](err)
	return ok && api.Known && api.Status == http.StatusConflict
}
