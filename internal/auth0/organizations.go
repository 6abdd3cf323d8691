package auth0

import (
	"context"
	"errors"
	"iter"
	"net/url"
)

// Organization is a customer of the tenant's owner. Its name may change, its id
// never does.
type Organization struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
}

func (o Organization) id() string { return o.ID }

// Organizations yields all organizations, each once. An error ends the list.
func (c *Client) Organizations(ctx context.Context) iter.Seq2[Organization, error] {
	return dedupe(listByCheckpoint[Organization](ctx, c, "/organizations", "organizations", nil))
}

// HasOrganizations reports whether the tenant has any organization. It usually takes
// one call.
func (c *Client) HasOrganizations(ctx context.Context) (bool, error) {
	for _, err := range c.Organizations(ctx) {
		return err == nil, err
	}
	return false, nil
}

// Member is a user in an organization, with the user's roles there.
type Member struct {
	UserID string `json:"user_id"`
	// Roles is nil if Auth0 does not send the roles, and empty if the user has none.
	Roles []Role `json:"roles"`
	// These are not asked for. Auth0 sends them, and no roles, if it ignores fields.
	Email   string `json:"email"`
	Name    string `json:"name"`
	Picture string `json:"picture"`
}

func (m Member) id() string { return m.UserID }

// Members yields the members of an organization with their roles. Auth0 sends the
// roles only on request, and needs the scope read:organization_member_roles for them
// (Auth0 docs, get organization members). An error ends the list.
func (c *Client) Members(ctx context.Context, organizationID string) iter.Seq2[Member, error] {
	query := url.Values{"fields": {"user_id,roles"}, "include_fields": {"true"}}
	path := "/organizations/" + url.PathEscape(organizationID) + "/members"
	return func(yield func(Member, error) bool) {
		for m, err := range listByCheckpoint[Member](ctx, c, path, "members", query) {
			if err == nil && m.Roles == nil && m.Email+m.Name+m.Picture != "" {
				m, err = Member{}, errors.New("GET /api/v2"+path+": the answer lacks the roles, which were asked for")
			}
			if !yield(m, err) || err != nil {
				return
			}
		}
	}
}

// Connection is a source of users, such as a database or a company's login.
type Connection struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Strategy string `json:"strategy"`
}

func (c Connection) id() string { return c.ID }

// Connections yields all connections, each once. An error ends the list.
func (c *Client) Connections(ctx context.Context) iter.Seq2[Connection, error] {
	query := url.Values{"fields": {"id,name,strategy"}, "include_fields": {"true"}}
	return dedupe(listByCheckpoint[Connection](ctx, c, "/connections", "connections", query))
}
