package auth0

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// MaxFound is how many users of one query can be read, whatever its total
// (Auth0 docs, list and search users).
const MaxFound = 1000

// User is a profile, or the part of it that was asked for.
type User struct {
	ID        string
	CreatedAt time.Time
	Profile   map[string]any // numbers are json.Number
}

// UnmarshalJSON implements json.Unmarshaler.
func (u *User) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&u.Profile); err != nil {
		return err
	}
	var head struct {
		ID        string    `json:"user_id"`
		CreatedAt time.Time `json:"created_at"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	u.ID, u.CreatedAt = head.ID, head.CreatedAt
	return nil
}

// Found is one page of a search.
type Found struct {
	Users []User
	Limit int // the page size that was granted
	Total int // of the query, beyond MaxFound too
}

// SearchUsers is a page of the users that query finds, oldest first. The search
// is eventually consistent.
func (c *Client) SearchUsers(ctx context.Context, query, fields string, page int) (Found, error) {
	return c.search(ctx, numbered(page), query, fields, "created_at:1")
}

// NewestUser is the user that query finds who was created last, and how many it
// finds.
func (c *Client) NewestUser(ctx context.Context, query string) (Found, error) {
	params := numbered(0)
	params.Set("per_page", "1")
	return c.search(ctx, params, query, "user_id,created_at", "created_at:-1")
}

func (c *Client) search(ctx context.Context, params url.Values, query, fields, sort string) (Found, error) {
	params.Set("sort", sort)
	params.Set("fields", fields)
	params.Set("include_fields", "true")
	params.Set("search_engine", "v3")
	if query != "" {
		params.Set("q", query)
	}
	var answer struct {
		Users []User `json:"users"`
		Limit int    `json:"limit"`
		Total *int   `json:"total"`
	}
	switch err := c.get(ctx, "/users", params, &answer); {
	case err != nil:
		return Found{}, err
	case answer.Users == nil, answer.Total == nil:
		return Found{}, noList("/users")
	}
	return Found{answer.Users, answer.Limit, *answer.Total}, nil
}

// Created is the query for users created from one moment to another, both
// included; a zero from is no bound. Auth0 keeps milliseconds.
func Created(from, to time.Time) string {
	bound := "*"
	if !from.IsZero() {
		bound = millisecond(from)
	}
	return fmt.Sprintf("created_at:[%s TO %s]", bound, millisecond(to))
}

// CreatedAfter is Created without the moment from itself.
func CreatedAfter(from, to time.Time) string {
	return fmt.Sprintf("created_at:{%s TO %s]", millisecond(from), millisecond(to))
}

func millisecond(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// OnConnection is the query for users of a connection, by its name.
func OnConnection(name string) string { return "identities.connection:" + strconv.Quote(name) }
