package auth0

import (
	"context"
	"iter"
	"net/url"
)

// Group is a group of users, most of them of a company's login. It may hold roles,
// which its members then hold.
type Group struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (g Group) id() string { return g.ID }

// FirstGroup returns one of the tenant's groups, zero where there is none.
func (c *Client) FirstGroup(ctx context.Context) (Group, error) {
	for g, err := range checkpoints[Group](ctx, c, "/groups", "groups", url.Values{"take": {"1"}}) {
		return g, err
	}
	return Group{}, nil
}

// RoleGroups yields the groups that hold a role. An error is yielded once, at the
// end.
func (c *Client) RoleGroups(ctx context.Context, roleID string) iter.Seq2[Group, error] {
	return checkpoints[Group](ctx, c, "/roles/"+url.PathEscape(roleID)+"/groups", "groups", nil)
}

// GroupMember is a user in a group, or another group.
type GroupMember struct {
	ID   string `json:"id"` // of a user the user_id
	Type string `json:"member_type"`
}

func (m GroupMember) id() string { return m.ID }

// GroupMembers yields the members of a group. An error is yielded once, at the end.
func (c *Client) GroupMembers(ctx context.Context, groupID string) iter.Seq2[GroupMember, error] {
	return checkpoints[GroupMember](ctx, c, "/groups/"+url.PathEscape(groupID)+"/members", "members", nil)
}
