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

// Grant holds the claims of a token. Its signature is not checked: the claims are
// for people to read, and Auth0 decides what the token may do.
type Grant struct {
	Tenant      string    // the domain that issued the token; "" if unknown
	Application string    // the client id; "" if unknown
	Expires     time.Time // zero if unknown
	Scopes      []string  // sorted
	// HasScopes reports whether Scopes lists everything that was granted.
	HasScopes bool
}

// Grant returns the claims of the client's token. With credentials it gets a token
// first; the answer with the token may name the scopes too.
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

// parseGrant reads the claims of a token if it is a JWT (RFC 9068). scope comes from
// the token endpoint; unless it is "", it overrides the claim (RFC 6749, section 5.1).
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
		// A claim of an unexpected type is left out.
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
	g.HasScopes = scope != "" || hasScope || claims.Permissions != nil
	g.Scopes = append(strings.Fields(scope), claims.Permissions...)
	slices.Sort(g.Scopes)
	g.Scopes = slices.Compact(g.Scopes)
	return g
}
