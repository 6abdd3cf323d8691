package auth0

import (
	"context"
	"iter"
	"net/url"
)

// Group is a group of users, usually from an enterprise connection. Its members hold
// the roles that the group holds.
type Group struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (g Group) id() string { return g.ID }

// FirstGroup returns one of the tenant's groups, or a zero Group if it has none.
func (c *Client) FirstGroup(ctx context.Context) (Group, error) {
	for g, err := range listByCheckpoint[Group](ctx, c, "/groups", "groups", url.Values{"take": {"1"}}) {
		return g, err
	}
	return Group{}, nil
}

// RoleGroups yields the groups that hold a role. An error ends the list.
func (c *Client) RoleGroups(ctx context.Context, roleID string) iter.Seq2[Group, error] {
	return listByCheckpoint[Group](ctx, c, "/roles/"+url.PathEscape(roleID)+"/groups", "groups", nil)
}

// GroupMember is a member of a group: a user or another group.
type GroupMember struct {
	ID   string `json:"id"`          // a user's user_id, or a group's id
	Type string `json:"member_type"` // "user" or "group"
}

func (m GroupMember) id() string { return m.ID }

// GroupMembers yields the members of a group. An error ends the list.
func (c *Client) GroupMembers(ctx context.Context, groupID string) iter.Seq2[GroupMember, error] {
	return listByCheckpoint[GroupMember](ctx, c, "/groups/"+url.PathEscape(groupID)+"/members", "members", nil)
}
