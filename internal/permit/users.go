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

// User is a user, as Permit returns it and as it is written (UserCreate).
type User struct {
	Key       string `json:"key"`
	Email     string `json:"email,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	// Attributes stays encoded, since a float64 may not hold all digits of a
	// number.
	Attributes json.RawMessage `json:"attributes,omitempty"`
	// RoleAssignments are the roles of a new user. It is not documented what a bulk
	// call does with them.
	RoleAssignments []UserRole `json:"role_assignments,omitempty"`
	// Nulls are the fields to write as null: email, first_name or last_name. It is not
	// documented whether null or leaving a field out clears its value.
	Nulls []string `json:"-"`
}

// userWithNulls is a user with some fields written as null.
type userWithNulls struct {
	User
	Email     *nullable `json:"email,omitempty"`
	FirstName *nullable `json:"first_name,omitempty"`
	LastName  *nullable `json:"last_name,omitempty"`
}

// nullable is a string that is written as null if it is empty.
type nullable string

// MarshalJSON implements json.Marshaler.
func (o nullable) MarshalJSON() ([]byte, error) {
	if o == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(o))
}

// body returns the user as it is sent.
func (u User) body() any {
	if len(u.Nulls) == 0 {
		return u
	}
	field := func(name, value string) *nullable {
		if value == "" && !slices.Contains(u.Nulls, name) {
			return nil
		}
		text := nullable(value)
		return &text
	}
	return userWithNulls{
		u, field("email", u.Email), field("first_name", u.FirstName), field("last_name", u.LastName),
	}
}

// UserRole is a role of a new user in a tenant (UserRoleCreate).
type UserRole struct {
	Role   string `json:"role"`
	Tenant string `json:"tenant"`
}

// UserPage is the first page of the list of users, with their total.
type UserPage struct{ answer *list[User] }

// Total returns the number of users of the environment. known is false if the page does
// not give it.
func (p *UserPage) Total() (n int, known bool) { return max(p.answer.total, 0), p.answer.total >= 0 }

// FirstUsers returns the first page of the list of users. UsersFrom continues from it,
// so that counting users before listing them costs no extra call.
func (c *Client) FirstUsers(ctx context.Context) (*UserPage, error) {
	p := &UserPage{&list[User]{}}
	return p, c.get(ctx, c.facts+"/users", pageQuery(1, PageSize), p.answer)
}

// Users yields the users of the environment. It ends with ErrShrunk if users were
// deleted meanwhile: others may then be missing.
func (c *Client) Users(ctx context.Context) iter.Seq2[User, error] { return c.UsersFrom(ctx, nil) }

// UsersFrom is like Users, but does not request the first page unless it is nil.
func (c *Client) UsersFrom(ctx context.Context, first *UserPage) iter.Seq2[User, error] {
	if first == nil {
		first = &UserPage{}
	}
	return pagesFrom(ctx, c, c.facts+"/users", PageSize, nil, first.answer)
}

// CountUsers returns the number of users of the environment. known is false if the
// answer does not give it.
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

// HasUser reports whether Permit shows the user. A bulk write does not show at once.
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

// DeleteUser deletes one user. Permit answers 404 if it does not exist.
func (c *Client) DeleteUser(ctx context.Context, key string) error {
	return c.delete(ctx, c.facts+"/users/"+url.PathEscape(key), nil)
}
