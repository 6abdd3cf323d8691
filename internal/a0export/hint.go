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

// Hints for a sign-in or a call that Auth0 refuses.
const (
	checkClient = "check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, and that the application is authorized for the " +
		"Auth0 Management API (Dashboard > Applications > APIs); with a custom domain, also export " +
		"AUTH0_AUDIENCE=https://TENANT.REGION.auth0.com/api/v2/"
	apiExplorer = "(Dashboard > Applications > APIs > Auth0 Management API > API Explorer)"
	getToken    = "the token has expired or belongs to another tenant: get a new one " + apiExplorer +
		" and export AUTH0_API_TOKEN=..., or check the application of AUTH0_CLIENT_ID"
	grantScopes = "grant the application %s (Dashboard > Applications > APIs > Auth0 Management API > " +
		"Machine to Machine Applications), then get a new token"
)

// unreachableHint returns the hint if no tenant answers at the domain, or something
// else does.
func (e *exporter) unreachableHint() string {
	if strings.HasSuffix(e.domain, ".auth0.com") {
		return fmt.Sprintf("check AUTH0_DOMAIN (%q) and your network", e.domain)
	}
	return fmt.Sprintf("AUTH0_DOMAIN is %q; expected something like acme.eu.auth0.com, or your custom domain", e.domain)
}

// withHint returns err, with a hint that says what to type next if one is known.
func (e *exporter) withHint(err error) error {
	var api *httpapi.APIError
	switch {
	case err == nil:
		return nil
	case httpapi.SpeaksPlain(err):
		return tool.Hint(err, "check AUTH0_DOMAIN; for a server on this machine write http://127.0.0.1:PORT")
	case httpapi.Unreachable(err):
		return tool.Hint(err, e.unreachableHint())
	case httpapi.IsForeign(err):
		return tool.Hint(err, e.unreachableHint(), tool.InBetween)
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

// withLessHint returns err. If a0export all lacks the scopes of organizations or APIs,
// it adds a hint with the commands that work without them.
func (e *exporter) withLessHint(err error) error {
	if e.config.command != "all" {
		return err
	}
	for _, scope := range auth0.MissingScopes(err) {
		switch {
		case strings.HasPrefix(scope, "read:organization"):
			return addHint(err, "or leave organizations out: { a0export roles --permissions; a0export apis; a0export; }")
		case scope == "read:resource_servers":
			return addHint(err, "or leave permissions out: "+
				"{ a0export roles; a0export organizations; a0export --organizations; }")
		}
	}
	return err
}

// refusal returns the error in err if Auth0 itself answered with this status, or else
// nil. An answer of a proxy says nothing about a scope, a plan or a job.
func refusal(err error, status int) *httpapi.APIError {
	if api, ok := errors.AsType[*httpapi.APIError](err); ok && api.Status == status && !api.Foreign {
		return api
	}
	return nil
}

// domainHint returns the hint for a malformed or missing domain. It names the right
// domain if err knows it.
func domainHint(err error) string {
	right := "your-tenant.eu.auth0.com"
	var base *httpapi.BaseError
	const dashboard = "https://manage.auth0.com"
	if errors.As(err, &base) && base.Right != "" && base.Right != dashboard {
		right = strings.TrimPrefix(base.Right, "https://")
	}
	return "export AUTH0_DOMAIN=" + right
}

// allOf returns a phrase that asks for all of these scopes.
func allOf(scopes []string) string {
	if len(scopes) == 1 {
		return "the scope " + scopes[0]
	}
	return "the scopes " + strings.Join(scopes, ", ")
}

// oneOf returns a phrase that asks for one of these scopes.
func oneOf(scopes []string) string {
	if len(scopes) == 1 {
		return "the scope " + scopes[0]
	}
	return "one of the scopes " + strings.Join(scopes, ", ")
}

// addHint returns err with one more hint, after its other hints.
func addHint(err error, hint string) error {
	if e, ok := err.(*tool.Error); ok { //nolint:errorlint // only the outermost: an inner one is part of the text
		return tool.Hint(e.Err, append(slices.Clone(e.Hints), hint)...)
	}
	return tool.Hint(err, hint)
}
