package permit

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"time"

	"a0permit/internal/httpapi"
)

// User is a user as Permit holds it, and as it is written (UserCreate); roles
// go by assignments, since what a bulk write does with inline ones is not
// known.
type User struct {
	Key       string `json:"key"`
	Email     string `json:"email,omitempty"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	// Attributes stays encoded, since a number may be longer than a float64.
	Attributes json.RawMessage `json:"attributes,omitempty"`
}

// Users lists the users of the environment. It ends with ErrShrunk where users
// were deleted meanwhile: some of those that are left may not have been met.
func (c *Client) Users(ctx context.Context) iter.Seq2[User, error] {
	return pages[User](ctx, c, c.facts+"/users", PageSize, nil)
}

// CountUsers is how many users the environment has, 0 when the answer does not
// say.
func (c *Client) CountUsers(ctx context.Context) (int, error) {
	var answer list[struct{}]
	err := c.get(ctx, c.facts+"/users", url.Values{"page": {"1"}, "per_page": {"1"}}, &answer)
	return answer.total, err
}

// User is one user, and whether Permit has it.
func (c *Client) User(ctx context.Context, key string) (User, bool, error) {
	var u User
	err := c.get(ctx, c.facts+"/users/"+url.PathEscape(key), nil, &u)
	if Status(err) == http.StatusNotFound {
		return User{}, false, nil
	}
	return u, err == nil && u.Key == key, err // Permit takes its own ids, too
}

// Search lists the users whose email, key or a name contains text.
func (c *Client) Search(ctx context.Context, text string) iter.Seq2[User, error] {
	return ignoreShrunk(pages[User](ctx, c, c.facts+"/users", PageSize, url.Values{"search": {text}}))
}

// HasUser reports whether Permit shows the user yet: bulk writes become
// visible late.
func (c *Client) HasUser(ctx context.Context, key string) (bool, error) {
	err := c.get(ctx, c.facts+"/users/"+url.PathEscape(key), nil, nil)
	if Status(err) == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// PutUsers writes users in one call: each is created or replaced.
func (c *Client) PutUsers(ctx context.Context, users []User) error {
	return c.send(ctx, http.MethodPut, c.facts+"/bulk/users", operations[User]{users})
}

// PutUser writes one user.
func (c *Client) PutUser(ctx context.Context, user User) error {
	return c.send(ctx, http.MethodPut, c.facts+"/users/"+url.PathEscape(user.Key), user)
}

// SetEmail changes the email of a user, and nothing else.
func (c *Client) SetEmail(ctx context.Context, key, email string) error {
	return c.send(ctx, http.MethodPatch, c.facts+"/users/"+url.PathEscape(key), struct {
		Email string `json:"email"`
	}{email})
}

// Assignment gives a user a role, in a tenant or on a resource instance.
type Assignment struct {
	User             string `json:"user"`
	Role             string `json:"role"`
	Tenant           string `json:"tenant,omitempty"`
	ResourceInstance string `json:"resource_instance,omitempty"`
}

// Held is an assignment as Permit has it.
type Held struct {
	Assignment
	CreatedAt string `json:"created_at"`
}

// Created is when the assignment was made, zero when Permit does not say.
func (h Held) Created() time.Time {
	at, err := time.Parse(time.RFC3339, h.CreatedAt)
	if err != nil {
		return time.Time{}
	}
	return at
}

// Assignments lists the role assignments of the environment.
func (c *Client) Assignments(ctx context.Context) iter.Seq2[Held, error] {
	return ignoreShrunk(pages[Held](ctx, c, c.facts+"/role_assignments", AssignmentsPageSize, nil))
}

// AssignmentsOf lists the role assignments of the users named, in as many calls
// as their number takes.
func (c *Client) AssignmentsOf(ctx context.Context, users []string) iter.Seq2[Held, error] {
	return func(yield func(Held, error) bool) {
		for some := range filters(users) {
			if !c.assignmentsOf(ctx, some, yield) {
				return
			}
		}
	}
}

// assignmentsOf makes one call, or more where it is answered by 404: Permit may
// say so of a user who is gone.
func (c *Client) assignmentsOf(ctx context.Context, users []string, yield func(Held, error) bool) bool {
	path, filter := c.facts+"/role_assignments", url.Values{"user": users}
	for held, err := range ignoreShrunk(pages[Held](ctx, c, path, AssignmentsPageSize, filter)) {
		switch {
		case Status(err) == http.StatusNotFound && len(users) == 1:
			return true
		case Status(err) == http.StatusNotFound:
			half := len(users) / 2
			return c.assignmentsOf(ctx, users[:half], yield) && c.assignmentsOf(ctx, users[half:], yield)
		case !yield(held, err) || err != nil:
			return false
		}
	}
	return true
}

// MaxFilter is how many users a list can be narrowed to (OpenAPI).
const MaxFilter = 100

// maxQuery is how long the users of one call may be in its URL: what stands in
// front of an API takes 8 KiB (CloudFront's limit), and a key can be 255 long.
const maxQuery = 6000

// filters cuts users into lists that one call takes each.
func filters(users []string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for len(users) > 0 {
			n := 0
			for size := 0; n < len(users) && n < MaxFilter; n++ {
				if size += len("&user=") + len(url.QueryEscape(users[n])); size > maxQuery && n > 0 {
					break
				}
			}
			if !yield(users[:n]) {
				return
			}
			users = users[n:]
		}
	}
}

// Assign makes assignments in one call. Whether it takes one that is already
// made is not known: 409 may mean that.
func (c *Client) Assign(ctx context.Context, assignments []Assignment) error {
	return c.send(ctx, http.MethodPost, c.facts+"/role_assignments/bulk", assignments)
}

// AssignOne makes one assignment; 409 says that it is there.
func (c *Client) AssignOne(ctx context.Context, assignment Assignment) error {
	return c.send(ctx, http.MethodPost, c.facts+"/role_assignments", assignment)
}

// Unassign takes assignments away in one call. Whether it takes one that is not
// there is not known: 404 may mean that.
func (c *Client) Unassign(ctx context.Context, assignments []Assignment) error {
	return c.send(ctx, http.MethodDelete, c.facts+"/role_assignments/bulk", assignments)
}

// UnassignOne takes one assignment away; 404 says that it is not there.
func (c *Client) UnassignOne(ctx context.Context, assignment Assignment) error {
	return c.send(ctx, http.MethodDelete, c.facts+"/role_assignments", assignment)
}

// DeleteUsers deletes users in one call.
func (c *Client) DeleteUsers(ctx context.Context, keys []string) error {
	return c.send(ctx, http.MethodDelete, c.facts+"/bulk/users", struct {
		Idents []string `json:"idents"`
	}{keys})
}

// DeleteUser deletes one user; 404 says that it is not there.
func (c *Client) DeleteUser(ctx context.Context, key string) error {
	return c.send(ctx, http.MethodDelete, c.facts+"/users/"+url.PathEscape(key), nil)
}

// Status is the HTTP status of an answer that refused a call, else 0.
func Status(err error) int {
	if api, ok := errors.AsType[*httpapi.APIError](err); ok {
		return api.Status
	}
	return 0
}
