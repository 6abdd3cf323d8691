package permitload

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	strangers := 0 // who hold emails that the input wants
	for i := range l.plan.Users() {
		if l.plan.State(i) == reconcile.TakenEmail {
			message := "another line's user has this email, or is to have it"
			if l.plan.HeldElsewhere(i) {
				message, strangers = "a user in Permit whom the input does not name has this email", strangers+1
			}
			l.in.reject(l.in.users[i], record.TypeUser, "duplicate_email", message)
		} else if l.plan.State(i) == reconcile.Conflicted {
			l.in.reject(l.in.users[i], record.TypeUser, "differing_lines", "another line has this key and differs")
		}
	}
	if len(roles) > 0 {
		l.tool.Say("%s: %s", l.lacked(tool.Count(len(roles), "role")), names(roles, roleKey))
	}
	if len(tenants) > 0 {
		l.tool.Say("%s: %s", l.lacked(tool.Count(len(tenants), "tenant")), names(tenants, tenantKey))
	}
	if renamed := l.plan.Renamed(); len(renamed) > 0 {
		l.tool.Say("~ %s: %s", tool.Count(len(renamed), "tenant"), names(renamed, func(r reconcile.Rename) string {
			return fmt.Sprintf("%s (%q is now %q)", r.Key, r.From, r.To)
		}))
	}
	l.tool.Say("+ %s  ~ %s  = %s", tool.Count(c.Create, "user"), tool.Thousands(c.Update), tool.Thousands(c.Same))
	if l.createMissing == "no" && c.Blocked > 0 {
		l.tool.Say("+ %s  = %s  ! %s that name what is missing", tool.Count(c.Assign-c.Blocked, "role assignment"), tool.Thousands(c.Assigned), tool.Thousands(c.Blocked))
	} else {
		l.tool.Say("+ %s  = %s", tool.Count(c.Assign, "role assignment"), tool.Thousands(c.Assigned))
	}
	if n := l.takeAway.count(); n > 0 {
		l.tool.Say("- %s of %s", tool.Count(n, "role assignment"), tool.Count(len(l.takeAway.owed), "user"))
	}
	if l.takeAway != nil && l.takeAway.inScope == 0 && l.plan.Users() > 0 && l.fresh() == nil {
		l.tool.Warn("--roles replace: Permit has no role assignment of which the input says whether it should be: that takes a line of the user with role_assignments, one of the role and one of the tenant")
	}
	l.resembling(roles)
	if n := len(l.dropped); n > 0 {
		l.tool.Warn("%s loaded without email: another user has it", tool.Count(n, "user"))
	}
	l.sayRejected()
	if strangers > 0 {
		l.tool.Hint("%s: who in Permit has that email is not in the input; was the user deleted and made anew? --extra FILE writes who that is, and --remove FILE deletes users", tool.Count(strangers, "line"))
	}
	if l.report.Extra > 0 {
		l.tool.Say("%s in Permit but not in the input, left alone", tool.Count(l.report.Extra, "user"))
	}
	l.estimate(len(roles), len(tenants), c)
	l.countRejected()
}

// sayRejected says which lines cannot be loaded, and why.
func (l *loader) sayRejected() {
	if len(l.in.rejected) == 0 {
		return
	}
	l.tool.Warn("%s cannot be loaded", tool.Count(len(l.in.rejected), "line"))
	more := map[string]int{}
	for i, r := range l.in.rejected {
		if i < shown {
			if where, err := l.in.where(r.place); err == nil {
				l.tool.Problem("%s: %s", where, r.fault.Message)
				continue
			}
		}
		more[r.fault.Message]++
	}
	for _, message := range slices.Sorted(maps.Keys(more)) {
		l.tool.Problem("%s more: %s", tool.Count(more[message], "line"), message)
	}
}

// countRejected counts what broke a rule now, so that a dry run counts it too.
func (l *loader) countRejected() {
	for _, r := range l.in.rejected {
		l.in.tallies[r.kind].NotLoaded++
	}
}

// lacked is how the plan speaks of what Permit lacks.
func (l *loader) lacked(count string) string {
	if l.createMissing == "no" {
		return "! " + count + " missing, and not created"
	}
	return "+ " + count
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
	if n := len(l.resemblances(roles)); n > 0 && l.createMissing == "yes" {
		return false, tool.Hint(fmt.Errorf("%s may be in Permit under another key; nothing was written", tool.Count(n, "missing role")),
			"give a0tojsonl the --role-map lines above", "--create-missing ask, on a terminal, creates them all the same")
	}
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
