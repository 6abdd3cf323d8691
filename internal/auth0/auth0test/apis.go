package auth0test

import (
	"slices"
	"strings"
)

// API is a resource server.
type API struct {
	ID         string
	Name       string // not unique
	Identifier string // the audience of its tokens; never changes
	IsSystem   bool   // whether it is one of Auth0's own
	RBAC       bool   // enforce_policies
	Scopes     []Scope
	// SigningSecret signs tokens by HS256. The list sends it unless the parameter
	// fields leaves it out (spec).
	SigningSecret string
}

// Scope is a permission that an API defines.
type Scope struct {
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
}

// maxIdentifiers is how many identifiers a call may name (spec).
const maxIdentifiers = 10

// apiParams allow offset pagination only (spec).
var apiParams = slices.Concat(offsetParams, []param{{name: "identifiers", many: true}}, fieldParams)

func (s *Server) listAPIs(c *request) (any, error) {
	found := slices.Clone(s.tenant.APIs)
	if c.query.has("identifiers") {
		named := strings.Split(c.query["identifiers"], ",")
		if len(named) > maxIdentifiers {
			return nil, errQuery("'Array is too long (%d), maximum %d' on property identifiers.", len(named), maxIdentifiers)
		}
		found = slices.DeleteFunc(found, func(a API) bool { return !slices.Contains(named, a.Identifier) })
	}
	return s.list(c, listing{
		name: "resource_servers", n: len(found),
		row: func(i int) any { return fieldFilter(c.query, found[i].object()) },
	})
}

// getAPI finds an API by its id or its identifier.
func (s *Server) getAPI(c *request) (any, error) {
	for _, a := range s.tenant.APIs {
		if a.ID == c.id || a.Identifier == c.id {
			return fieldFilter(c.query, a.object()), nil
		}
	}
	return nil, errInexistent("resource_server")
}

// object returns the API as the real service sends it. If there are no scopes, the
// field is absent.
func (a API) object() map[string]any {
	algorithm := "RS256"
	object := map[string]any{
		"id": a.ID, "name": a.Name, "identifier": a.Identifier, "is_system": a.IsSystem,
		"enforce_policies": a.RBAC, "token_dialect": "access_token", "allow_offline_access": false,
		"skip_consent_for_verifiable_first_party_clients": true, "token_lifetime": 86400,
	}
	if a.SigningSecret != "" {
		algorithm = "HS256"
		object["signing_secret"] = a.SigningSecret
	}
	object["signing_alg"] = algorithm
	if len(a.Scopes) > 0 {
		object["scopes"] = a.Scopes
	}
	return object
}
