package permitload

import (
	"errors"
	"fmt"
	"strings"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// settled prints the plan.
func (l *loader) settled() {
	l.tool.Say("project %s, environment %s", l.report.Project, l.report.Environment)
	roles, tenants := l.plan.Missing()
	c := l.plan.Counts()
	for i := range l.plan.Users() {
		if l.plan.State(i) == reconcile.TakenEmail {
			l.in.reject(l.in.users[i], record.TypeUser, "duplicate_email", "another user has this email")
		} else if l.plan.State(i) == reconcile.Conflicted {
			l.in.reject(l.in.users[i], record.TypeUser, "differing_lines", "another line has this key and differs")
		}
	}
	if len(roles) > 0 {
		l.tool.Say("+ %s: %s", tool.Count(len(roles), "role"), names(roles, func(r record.Role) string { return r.Key }))
	}
	if len(tenants) > 0 {
		l.tool.Say("+ %s: %s", tool.Count(len(tenants), "tenant"), names(tenants, func(t record.Tenant) string { return t.Key }))
	}
	l.tool.Say("+ %s  ~ %s  = %s", tool.Count(c.Create, "user"), tool.Thousands(c.Update), tool.Thousands(c.Same))
	l.tool.Say("+ %s  = %s", tool.Count(c.Assign, "role assignment"), tool.Thousands(c.Assigned))
	if n := len(l.in.rejected); n > 0 {
		l.tool.Warn("%s cannot be loaded", tool.Count(n, "line"))
	}
	if l.report.Extra > 0 {
		l.tool.Say("%s in Permit but not in the input, left alone", tool.Count(l.report.Extra, "user"))
	}
	// Counted now, so that a dry run counts them too.
	for _, r := range l.in.rejected {
		l.in.tallies[r.kind].NotLoaded++
	}
}

// shown is how many names a list on the screen has.
const shown = 20

func names[T any](items []T, name func(T) string) string {
	var list []string
	for _, item := range items[:min(len(items), shown)] {
		list = append(list, name(item))
	}
	if more := len(items) - shown; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}

// mayCreate settles whether what Permit lacks is created. Without an answer
// nothing at all is written.
func (l *loader) mayCreate() (bool, error) {
	roles, tenants := l.plan.Missing()
	if len(roles)+len(tenants) == 0 || l.createMissing != "ask" {
		return l.createMissing == "yes", nil
	}
	var missing []string
	if len(roles) > 0 {
		missing = append(missing, fmt.Sprintf("%s (%s)", tool.Count(len(roles), "role"), names(roles, func(r record.Role) string { return r.Key })))
	}
	if len(tenants) > 0 {
		missing = append(missing, fmt.Sprintf("%s (%s)", tool.Count(len(tenants), "tenant"), names(tenants, func(t record.Tenant) string { return t.Key })))
	}
	what := "Permit lacks " + strings.Join(missing, " and ")
	yes, err := l.tool.Ask(what + "; create?")
	if err != nil && !errors.Is(err, tool.ErrNoTerminal) {
		return false, err
	}
	if yes {
		return true, nil
	}
	if err != nil {
		what += ", and " + err.Error()
	}
	return false, tool.Hint(errors.New(what+"; nothing was written"), "--create-missing yes creates what is missing", "--create-missing no loads the users, and puts those that name it on stdout")
}
