package permitload

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/apply"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// printEstimate prints how long the load takes at least under the rate limits. A real run
// prints it only if it has to wait.
func (l *loader) printEstimate(plan *reconcile.Plan) {
	bulk, wait := l.estimate(plan, true)
	more, longer := l.estimate(plan, false)
	switch {
	case longer == 0 && (!l.dryRun || more == 0):
	case more > bulk:
		l.tool.SayCounts(fmt.Sprintf("it takes %s and %s; if Permit does not take roles along with new users, %s and %s",
			tool.Count(bulk, "bulk call"), atLeast(wait), tool.Count(more, "bulk call"), atLeast(longer)),
			slog.Int("bulk_calls", bulk), slog.Float64("least_seconds", wait.Seconds()),
			slog.Int("bulk_calls_with_roles_apart", more), slog.Float64("least_seconds_with_roles_apart", longer.Seconds()))
	default:
		l.tool.SayCounts(fmt.Sprintf("it takes %s and %s", tool.Count(bulk, "bulk call"), atLeast(wait)),
			slog.Int("bulk_calls", bulk), slog.Float64("least_seconds", wait.Seconds()))
	}
	if bulk > permit.BulkCalls {
		l.tool.Say("Permit wants to know of a migration of this size beforehand: https://io.permit.io/slack")
	}
}

// atLeast returns the wait under the rate limits for people.
func atLeast(wait time.Duration) string {
	if wait == 0 {
		return "no wait for Permit's rate limits"
	}
	return "at least " + strings.TrimSuffix(wait.String(), "0s") + " under Permit's rate limits"
}

// estimate returns how many bulk calls a plan takes, and how long its writes take at
// least under the rate limits. along says whether new users take their roles along.
func (l *loader) estimate(plan *reconcile.Plan, along bool) (bulk int, wait time.Duration) {
	c, tenants, assign := plan.Counts, len(plan.Tenants), plan.Counts.Assign
	schema, roles := apply.CountSchemaCalls(plan)
	if along {
		assign -= c.AssignNew
	}
	if l.createMissing == "no" {
		schema, roles, tenants, assign = 0, 0, 0, assign-c.Blocked
		if along {
			assign += c.BlockedNew // they were subtracted twice
		}
	}
	bulk = batches(c.Create+c.Update, permit.MaxUsers) + batches(assign, permit.MaxAssignments)
	bulk += batches(tenants, permit.MaxTenants) + batches(roles, permit.MaxRoles)
	for _, op := range plan.Grants {
		if l.grant != "no" {
			schema += batches(len(op.Role.Permissions), permit.MaxPermissions)
		}
	}
	calls := map[string]int{"bulk": bulk, "schema": schema, "write": bulk + schema + len(plan.Renames)}
	for _, class := range l.classes {
		if n := calls[class.Name]; n > 0 {
			wait = max(wait, time.Duration((n-1)/class.Calls)*class.Per)
		}
	}
	return bulk, wait
}

// batches returns how many calls n items take, with at most so many in one.
func batches(n, most int) int { return (n + most - 1) / most }
