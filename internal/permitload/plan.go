package permitload

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
	"a0permit/internal/tool"
)

// printPlan prints what is to be done.
func (l *loader) printPlan(plan *reconcile.Plan) {
	say, c := l.tool.SayCounts, plan.Counts
	l.printPolicy(plan)
	if n := len(plan.Roles); n > 0 {
		say(l.missingText("roles", n, keys(plan.Roles)), slog.Int("roles_to_create", n))
	}
	if n := len(plan.Tenants); n > 0 {
		say(l.missingText("tenants", n, keys(plan.Tenants)), slog.Int("tenants_to_create", n))
	}
	if n := len(plan.Renames); n > 0 {
		list := names(plan.Renames, func(op reconcile.Operation) string {
			return fmt.Sprintf("%s from %q to %q", op.Tenant.Key, plan.OldName(op.Tenant.Key), op.Tenant.Name)
		})
		say(fmt.Sprintf("tenants: %s to rename (%s)", tool.Thousands(n), list), slog.Int("tenants_to_rename", n))
	}
	say(fmt.Sprintf("users: %s to add, %s to change, %s unchanged",
		tool.Thousands(c.Create), tool.Thousands(c.Update), tool.Thousands(c.Same)),
		slog.Int("users_to_add", c.Create), slog.Int("users_to_change", c.Update), slog.Int("users_unchanged", c.Same))
	l.printAssignments(c.AssignmentCounts)
	if n := c.Unassign; n > 0 {
		say(fmt.Sprintf("role assignments: %s to take away from %s (%s)",
			tool.Thousands(n), tool.Count(c.UnassignFrom, "user"), lostRoles(plan)),
			slog.Int("role_assignments_to_take_away", n), slog.Int("users_who_lose_some", c.UnassignFrom))
	}
	l.printKept(plan.Kept)
	l.warnOfNoScope(plan)
	l.printResemblances(plan)
	l.printSharing(c.Sharing)
	l.printRejects()
	if n := l.report.extra; n > 0 {
		say(tool.Count(n, "user")+" in Permit but not in the input: left as is",
			slog.Int("users_not_in_the_input", n))
	}
}

func (l *loader) printAssignments(c reconcile.AssignmentCounts) {
	add, blocked := c.Assign, 0
	if l.createMissing == "no" {
		add, blocked = c.Assign-c.Blocked, c.Blocked
	}
	text := fmt.Sprintf("role assignments: %s to add, %s there already", tool.Thousands(add), tool.Thousands(c.Assigned))
	counts := []slog.Attr{slog.Int("role_assignments_to_add", add), slog.Int("role_assignments_there", c.Assigned)}
	if blocked > 0 {
		text += fmt.Sprintf(", %s not possible: the role or the tenant is missing", tool.Thousands(blocked))
		counts = append(counts, slog.Int("role_assignments_not_possible", blocked))
	}
	l.tool.SayCounts(text, counts...)
}

// printSharing prints how many users would share an email, which Permit may refuse.
func (l *loader) printSharing(n int) {
	if n == 0 {
		return
	}
	without := "they would then not be loaded"
	if l.dropEmail {
		without = "new ones would then be loaded without email"
	}
	l.tool.Say("%s would share an email with another user; Permit may refuse that, and %s", tool.Count(n, "user"), without)
}

// missingText returns the line of the plan about records that Permit lacks.
func (l *loader) missingText(what string, n int, list string) string {
	if l.createMissing == "no" {
		return fmt.Sprintf("%s: %s missing, and not created (%s)", what, tool.Thousands(n), list)
	}
	return fmt.Sprintf("%s: %s to create (%s)", what, tool.Thousands(n), list)
}

// lostRoles returns the roles that are taken away, with numbers.
func lostRoles(plan *reconcile.Plan) string {
	counts := map[string]int{}
	for op := range plan.Operations() {
		if op.Op == reconcile.Unassign {
			counts[op.Assignment.Role]++
		}
	}
	return countList(counts)
}

// countList returns counts for people, the largest first.
func countList(counts map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	return names(keys, func(key string) string { return key + " " + tool.Thousands(counts[key]) })
}

// printRefusedEmails prints what helps if Permit refuses emails that other users have.
func (l *loader) printRefusedEmails(plan *reconcile.Plan) {
	if l.report.found.SharedEmail != "refused" {
		return
	}
	if !l.dropEmail {
		l.tool.Hint("Permit refuses an email that another user has: --duplicate-email drop loads new users without it")
	}
	if n := plan.Counts.Strangers; n > 0 {
		l.tool.Hint("%s: a user who is not in the input has the email; was that user deleted and made anew in Auth0?"+
			" --extra FILE lists the users that the input lacks; permitload remove FILE deletes users", tool.Count(n, "line"))
	}
}

// printRejects prints the lines that cannot be loaded, with the reason.
func (s *session) printRejects() {
	rejects := s.ledger.Rejects
	if len(rejects) == 0 {
		return
	}
	s.tool.Warn("%s cannot be loaded:", tool.Count(len(rejects), "line"))
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

// printResemblances prints missing roles that Permit may have under another key, each
// with the --role-map line that says so to a0tojsonl.
func (l *loader) printResemblances(plan *reconcile.Plan) {
	for i, r := range plan.Resemblances() {
		if i == shown {
			return
		}
		l.tool.Warn("role %s is missing, but Permit has %s: %s", r.Role.Key, r.Key, r.Why)
		id, _ := r.Role.Attributes["auth0_role_id"].(string)
		l.tool.Hint("if they are one role: a0tojsonl --role-map FILE, with the line %s,%s",
			record.RoleMapCell(r.Role.Name, id), r.Key)
	}
}

// shown is how many names a list on the screen has at most.
const shown = 20

func names[T any](items []T, name func(T) string) string {
	var list []string
	for _, item := range items[:min(len(items), shown)] {
		list = append(list, name(item))
	}
	if more := len(items) - shown; more > 0 {
		list = append(list, fmt.Sprintf("and %s more", tool.Thousands(more)))
	}
	return strings.Join(list, ", ")
}

// keys returns the keys of the records of operations for people.
func keys(ops []reconcile.Operation) string {
	return names(ops, func(op reconcile.Operation) string { return op.RecordID().Key })
}
