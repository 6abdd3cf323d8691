// Package auth0 is a thin client for the few calls of the Management API that an
// export needs. It reads lists page by page and returns what Auth0 says; what to
// do with it is up to the caller.
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
	tokens httpapi.TokenSource // nil with a token that does not change

	mu       sync.Mutex
	hasBegun bool
	began    time.Time // by Auth0's clock
}

// New returns a client. config.Base is the domain of the tenant.
func New(config httpapi.Config) *Client {
	config.ParseError = parseError
	return &Client{api: httpapi.New(config), token: config.Token, tokens: config.Tokens}
}

// Now returns the time by Auth0's clock, zero before its first answer: see
// httpapi.Client.Now.
func (c *Client) Now() time.Time { return c.api.Now() }

// Began returns the time by Auth0's clock when it first gave an answer, so that
// nothing read is older. It is zero before that, and where Auth0 told no time then.
func (c *Client) Began() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.began
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	call := httpapi.Call{Method: http.MethodGet, Path: "/api/v2" + path, Query: query, Private: path == apisPath}
	err := c.api.Do(ctx, call, out)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil && !c.hasBegun {
		c.hasBegun, c.began = true, c.Now()
	}
	return err
}
