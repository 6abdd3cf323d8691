// Package auth0 is a thin client of the few Management API calls that an
// export needs. It pages, and says what Auth0 said; what to do with it is the
// caller's business.
package auth0

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"a0permit/internal/httpapi"
)

// Client calls one Auth0 tenant. It is safe for concurrent use.
type Client struct{ api *httpapi.Client }

// New returns a client; config.Base is the tenant's domain.
func New(config httpapi.Config) *Client {
	config.ParseError = parseError
	return &Client{api: httpapi.New(config)}
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.api.Do(ctx, httpapi.Call{Method: http.MethodGet, Path: "/api/v2" + path, Query: query}, out)
}

// parseError reads the Management API's error body,
// {"statusCode","error","message","errorCode"}; the token endpoint's and some
// 429s have less.
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
	e.Code = b.ErrorCode
	e.Message = cmp.Or(b.Message, b.Description, b.Error)
}

// MissingScopes are the scopes that a 403 names. Auth0's words are
// "Insufficient scope, expected any of: read:roles,read:users". A plan that
// lacks a feature answers 403 insufficient_scope too, but names none.
func MissingScopes(err error) []string {
	var api *httpapi.APIError
	if !errors.As(err, &api) || api.Status != http.StatusForbidden {
		return nil
	}
	_, list, _ := strings.Cut(api.Message, "expected any of:")
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '.' })
}
