package permitload

import (
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// printKept prints what stays in Permit although the input lacks it, with the reason.
func (l *loader) printKept(kept reconcile.Kept) {
	tell := func(n int, why, hint string) {
		if n == 0 {
			return
		}
		verb := "stay"
		if n == 1 {
			verb = "stays"
		}
		l.tool.Warn("%s that the input lacks %s in Permit: %s", tool.Count(n, "role assignment"), verb, why)
		if hint != "" {
			l.tool.Hint("%s", hint)
		}
	}
	tell(kept.NoRoleLine, "the input has no line for the role",
		"a0export all | a0tojsonl writes a line for every role, also for one that nobody holds")
	tell(kept.NoTenantLine, "the input has no line for the tenant",
		"a0export all | a0tojsonl writes a line for every organization")
	tell(kept.MaybeUnsaid, "in tenant "+l.rules.Tenant+", of which the input may say nothing",
		`a line {"type":"tenant","key":"`+l.rules.Tenant+`"} in the input says that it does`)
	tell(kept.TooYoung, "only what is ten minutes older than the export is taken away; the next run decides", "")
}

// warnOfNoScope explains why --roles replace cannot take anything away.
func (l *loader) warnOfNoScope(plan *reconcile.Plan) {
	if !l.replaceRoles || plan.Counts.InScope > 0 || plan.Users() == 0 || l.checkAge(plan) != nil {
		return
	}
	l.tool.Warn("--roles replace: the input decides about no role assignment in Permit; it takes a user line with" +
		" role_assignments, a line for the role and a line for the tenant")
}
