package permitload

import (
	"fmt"
	"log/slog"

	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// printKept prints what stays in Permit although the input lacks it, with the reason.
func (l *loader) printKept(kept reconcile.Kept) {
	tell := func(n int, field, why, hint string) {
		if n == 0 {
			return
		}
		verb := "stay"
		if n == 1 {
			verb = "stays"
		}
		assignments := tool.Count(n, "role assignment")
		l.tool.WarnCounts(fmt.Sprintf("%s that the input lacks %s in Permit: %s", assignments, verb, why), slog.Int(field, n))
		if hint != "" {
			l.tool.Hint("%s", hint)
		}
	}
	tell(kept.NoRoleLine, "kept_without_role_line", "the input has no line for the role",
		"a0export all | a0tojsonl writes a line for every role, also for one that nobody holds")
	tell(kept.NoTenantLine, "kept_without_tenant_line", "the input has no line for the tenant",
		"a0export all | a0tojsonl writes a line for every organization")
	tell(kept.MaybeUnsaid, "kept_in_default_tenant", "in tenant "+l.rules.Tenant+", about which the input may say nothing",
		`a line {"type":"tenant","key":"`+l.rules.Tenant+`"} in the input says that it does`)
	tell(kept.TooYoung, "kept_too_young",
		"only what is ten minutes older than the export is taken away; a later export decides", "")
}

// warnOfNoScope explains why --roles replace cannot take anything away.
func (l *loader) warnOfNoScope(plan *reconcile.Plan) {
	if !l.replaceRoles || plan.Counts.InScope > 0 || plan.Users() == 0 || l.checkAge(plan) != nil {
		return
	}
	l.tool.Warn("--roles replace: the input says nothing about any role assignment in Permit; that takes a user line" +
		" with role_assignments, a line for the role and a line for the tenant")
}
