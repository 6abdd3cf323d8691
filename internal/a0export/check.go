package a0export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"a0permit/internal/auth0"
	"a0permit/internal/httpapi"
	"a0permit/internal/tool"
)

// check signs in and prints what the token can read. It starts no job. It fails if the
// token cannot read users and their roles.
func (e *exporter) check(ctx context.Context) error {
	grant, err := e.auth0.Grant(ctx)
	if err != nil {
		return err
	}
	c := &checker{exporter: e}
	e.tool.Say("tenant %s", e.domain)
	lacking := map[string][]string{} // scopes by command
	for i, n := range c.needs() {
		saw, err := n.try(ctx)
		untried, isUntried := errors.AsType[untriedError](err)
		refused := refusal(err, http.StatusForbidden)
		switch {
		case refusal(err, http.StatusUnauthorized) != nil:
			return tool.Hint(err, e.tokenHint(grant))
		case err != nil && refused == nil && !isUntried:
			return err
		case i == 0:
			e.sayGrant(grant)
		}
		missing := n.missing(err, grant)
		e.sayNeed(n, saw, err, missing)
		isUnnamed := untried.isRefused || refused != nil && len(missing) == 0
		if isUnnamed && !grant.HasScopes {
			missing = n.scopes // the token may have them, but does not say so
		}
		if refused != nil || untried.isRefused {
			for _, command := range n.commands {
				lacking[command] = append(lacking[command], missing...)
			}
		}
	}
	e.tool.Say("not checked: whether the plan has export jobs, which only starting one shows; " +
		"without them a0export uses the user search")
	return e.judge(lacking)
}

// missing returns the scopes that the token lacks for n: those that a 403 names, or
// else those that the token does not list.
func (n need) missing(err error, grant auth0.Grant) []string {
	if named := auth0.MissingScopes(err); len(named) > 0 {
		// Any of them would do. Prefer the scope that is documented for n.
		if own := intersection(n.scopes, named); len(own) > 0 {
			return own
		}
		return named
	}
	if err == nil || !grant.HasScopes {
		return nil
	}
	return difference(n.scopes, grant.Scopes)
}

func intersection(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

func difference(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// sayNeed prints whether n can be read.
func (e *exporter) sayNeed(n need, saw string, err error, missing []string) {
	refused := refusal(err, http.StatusForbidden)
	text := "yes" + saw + " (" + strings.Join(n.scopes, ", ") + ")"
	switch lack := strings.Join(missing, ", "); {
	case refused != nil && lack != "":
		text = "no, lacks " + lack
	case refused != nil:
		text = "no, Auth0 says: " + httpapi.Redact(refused.Message)
	case err != nil && lack != "":
		text = fmt.Sprintf("not tried (%v); the token lacks %s", err, lack)
	case err != nil:
		text = fmt.Sprintf("not tried (%v); needs %s", err, strings.Join(n.scopes, ", "))
	}
	e.tool.Say("  %-21s %s", n.name+":", text)
}

// sayGrant prints the claims of the token, never the token.
func (e *exporter) sayGrant(grant auth0.Grant) {
	var parts []string
	if grant.Application != "" {
		parts = append(parts, "application "+grant.Application)
	}
	if !grant.Expires.IsZero() {
		parts = append(parts, "token valid until "+grant.Expires.Format(time.DateTime))
	}
	if len(parts) > 0 {
		e.tool.Say("signed in: %s", strings.Join(parts, ", "))
	} else {
		e.tool.Say("signed in")
	}
	if !grant.HasScopes {
		e.tool.Say("scopes: the token does not name them, so each table is tried")
		return
	}
	var used []string
	for _, n := range (&checker{exporter: e}).needs() {
		used = append(used, intersection(n.scopes, grant.Scopes)...)
	}
	others := difference(grant.Scopes, used)
	e.tool.Say("scopes: %s", cmp.Or(strings.Join(used, " "), "none that a0export uses"))
	if len(others) > 0 {
		const most = 5
		list := strings.Join(others[:min(most, len(others))], " ")
		if len(others) > most {
			list += " ..."
		}
		e.tool.Say("the token has %s that a0export does not use: %s", tool.Count(len(others), "scope"), list)
	}
}

// judge returns an error unless a0export without arguments can run. It sets the
// summary, and hints at what else the token lacks. lacking holds scopes by command.
func (e *exporter) judge(lacking map[string][]string) error {
	grant := func(command string) string {
		return fmt.Sprintf(grantScopes, allOf(lacking[command]))
	}
	if scopes, ok := lacking["a0export"]; ok {
		err := errors.New("a0export cannot read users and their roles with this token")
		if len(scopes) == 0 {
			return err
		}
		return tool.Hint(err, grant("a0export"))
	}
	e.report.Complete, e.report.checked = true, "a0export and a0export all"
	if _, ok := lacking["a0export all"]; ok {
		e.report.checked = "a0export, but not for a0export all"
	}
	for _, what := range []string{"a0export all", "roles held through groups"} {
		if len(lacking[what]) > 0 {
			e.tool.Hint("for %s %s", what, grant(what))
		}
	}
	return nil
}

// tokenHint returns a hint for a token that Auth0 refuses, based on its claims.
func (e *exporter) tokenHint(grant auth0.Grant) string {
	now := e.auth0.Now()
	if now.IsZero() {
		now = time.Now()
	}
	switch {
	case !grant.Expires.IsZero() && grant.Expires.Before(now):
		return "the token expired at " + grant.Expires.Format(time.DateTime) + ": get a new one " + apiExplorer
	case grant.Tenant != "" && grant.Tenant != e.domain:
		return "the token was issued by " + grant.Tenant + ", and AUTH0_DOMAIN is " + e.domain
	}
	return getToken
}
