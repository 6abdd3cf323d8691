// Package permit is a thin client of the few Permit API calls that a load
// needs. It pages, and says what Permit said; what to do with it is the
// caller's business.
package permit

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"a0permit/internal/httpapi"
)

// DefaultURL is Permit's API; the EU region's is https://api.eu.permit.io.
const DefaultURL = "https://api.permit.io"

// Classes are Permit's published rate limits (docs, API rate limits). Of the
// 300 writes and 1000 calls a minute a fifth is left to the application, which
// calls with the same limits.
func Classes() []httpapi.Class {
	return []httpapi.Class{
		{Name: "bulk", Calls: BulkCalls, Per: 10 * time.Minute, Has: func(method, path string) bool {
			return method != http.MethodGet && isBulk(path)
		}},
		{Name: "schema", Calls: 40, Per: time.Minute, Has: func(method, path string) bool {
			return method == http.MethodPost && strings.HasPrefix(path, "/v2/schema/")
		}},
		{Name: "delete", Calls: 60, Per: time.Minute, Has: func(method, _ string) bool {
			return method == http.MethodDelete
		}},
		{Name: "write", Calls: 240, Per: time.Minute, Has: func(method, _ string) bool {
			return method != http.MethodGet
		}},
		{Name: "all", Calls: 800, Per: time.Minute, Has: func(string, string) bool { return true }},
	}
}

// BulkCalls is how many bulk calls Permit takes in ten minutes.
const BulkCalls = 100

// isBulk looks behind the environment: a project or a user may be called bulk.
func isBulk(path string) bool {
	parts := strings.Split(path, "/") // "", v2, facts, project, environment, ...
	return len(parts) == 7 && (parts[5] == "bulk" || parts[5] == "role_assignments" && parts[6] == "bulk")
}

// Most items that one bulk call takes (docs, bulk operations).
const (
	MaxUsers       = 3000
	MaxTenants     = 2000
	MaxAssignments = 2000
	MaxRoles       = 2000
)

// Client calls Permit. It is safe for concurrent use once In has been called.
type Client struct {
	api    *httpapi.Client
	facts  string
	schema string
}

// New returns a client; config.Base is the API's address.
func New(config httpapi.Config) *Client {
	config.ParseError = parseError
	return &Client{api: httpapi.New(config)}
}

// Scope is what an API key is for. An environment's key names all three, a
// project's no environment, an organization's neither.
type Scope struct {
	Organization string `json:"organization_id"`
	Project      string `json:"project_id"`
	Environment  string `json:"environment_id"`
}

// Scope asks what the key is for.
func (c *Client) Scope(ctx context.Context) (Scope, error) {
	var s Scope
	err := c.api.Do(ctx, httpapi.Call{Method: http.MethodGet, Path: "/v2/api-key/scope"}, &s)
	return s, err
}

// In says which environment every later call is about; key or id will do.
func (c *Client) In(project, environment string) {
	place := url.PathEscape(project) + "/" + url.PathEscape(environment)
	c.facts, c.schema = "/v2/facts/"+place, "/v2/schema/"+place
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	return c.api.Do(ctx, httpapi.Call{Method: http.MethodGet, Path: path, Query: query}, out)
}

func (c *Client) send(ctx context.Context, method, path string, body any) error {
	return c.api.Do(ctx, httpapi.Call{Method: method, Path: path, Body: body}, nil)
}

// parseError reads an error body: Permit's ErrorDetails {id,title,error_code,
// message}, FastAPI's {detail} as a list or a text, or the gateway's
// {error,message}.
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
	e.RequestID = b.ID
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

// locate splits a place such as ["body","operations",3,"email"] into a name
// and the first number, -1 when there is none.
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
