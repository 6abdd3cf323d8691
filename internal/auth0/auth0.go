// Package auth0 is a thin client for the few calls of the Management API that an
// export needs. It reads lists page by page and returns what Auth0 says; what to
// do with it is up to the caller.
package auth0

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"a0permit/internal/httpapi"
)

// Client calls one Auth0 tenant. It is safe for concurrent use.
type Client struct{ api *httpapi.Client }

// New returns a client. config.Base is the domain of the tenant.
func New(config httpapi.Config) *Client {
	config.ParseError = parseError
	return &Client{api: httpapi.New(config)}
}

// Now returns the time by Auth0's clock, zero before its first answer: see
// httpapi.Client.Now.
func (c *Client) Now() time.Time { return c.api.Now() }

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.api.Do(ctx, httpapi.Call{Method: http.MethodGet, Path: "/api/v2" + path, Query: query}, out)
}
