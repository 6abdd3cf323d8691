package auth0

import (
	"context"
	"errors"
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

// ErrChanged is the error of a list that changed while it was read page by page.
// What moved from one page to another was read twice or not at all.
var ErrChanged = errors.New("the tenant changed meanwhile")

// Roles returns all roles. It pages by number, since this endpoint has no
// checkpoints, until it has as many as Auth0 says there are.
func (c *Client) Roles(ctx context.Context) ([]Role, error) {
	var roles []Role
	ids := map[string]bool{}
	total := 0
	for page := 0; ; page++ {
		var answer struct {
			Roles []Role `json:"roles"`
			Total int    `json:"total"`
		}
		if err := c.get(ctx, "/roles", pageQuery(page), &answer); err != nil {
			return nil, err
		}
		if answer.Roles == nil {
			return nil, errNoList("/roles")
		}
		if answer.Total > maxRoles {
			return nil, fmt.Errorf("GET /roles: the tenant says it has %d roles, and only %d can be read",
				answer.Total, maxRoles)
		}
		roles = append(roles, answer.Roles...)
		for _, role := range answer.Roles {
			ids[role.ID] = true
		}
		if page == 0 {
			total = answer.Total
		}
		switch {
		case answer.Total != total, len(ids) != len(roles), len(roles) > total, len(roles) < total && len(answer.Roles) == 0:
			return nil, fmt.Errorf("GET /roles: %d roles came, and Auth0 says there are %d: %w",
				len(ids), answer.Total, ErrChanged)
		case len(roles) == total:
			return roles, nil
		}
	}
}

type roleUser struct {
	UserID string `json:"user_id"`
}

type roleUsers struct {
	Users []roleUser `json:"users"`
	Next  string     `json:"next"`
}

// RoleUsers yields the ids of the users who have a role directly. An error is
// yielded once, at the end.
func (c *Client) RoleUsers(ctx context.Context, roleID string) iter.Seq2[string, error] {
	path := "/roles/" + url.PathEscape(roleID) + "/users"
	users := checkpoints(ctx, c, path, nil, func(p *roleUsers) ([]roleUser, string) { return p.Users, p.Next })
	return func(yield func(string, error) bool) {
		for u, err := range users {
			if !yield(u.UserID, err) {
				return
			}
		}
	}
}
