package permitload

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// printPlan prints what is to be done.
func (l *loader) printPlan(plan *reconcile.Plan) {
	say, c := l.tool.Say, plan.Counts
	if n := len(plan.Roles); n > 0 {
		say("%s: %s", l.missingText(tool.Count(n, "role")), keys(plan.Roles))
	}
	if n := len(plan.Tenants); n > 0 {
		say("%s: %s", l.missingText(tool.Count(n, "tenant")), keys(plan.Tenants))
	}
	if n := len(plan.Renames); n > 0 {
		say("~ %s: %s", tool.Count(n, "tenant"), names(plan.Renames, func(op reconcile.Operation) string {
			return fmt.Sprintf("%s (%q is now %q)", op.Tenant.Key, plan.OldName(op.Tenant.Key), op.Tenant.Name)
		}))
	}
	say("+ %s  ~ %s  = %s", tool.Count(c.Create, "user"), tool.Thousands(c.Update), tool.Thousands(c.Same))
	if l.createMissing == "no" && c.Blocked > 0 {
		say("+ %s  = %s  ! %s that name what is missing", tool.Count(c.Assign-c.Blocked, "role assignment"),
			tool.Thousands(c.Assigned), tool.Thousands(c.Blocked))
	} else {
		say("+ %s  = %s", tool.Count(c.Assign, "role assignment"), tool.Thousands(c.Assigned))
	}
	if c.Unassign > 0 {
		say("- %s of %s", tool.Count(c.Unassign, "role assignment"), tool.Count(c.UnassignFrom, "user"))
	}
	l.printKept(plan.Kept)
	if l.replaceRoles && c.InScope == 0 && plan.Users() > 0 && l.checkAge(plan) == nil {
		l.tool.Warn("--roles replace: Permit has no role assignment of which the input says whether it should be:" +
			" that takes a line of the user with role_assignments, one of the role and one of the tenant")
	}
	l.printResemblances(plan)
	if c.Sharing > 0 {
		say("%s would share an email with another; Permit may refuse that", tool.Count(c.Sharing, "user"))
	}
	l.printRejects()
	if n := l.report.extra; n > 0 {
		say("%s in Permit but not in the input, left alone", tool.Count(n, "user"))
	}
	l.printEstimate(plan)
}

// printRefusedEmails says what helps where Permit has refused emails that other
// users have.
func (l *loader) printRefusedEmails(plan *reconcile.Plan) {
	if l.report.found.SharedEmail != "refused" {
		return
	}
	if !l.dropEmail {
		l.tool.Hint("Permit refuses an email that another user has: --duplicate-email drop loads new users without it")
	}
	if n := plan.Counts.Strangers; n > 0 {
		l.tool.Hint("%s: who in Permit has that email is not in the input; was the user deleted and made anew?"+
			" --extra FILE writes who that is, and permitload remove FILE deletes users", tool.Count(n, "line"))
	}
}

// printKept says what stays although the input lacks it, and why.
func (l *loader) printKept(kept reconcile.Kept) {
	const tables = "{ a0export roles; a0export organizations; a0export --organizations; } | a0tojsonl has a line for each"
	tell := func(n int, why, hint string) {
		if n == 0 {
			return
		}
		l.tool.Warn("%s that the input lacks left alone: %s", tool.Count(n, "role assignment"), why)
		if hint != "" {
			l.tool.Hint("%s", hint)
		}
	}
	tell(kept.NoRoleLine, "the input has no line for the role", tables)
	tell(kept.NoTenantLine, "the input has no line for the tenant", tables)
	tell(kept.MaybeUnsaid, "in tenant "+l.rules.Tenant+", of which the input may say nothing",
		`a line {"type":"tenant","key":"`+l.rules.Tenant+`"} in the input says that it does`)
	tell(kept.TooYoung, "made after the input was true, or shortly before; the next export decides", "")
}

// missingText returns how the plan speaks of what Permit lacks.
func (l *loader) missingText(count string) string {
	if l.createMissing == "no" {
		return "! " + count + " missing, and not created"
	}
	return "+ " + count
}

