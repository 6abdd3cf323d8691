package auth0

import (
	"context"
	"iter"
	"net/url"
)

// Organization is a customer of the tenant's owner. Its id never changes, its
// name may.
type Organization struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
}

type organizations struct {
	Organizations []Organization `json:"organizations"`
	Next          string         `json:"next"`
}

// Organizations yields all organizations. An error is yielded once, at the end.
func (c *Client) Organizations(ctx context.Context) iter.Seq2[Organization, error] {
	return checkpoints(ctx, c, "/organizations", nil,
		func(p *organizations) ([]Organization, string) { return p.Organizations, p.Next })
}

// HasOrganizations reports whether the tenant has any organization, with one
// call.
func (c *Client) HasOrganizations(ctx context.Context) (bool, error) {
	var page organizations
	err := c.get(ctx, "/organizations", url.Values{"take": {"1"}}, &page)
	if err == nil && page.Organizations == nil {
		err = errNoList("/organizations")
	}
	return len(page.Organizations) > 0, err
}

// Member is a user in an organization, with the user's roles there.
type Member struct {
	UserID string `json:"user_id"`
	// Roles is nil when Auth0 does not send the roles, and empty when there are
	// none.
	Roles []Role `json:"roles"`
}

type members struct {
	Members []Member `json:"members"`
	Next    string   `json:"next"`
}

// Members yields the members of an organization. Their roles are sent only on
// request, and need the scope read:organization_member_roles (Auth0 docs, get
// organization members). An error is yielded once, at the end.
func (c *Client) Members(ctx context.Context, organizationID string) iter.Seq2[Member, error] {
	query := url.Values{"fields": {"user_id,roles"}, "include_fields": {"true"}}
	path := "/organizations/" + url.PathEscape(organizationID) + "/members"
	return checkpoints(ctx, c, path, query, func(p *members) ([]Member, string) { return p.Members, p.Next })
}

// Connection is where users come from, such as a database or a company's login.
type Connection struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Strategy string `json:"strategy"`
}

type connections struct {
	Connections []Connection `json:"connections"`
	Next        string       `json:"next"`
}

// Connections yields all connections. An error is yielded once, at the end.
func (c *Client) Connections(ctx context.Context) iter.Seq2[Connection, error] {
	query := url.Values{"fields": {"id,name,strategy"}, "include_fields": {"true"}}
	return checkpoints(ctx, c, "/connections", query,
		func(p *connections) ([]Connection, string) { return p.Connections, p.Next })
}
