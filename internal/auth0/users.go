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

// MaxFound is how many users one search can return, whatever its total (Auth0 docs,
// list and search users).
const MaxFound = 1000

// User is a user profile, or the requested fields of one.
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

func (u User) id() string { return u.ID }

// UserPage is one page of a search.
type UserPage struct {
	Users []User
	Limit int // the page size that Auth0 used, 0 if it does not say
	Total int // users on all pages; may exceed MaxFound
}

// SearchUsers returns one page, counted from 0, of the users that match the query,
// oldest first. fields is a comma-separated list. The search is eventually
// consistent.
func (c *Client) SearchUsers(ctx context.Context, query, fields string, page int) (UserPage, error) {
	return c.search(ctx, offsetQuery(page, nil), query, fields, "created_at:1")
}

// NewestUser returns the most recently created user that matches the query, and how
// many match.
func (c *Client) NewestUser(ctx context.Context, query string) (UserPage, error) {
	params := offsetQuery(0, nil)
	params.Set("per_page", "1")
	return c.search(ctx, params, query, "user_id,created_at", "created_at:-1")
}

// CountUsers returns how many users match the query.
func (c *Client) CountUsers(ctx context.Context, query string) (int, error) {
	params := offsetQuery(0, nil)
	params.Set("per_page", "1")
	found, err := c.search(ctx, params, query, "user_id", "")
	return found.Total, err
}

func (c *Client) search(ctx context.Context, params url.Values, query, fields, order string) (UserPage, error) {
	if order != "" {
		params.Set("sort", order)
	}
	params.Set("fields", fields)
	params.Set("include_fields", "true")
	params.Set("search_engine", "v3")
	if query != "" {
		params.Set("q", query)
	}
	const path = "/users"
	answer := page[User]{list: "users"}
	if err := c.get(ctx, path, params, &answer); err != nil {
		return UserPage{}, err
	}
	switch {
	case answer.total == nil:
		return UserPage{}, errNoTotal(path)
	case len(answer.rows) > *answer.total:
		return UserPage{}, errTotal(path, "users", len(answer.rows), *answer.total)
	}
	return UserPage{answer.rows, answer.limit, *answer.total}, nil
}

// CreatedQuery returns the query for users created between from and to, inclusive. A
// zero from means no lower bound. Auth0 keeps milliseconds.
func CreatedQuery(from, to time.Time) string {
	bound := "*"
	if !from.IsZero() {
		bound = formatMillis(from)
	}
	return fmt.Sprintf("created_at:[%s TO %s]", bound, formatMillis(to))
}

// CreatedAfterQuery returns the query for users created after from, up to and
// including to.
func CreatedAfterQuery(from, to time.Time) string {
	return fmt.Sprintf("created_at:{%s TO %s]", formatMillis(from), formatMillis(to))
}

func formatMillis(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// ConnectionQuery returns the query for users of the named connection.
func ConnectionQuery(name string) string { return "identities.connection:" + strconv.Quote(name) }
