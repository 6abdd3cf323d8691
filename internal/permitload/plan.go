package permitload

import (
	"context"
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
	fate := "to create"
	if l.createMissing == "no" {
		fate = "missing, and not created"
	}
	if len(roles) > 0 {
		l.tool.Say("roles: %s %s: %s", tool.Thousands(len(roles)), fate, names(roles, roleKey))
	}
	if len(tenants) > 0 {
		l.tool.Say("tenants: %s %s: %s", tool.Thousands(len(tenants)), fate, names(tenants, tenantKey))
	}
	l.tool.Say("users: %s to create, %s to update, %s as they are", tool.Thousands(c.Create), tool.Thousands(c.Update), tool.Thousands(c.Same))
	assign := fmt.Sprintf("%s to make, %s made already", tool.Thousands(c.Assign), tool.Thousands(c.Assigned))
	if l.createMissing == "no" && c.Blocked > 0 {
		assign = fmt.Sprintf("%s to make, %s made already, %s not to be made for want of their role or tenant",
			tool.Thousands(c.Assign-c.Blocked), tool.Thousands(c.Assigned), tool.Thousands(c.Blocked))
	}
	l.tool.Say("role assignments: %s", assign)
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

func roleKey(r record.Role) string { return r.Key }

func tenantKey(t record.Tenant) string { return t.Key }

// mayCreate settles whether what Permit lacks is created. Without an answer
// nothing at all is written.
func (l *loader) mayCreate(ctx context.Context) (bool, error) {
	roles, tenants := l.plan.Missing()
	if len(roles)+len(tenants) == 0 || l.createMissing != "ask" {
		return l.createMissing == "yes", nil
	}
	var missing []string
	if len(roles) > 0 {
		missing = append(missing, fmt.Sprintf("%s (%s)", tool.Count(len(roles), "role"), names(roles, roleKey)))
	}
	if len(tenants) > 0 {
		missing = append(missing, fmt.Sprintf("%s (%s)", tool.Count(len(tenants), "tenant"), names(tenants, tenantKey)))
	}
	what := "Permit lacks " + strings.Join(missing, " and ")
	yes, err := l.tool.Ask(ctx, what+"; create?")
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
