package auth0

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"a0permit/internal/httpapi"
)

// Grant is what a token says of itself. Nobody has checked its signature: it is for
// people to read, and Auth0 decides.
type Grant struct {
	Tenant      string // the domain that issued the token; "" where it does not say
	Application string // the client id; "" where it does not say
	Expires     time.Time
	Scopes      []string // in order
	// TellsScopes is whether Scopes is all that was granted.
	TellsScopes bool
}

// Grant returns what the client's token says. With credentials that takes a call,
// whose answer may name the scopes, too.
func (c *Client) Grant(ctx context.Context) (Grant, error) {
	if c.tokens == nil {
		return parseGrant(c.token, ""), nil
	}
	token, err := c.tokens.Token(ctx)
	if err != nil {
		return Grant{}, err
	}
	scope := ""
	if t, ok := c.tokens.(*tokens); ok {
		scope = t.grantedScope()
	}
	return parseGrant(token, scope), nil
}

// parseGrant reads the claims of a token that is a JWT (RFC 9068). scope is what the
// token endpoint has said, which holds where there is any (RFC 6749, section 5.1).
func parseGrant(token httpapi.Secret, scope string) Grant {
	var claims struct {
		Issuer      string   `json:"iss"`
		Expires     int64    `json:"exp"`
		Scope       any      `json:"scope"`
		Permissions []string `json:"permissions"`
		Party       string   `json:"azp"`
		ClientID    string   `json:"client_id"`
	}
	var g Grant
	if parts := strings.Split(token.Reveal(), "."); len(parts) == 3 {
		// A claim of another type than the usual one is not told.
		if data, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(data, &claims)
		}
	}
	if issuer, err := url.Parse(claims.Issuer); err == nil {
		g.Tenant = issuer.Host
	}
	g.Application = cmp.Or(claims.Party, claims.ClientID)
	if claims.Expires > 0 {
		g.Expires = time.Unix(claims.Expires, 0)
	}
	claimed, hasScope := claims.Scope.(string)
	scope = cmp.Or(scope, claimed)
	g.TellsScopes = scope != "" || hasScope || claims.Permissions != nil
	g.Scopes = append(strings.Fields(scope), claims.Permissions...)
	slices.Sort(g.Scopes)
	g.Scopes = slices.Compact(g.Scopes)
	return g
}
