package a0export

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

const rightDomain = "is AUTH0_DOMAIN right? It looks like acme.eu.auth0.com"

// What to do about a sign-in that Auth0 refuses.
const (
	checkClient = "check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, and that the application is authorized for the " +
		"Auth0 Management API (Dashboard > Applications > APIs); with a custom domain export " +
		"AUTH0_AUDIENCE=https://TENANT.REGION.auth0.com/api/v2/"
	getToken = "the token has expired, or is another tenant's: get a new one " +
		"(Dashboard > Applications > APIs > Auth0 Management API > API Explorer) and export AUTH0_API_TOKEN=..., " +
		"or check the application of AUTH0_CLIENT_ID"
	grantScopes = "grant the application %s (Dashboard > Applications > APIs > Auth0 Management API > " +
		"Machine to Machine Applications), then get a new token"
)

// withHint returns err with a hint that says what to type next, where one is
// known.
func withHint(err error) error {
	var api *httpapi.APIError
	switch {
	case err == nil:
		return nil
	case httpapi.Unreachable(err):
		return tool.Hint(err, rightDomain)
	case httpapi.IsForeign(err):
		return tool.Hint(err, rightDomain, tool.InBetween)
	case errors.Is(err, auth0.ErrLink), errors.Is(err, auth0.ErrChanged):
		return tool.Hint(err, "run a0export again")
	case !errors.As(err, &api):
		return err
	case api.Path == auth0.TokenPath:
		return tool.Hint(err, checkClient)
	case api.Status == http.StatusUnauthorized:
		return tool.Hint(err, getToken)
	case api.Status == http.StatusForbidden:
		if scopes := auth0.MissingScopes(err); len(scopes) > 0 {
			return tool.Hint(err, fmt.Sprintf(grantScopes, oneOf(scopes)))
		}
	}
	return err
}

// refusal returns Auth0's own answer of that status, nil where err is another. A page
// of something in between says nothing of a scope, a plan or a job.
func refusal(err error, status int) *httpapi.APIError {
	if api, ok := errors.AsType[*httpapi.APIError](err); ok && api.Status == status && !api.Foreign {
		return api
	}
	return nil
}

// domainHint returns what to type for a domain that err refuses.
func domainHint(err error) string {
	right := "your-tenant.eu.auth0.com"
	var base *httpapi.BaseError
	const dashboard = "https://manage.auth0.com"
	if errors.As(err, &base) && base.Right != "" && base.Right != dashboard {
		right = strings.TrimPrefix(base.Right, "https://")
	}
	return "export AUTH0_DOMAIN=" + right
}

// oneOf returns the words for one of several scopes.
func oneOf(scopes []string) string {
	if len(scopes) == 1 {
		return "the scope " + scopes[0]
	}
	return "one of the scopes " + strings.Join(scopes, ", ")
}

// addHint returns err with one more hint, after those that it has.
func addHint(err error, hint string) error {
	if e, ok := err.(*tool.Error); ok { //nolint:errorlint // only the outermost: others keep their place in the text
		return tool.Hint(e.Err, append(slices.Clone(e.Hints), hint)...)
	}
	return tool.Hint(err, hint)
}
