package auth0

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"a0permit/internal/httpapi"
)

// parseError reads an error body of the Management API, {"statusCode", "error",
// "message", "errorCode"}. The token endpoint and some 429s send fewer fields.
func parseError(e *httpapi.APIError, body []byte) {
	var b struct {
		Error       string `json:"error"`
		Message     string `json:"message"`
		ErrorCode   string `json:"errorCode"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &b) != nil {
		return
	}
	e.Code = clip(b.ErrorCode)
	e.Message = clip(cmp.Or(b.Message, b.Description, b.Error))
}

// clip returns the first 1000 bytes of a text from Auth0, to show on one line.
func clip(text string) string {
	const most = 1000
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "..."
}

// MissingScopes returns the scopes that a 403 asks for, and nil for other errors.
// Auth0 writes "Insufficient scope, expected any of: read:roles,read:users". If the
// plan lacks a feature, the answer is 403 insufficient_scope too, but names none.
func MissingScopes(err error) []string {
	var api *httpapi.APIError
	if !errors.As(err, &api) || api.Status != http.StatusForbidden {
		return nil
	}
	_, list, _ := strings.Cut(api.Message, "expected any of:")
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '.' })
}
