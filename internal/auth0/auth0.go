// Package auth0 is a thin client for the few Management API calls that an export
// needs. It reads lists page by page and returns what Auth0 sends; the caller
// decides what to do with that.
package auth0

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"time"

	"a0permit/internal/httpapi"
)

// Client calls one Auth0 tenant. It is safe for concurrent use.
type Client struct {
	api    *httpapi.Client
	token  httpapi.Secret
	tokens httpapi.TokenSource // nil if the token is fixed

	mu         sync.Mutex
	hasStarted bool
	startTime  time.Time // by Auth0's clock
}

// New returns a client. config.Base is the tenant's domain.
func New(config httpapi.Config) *Client {
	config.ParseError = parseError
	return &Client{api: httpapi.New(config), token: config.Token, tokens: config.Tokens}
}

// Now returns the time by Auth0's clock. It is zero before the first answer: see
// httpapi.Client.Now.
func (c *Client) Now() time.Time { return c.api.Now() }

// StartTime returns the time of the first answer by Auth0's clock. Nothing that was
// read is older. It is zero before that answer, and if the answer had no date.
func (c *Client) StartTime() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.startTime
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	call := httpapi.Call{Method: http.MethodGet, Path: "/api/v2" + path, Query: query, Private: path == apisPath}
	err := c.api.Do(ctx, call, out)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && !c.hasStarted {
		c.hasStarted, c.startTime = true, c.Now()
	}
	return err
}
