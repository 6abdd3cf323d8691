package auth0

import (
	"context"
	"fmt"
	"iter"
	"net/url"
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

// maxRoles is the most roles of a tenant (Auth0 docs, entity limits), and also
// how far paging by number reaches.
const maxRoles = 1000

func (r Role) id() string { return r.ID }

// Roles returns all roles. It pages by number, since this endpoint has no
// checkpoints, until it has as many as Auth0 says there are.
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	const path = "/roles"
	var roles []Role
	ids, total := map[string]bool{}, 0
	for number := 0; ; number++ {
		answer := page[Role]{list: "roles"}
		if err := c.get(ctx, path, pageQuery(number), &answer); err != nil {
			return nil, err
		}
		before := len(ids)
		for _, role := range answer.rows {
			ids[role.ID] = true
		}
		roles = append(roles, answer.rows...)
		switch came := len(ids); {
		case answer.total == nil:
			return nil, errNoTotal(path)
		case *answer.total > maxRoles:
			return nil, fmt.Errorf("GET %s: the tenant says it has %d roles, and only %d can be read",
				path, *answer.total, maxRoles)
		case number > 0 && came == before && len(answer.rows) > 0:
			return nil, errSamePage(path)
		case number > 0 && *answer.total != total, came != len(roles), came > *answer.total,
			came < *answer.total && len(answer.rows) == 0:
			return nil, errTotal(path, "roles", came, *answer.total)
		case came == *answer.total:
			return roles, nil
		}
		total = *answer.total
	}
}

// FirstRole returns a role, and how many there are. It is a zero Role where there is
// none.
func (c *Client) FirstRole(ctx context.Context) (role Role, total int, err error) {
	query := pageQuery(0)
	query.Set("per_page", "1")
	answer := page[Role]{list: "roles"}
	if err := c.get(ctx, "/roles", query, &answer); err != nil {
		return Role{}, 0, err
	}
	if answer.total == nil {
		return Role{}, 0, errNoTotal("/roles")
	}
	if len(answer.rows) > 0 {
		role = answer.rows[0]
	}
	return role, *answer.total, nil
}

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
