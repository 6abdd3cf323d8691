package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// answerError is a 2xx answer that is not as documented: the sign-in page of something in
// between, for example, or nothing at all.
type answerError struct {
	method, path string
	status       int
	why          string
}

func (e *answerError) Error() string {
	return Redact(fmt.Sprintf("%s %s: %d, but %s", e.method, e.path, e.status, e.why))
}

// decode decodes the body of a 2xx answer into out. It returns why it cannot, or "". It
// quotes the beginning of a body that is not JSON only if mayShow is set.
func decode(resp *http.Response, data []byte, out any, mayShow bool) string {
	if kind := resp.Header.Get("Content-Type"); kind != "" && !isJSON(kind) {
		if !mayShow {
			return fmt.Sprintf("it is %s, not JSON", kind)
		}
		return fmt.Sprintf("it is %s, not JSON: %s", kind, excerpt(data))
	}
	switch trimmed := bytes.TrimSpace(data); {
	case len(trimmed) == 0:
		return "the answer is empty"
	case string(trimmed) == "null": // it would decode into anything
		return "the answer is null"
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Sprintf("its JSON is not as documented: %v", err)
	}
	return ""
}

func isJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json"))
}
