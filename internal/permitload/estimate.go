package permitload

import (
	"time"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/tool"
)

// estimate says how long the load takes at least under the rate limits, where
// that is long enough to matter.
func (l *loader) estimate(roles, tenants int, c reconcile.Counts) {
	if l.createMissing == "no" {
		roles, tenants, c.Assign = 0, 0, c.Assign-c.Blocked
	}
	schema := roles
	bulk := batches(c.Create+c.Update, permit.MaxUsers) + batches(c.Assign, permit.MaxAssignments) + batches(tenants, permit.MaxTenants)
	if roles > oneByOne {
		schema = 0
		bulk += batches(roles, permit.MaxRoles)
	}
	all := map[string]int{"bulk": bulk, "schema": schema, "write": bulk + schema + len(l.plan.Renamed())}
	var wait time.Duration
	for _, class := range l.classes {
		if n := all[class.Name]; n > 0 {
			wait = max(wait, time.Duration((n-1)/class.Calls)*class.Per)
		}
	}
	l.least = wait
	if wait > 0 {
		l.tool.Say("%s; Permit's rate limits stretch them over %s at least", tool.Count(bulk, "bulk call"), wait)
	}
	if wait == 0 && l.dryRun {
		l.tool.Say("%s; no wait by Permit's rate limits", tool.Count(bulk, "bulk call"))
	}
	if bulk > permit.BulkCalls {
		l.tool.Say("Permit asks to be told before its bulk calls are used for a migration of this size: https://io.permit.io/slack")
	}
}

// batches is how many calls of so many items n items take.
func batches(n, most int) int { return (n + most - 1) / most }
