package permit

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// User is a user as Permit answers it and as it is written (UserCreate).
type User struct {
	Key       string `json:"key"`
	Email     string `json:"email,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	// Attributes stays encoded, since a float64 may not hold all digits of a
	// number.
	Attributes json.RawMessage `json:"attributes,omitempty"`
	// RoleAssignments are for the write of a new user. What a bulk call does with
	// them is not documented.
	RoleAssignments []UserRole `json:"role_assignments,omitempty"`
	// Nulls are the fields to write as null: email, first_name or last_name. What
	// takes the value of a field away, null or to leave it out, is not documented.
	Nulls []string `json:"-"`
}

// userWithNulls is a user of whom some fields are written as null.
type userWithNulls struct {
	User
	Email     *opt `json:"email,omitempty"`
	FirstName *opt `json:"first_name,omitempty"`
	LastName  *opt `json:"last_name,omitempty"`
}

// opt is a text, or null for "".
type opt string

// MarshalJSON implements json.Marshaler.
func (o opt) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(o))
}

// body returns a user as it is sent.
func (u User) body() any {
	if len(u.Nulls) == 0 {
		return u
	}
	field := func(name, value string) *opt {
		if value == "" && !slices.Contains(u.Nulls, name) {
			return nil
		}
		text := opt(value)
		return &text
	}
	return userWithNulls{
		u, field("email", u.Email), field("first_name", u.FirstName), field("last_name", u.LastName),
	}
}

// UserRole is a role that a new user is to hold in a tenant (UserRoleCreate).
type UserRole struct {
	Role   string `json:"role"`
	Tenant string `json:"tenant"`
}

// UserPage is the first page of the list of users, and what it says of the others.
type UserPage struct{ answer *list[User] }

// Total returns the number of users of the environment, and whether the page says it.
func (p *UserPage) Total() (n int, known bool) { return max(p.answer.total, 0), p.answer.total >= 0 }

// FirstUsers returns the first page of the list of users. UsersFrom goes on from it, so
// that to count users before they are listed takes no call of its own.
func (c *Client) FirstUsers(ctx context.Context) (*UserPage, error) {
	p := &UserPage{&list[User]{}}
	return p, c.get(ctx, c.facts+"/users", pageQuery(1, PageSize), p.answer)
}

// Users yields the users of the environment. It ends with ErrShrunk when users
// were deleted meanwhile: some of the others may be missing.
func (c *Client) Users(ctx context.Context) iter.Seq2[User, error] { return c.UsersFrom(ctx, nil) }

// UsersFrom is Users for a caller who has the first page already; nil is none.
func (c *Client) UsersFrom(ctx context.Context, first *UserPage) iter.Seq2[User, error] {
	if first == nil {
		first = &UserPage{}
	}
	return pagesFrom(ctx, c, c.facts+"/users", PageSize, nil, first.answer)
}

// CountUsers returns the number of users of the environment, 0 when the answer
// does not say.
func (c *Client) CountUsers(ctx context.Context) (n int, known bool, err error) {
	return count[User](ctx, c, c.facts+"/users", nil)
}

// HasUserAt reports whether the list of users has an nth item, counted from 1.
func (c *Client) HasUserAt(ctx context.Context, n int) (bool, error) {
	var answer list[User]
	err := c.get(ctx, c.facts+"/users", url.Values{"page": {strconv.Itoa(n)}, "per_page": {"1"}}, &answer)
	return len(answer.items) > 0, err
}

// User returns one user and whether Permit has it.
func (c *Client) User(ctx context.Context, key string) (User, bool, error) {
	var u User
	has, err := c.find(ctx, c.facts+"/users", key, &u)
	return u, has, err
}

// Search yields the users whose email, key or name contains text.
func (c *Client) Search(ctx context.Context, text string) iter.Seq2[User, error] {
	return ignoreUnproved(pages[User](ctx, c, c.facts+"/users", PageSize, url.Values{"search": {text}}))
}

// HasUser reports whether Permit shows the user yet. What a bulk call writes is
// not visible at once.
func (c *Client) HasUser(ctx context.Context, key string) (bool, error) {
	_, has, err := c.User(ctx, key)
	return has, err
}

// PutUsers creates or replaces users in one call.
func (c *Client) PutUsers(ctx context.Context, users []User) error {
	bodies := make([]any, len(users))
	for i := range users {
		bodies[i] = users[i].body()
	}
	return c.send(ctx, http.MethodPut, c.facts+"/bulk/users", operations[any]{bodies}, &result{})
}

// PutUser creates or replaces one user.
func (c *Client) PutUser(ctx context.Context, user User) error {
	return c.send(ctx, http.MethodPut, c.facts+"/users/"+url.PathEscape(user.Key), user.body(), &echo{key: user.Key})
}

// DeleteUsers deletes users in one call.
func (c *Client) DeleteUsers(ctx context.Context, keys []string) error {
	return c.send(ctx, http.MethodDelete, c.facts+"/bulk/users", struct {
		Idents []string `json:"idents"`
	}{keys}, &result{})
}

// DeleteUser deletes one user. Permit answers 404 when it does not exist.
func (c *Client) DeleteUser(ctx context.Context, key string) error {
	return c.delete(ctx, c.facts+"/users/"+url.PathEscape(key), nil)
}
