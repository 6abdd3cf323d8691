package auth0

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"a0permit/internal/httpapi"
)

// Role is a role of the tenant.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Type is "organization" for a role that belongs to one organization. Older
	// tenants do not send it.
	Type string `json:"type"`
}

func (r Role) id() string { return r.ID }

// Roles returns the tenant's own roles, and not those of its organizations, of which
// there may be more than can be read.
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	var roles []Role
	err := ofTenant(func(query url.Values) (err error) {
		roles, err = numbered[Role](ctx, c, "/roles", "roles", query)
		return err
	})
	return slices.DeleteFunc(roles, func(r Role) bool { return r.Type == "organization" }), err
}

// FirstRole returns one of the tenant's own roles, and how many there are. It is a
// zero Role where there is none.
func (c *Client) FirstRole(ctx context.Context) (role Role, total int, err error) {
	answer := page[Role]{list: "roles"}
	err = ofTenant(func(query url.Values) error {
		query = numberQuery(0, query)
		query.Set("per_page", "1")
		return c.get(ctx, "/roles", query, &answer)
	})
	switch {
	case err != nil:
		return Role{}, 0, err
	case answer.total == nil:
		return Role{}, 0, errNoTotal("/roles")
	case len(answer.rows) > 0:
		role = answer.rows[0]
	}
	return role, *answer.total, nil
}

// ofTenant reads a list of roles with the parameter that leaves out those of
// organizations. A tenant that does not know the parameter has none of those.
func ofTenant(read func(query url.Values) error) error {
	err := read(url.Values{"type": {"tenant"}})
	api, ok := errors.AsType[*httpapi.APIError](err)
	if ok && api.Status == http.StatusBadRequest && aboutType.MatchString(api.Message) {
		return read(nil)
	}
	return err
}

// aboutType matches what Auth0 says of a parameter of that name. The word alone is
// in what it says of the values of others.
var aboutType = regexp.MustCompile(`(?i)(allowed: |property |parameter )["']?type\b|["']type["']`)

type roleUser struct {
	UserID string `json:"user_id"`
}

func (u roleUser) id() string { return u.UserID }

// RoleUsers yields the ids of the users who have a role directly. An error is
// yielded once, at the end.
func (c *Client) RoleUsers(ctx context.Context, roleID string) iter.Seq2[string, error] {
	users := checkpoints[roleUser](ctx, c, "/roles/"+url.PathEscape(roleID)+"/users", "users", nil)
	return func(yield func(string, error) bool) {
		for u, err := range users {
			if !yield(u.UserID, err) {
				return
			}
		}
	}
}
