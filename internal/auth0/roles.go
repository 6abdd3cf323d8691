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

// Role is a role of the tenant or of an organization.
type Role struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	// Type is "organization" for a role that belongs to one organization. Older
	// tenants do not send it.
	Type string `json:"type"`
}

func (r Role) id() string { return r.ID }

// Roles returns the tenant's own roles, without those of its organizations: there may
// be more of those than can be read.
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	var roles []Role
	err := readTenantRoles(func(query url.Values) (err error) {
		roles, err = listByOffset[Role](ctx, c, "/roles", "roles", query)
		return err
	})
	return slices.DeleteFunc(roles, func(r Role) bool { return r.Type == "organization" }), err
}

// FirstRole returns one of the tenant's own roles, or a zero Role if it has none, and
// the number of these roles.
func (c *Client) FirstRole(ctx context.Context) (role Role, total int, err error) {
	answer := page[Role]{list: "roles"}
	err = readTenantRoles(func(query url.Values) error {
		query = offsetQuery(0, query)
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

// readTenantRoles calls read with the parameter that leaves out the roles of
// organizations. A tenant that does not know it has no such roles, so read is then
// called again without it.
func readTenantRoles(read func(query url.Values) error) error {
	err := read(url.Values{"type": {"tenant"}})
	api, ok := errors.AsType[*httpapi.APIError](err)
	if ok && api.Status == http.StatusBadRequest && namesType.MatchString(api.Message) {
		return read(nil)
	}
	return err
}

// namesType matches an error about the parameter "type". The word alone would not do:
// errors about other parameters say "Expected type integer".
var namesType = regexp.MustCompile(`(?i)(allowed: |property |parameter )["']?type\b|["']type["']`)

type roleUser struct {
	UserID string `json:"user_id"`
}

func (u roleUser) id() string { return u.UserID }

// RoleUsers yields the ids of the users who have a role directly, not by a group. An
// error ends the list.
func (c *Client) RoleUsers(ctx context.Context, roleID string) iter.Seq2[string, error] {
	users := listByCheckpoint[roleUser](ctx, c, "/roles/"+url.PathEscape(roleID)+"/users", "users", nil)
	return func(yield func(string, error) bool) {
		for u, err := range users {
			if !yield(u.UserID, err) {
				return
			}
		}
	}
}
