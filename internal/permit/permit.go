// Package permit is a thin client for the few calls of the Permit API that a load
// needs. It reads lists page by page and returns what Permit answers; the caller
// decides what to do with it.
package permit

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"a0permit/internal/httpapi"
)

// DefaultURL is Permit's API; the EU region's is https://api.eu.permit.io.
const DefaultURL = "https://api.permit.io"

// Client calls Permit. It is safe for concurrent use once In has been called.
type Client struct {
	api         *httpapi.Client
	host        string
	project     string
	environment string
	facts       string
	schema      string
	attempts    int
}

// New returns a client. config.Base is the address of the API.
func New(config httpapi.Config) *Client {
	config.ParseError = parseError
	return &Client{api: httpapi.New(config), host: config.Base.Host}
}

// Region returns the region of the API: US, EU, or else its host.
func (c *Client) Region() string {
	switch c.host {
	case "api.permit.io":
		return "US"
	case "api.eu.permit.io":
		return "EU"
	}
	return c.host
}

// Now returns the time on Permit's clock, or zero before its first answer: see
// httpapi.Client.Now.
func (c *Client) Now() time.Time { return c.api.Now() }

// Scope is what an API key gives access to: an environment, a whole project
// (Environment is empty) or a whole organization (Project is empty too).
type Scope struct {
	Organization string `json:"organization_id"`
	Project      string `json:"project_id"`
	Environment  string `json:"environment_id"`
}

// Scope returns what the key gives access to.
func (c *Client) Scope(ctx context.Context) (Scope, error) {
	var s Scope
	err := c.get(ctx, "/v2/api-key/scope", nil, &s)
	return s, err
}

// In sets the environment of all later calls. Project and environment are given
// by key or by id.
func (c *Client) In(project, environment string) {
	c.project, c.environment = project, environment
	place := url.PathEscape(project) + "/" + url.PathEscape(environment)
	c.facts, c.schema = "/v2/facts/"+place, "/v2/schema/"+place
}

// WithAttempts returns a copy of the client that makes n attempts at a call while
// Permit fails to answer it: see httpapi.Call. Call In first.
func (c *Client) WithAttempts(n int) *Client {
	clone := *c
	clone.attempts = n
	return &clone
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.do(ctx, httpapi.Call{Method: http.MethodGet, Path: path, Query: query}, out)
}

// find gets the object with this key and decodes it into object. It reports whether
// Permit has the object.
func (c *Client) find(ctx context.Context, list, key string, object any) (bool, error) {
	answer := lookup{key: key, object: object}
	err := c.get(ctx, list+"/"+url.PathEscape(key), nil, &answer)
	if IsNotFound(err) {
		return false, nil
	}
	return err == nil && answer.matches, err
}

func (c *Client) send(ctx context.Context, method, path string, body, out any) error {
	return c.do(ctx, httpapi.Call{Method: method, Path: path, Body: body}, out)
}

// delete makes a call whose answer has no body, or one that says what was deleted.
func (c *Client) delete(ctx context.Context, path string, body any) error {
	return c.do(ctx, httpapi.Call{Method: http.MethodDelete, Path: path, Body: body, Empty: true}, &result{})
}

func (c *Client) do(ctx context.Context, call httpapi.Call, out any) error {
	call.Attempts = c.attempts
	return c.api.Do(ctx, call, out)
}