// printRejects says which lines cannot be loaded, and why.
func (s *session) printRejects() {
	rejects := s.ledger.Rejects
	if len(rejects) == 0 {
		return
	}
	s.tool.Warn("%s cannot be loaded", tool.Count(len(rejects), "line"))
	more := map[string]int{}
	for i, r := range rejects {
		if i < shown {
			if where, err := s.input.Where(r.Line); err == nil {
				s.tool.Problem("%s: %s", where, r.Fault.Message)
				continue
			}
		}
		more[r.Fault.Message]++
	}
	for _, message := range slices.Sorted(maps.Keys(more)) {
		s.tool.Problem("%s more: %s", tool.Count(more[message], "line"), message)
	}
}

// printResemblances shows the missing roles that Permit may have, with the line
// that says so to a0tojsonl.
func (l *loader) printResemblances(plan *reconcile.Plan) {
	for i, r := range plan.Resemblances() {
		if i == shown {
			return
		}
		l.tool.Warn("role %s is missing, but Permit has %s: %s", r.Role.Key, r.Key, r.Why)
		id, _ := r.Role.Attributes["auth0_role_id"].(string)
		l.tool.Hint("a0tojsonl --role-map FILE with the line: %s,%s", record.RoleMapCell(r.Role.Name, id), r.Key)
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

// keys returns the keys of roles or tenants for people.
func keys(ops []reconcile.Operation) string {
	return names(ops, func(op reconcile.Operation) string { return op.RecordID().Key })
}

// printEstimate says how long the load takes at least under the rate limits,
// where that is long enough to matter.
func (l *loader) printEstimate(plan *reconcile.Plan) {
	bulk, wait := l.estimate(plan, true)
	more, longer := l.estimate(plan, false)
	switch {
	case longer == 0 && !l.dryRun:
	case more > bulk:
		l.tool.Say("%s, %s, if Permit takes the roles of new users along with them; %s, %s, if not",
			tool.Count(bulk, "bulk call"), atLeast(wait), tool.Count(more, "bulk call"), atLeast(longer))
	default:
		l.tool.Say("%s, %s", tool.Count(bulk, "bulk call"), atLeast(wait))
	}
	if bulk > permit.BulkCalls {
		l.tool.Say("Permit asks to be told before its bulk calls are used for a migration of this size:" +
			" https://io.permit.io/slack")
	}
}

// atLeast says how long the rate limits stretch calls.
func atLeast(wait time.Duration) string {
	if wait == 0 {
		return "no wait by Permit's rate limits"
	}
	return "at least " + strings.TrimSuffix(wait.String(), "0s") + " by Permit's rate limits"
}

// estimate returns how many bulk calls a plan takes, and how long its writes
// take at least by the rate limits. along is whether the roles of new users go along
// with these.
func (l *loader) estimate(plan *reconcile.Plan, along bool) (bulk int, wait time.Duration) {
	c, roles, tenants, assign := plan.Counts, len(plan.Roles), len(plan.Tenants), plan.Counts.Assign
	if along {
		assign -= c.AssignNew
	}
	if l.createMissing == "no" {
		roles, tenants, assign = 0, 0, assign-c.Blocked
		if along {
			assign += c.BlockedNew // which were taken off twice
		}
	}
	bulk = batches(c.Create+c.Update, permit.MaxUsers) + batches(assign, permit.MaxAssignments)
	bulk += batches(tenants, permit.MaxTenants)
	if roles > apply.OneByOne {
		bulk, roles = bulk+batches(roles, permit.MaxRoles), 0
	}
	calls := map[string]int{"bulk": bulk, "schema": roles, "write": bulk + roles + len(plan.Renames)}
	for _, class := range l.classes {
		if n := calls[class.Name]; n > 0 {
			wait = max(wait, time.Duration((n-1)/class.Calls)*class.Per)
		}
	}
	return bulk, wait
}

// batches returns how many calls of so many items n items take.
func batches(n, most int) int { return (n + most - 1) / most }
