package reconcile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// A plan counts the fates of users and of role assignments.
func TestPlanCountsUsersAndAssignments(t *testing.T) {
	t.Parallel()
	// Each user asks for an assignment that Permit has, one to make, and two blocked
	// ones.
	const roles = `"role_assignments":[{"role":"r"},{"role":"s"},{"role":"lacking"},{"role":"r","tenant":"lacking"}]}`
	d := newDesired(t, `{"key":"create",`+roles, `{"key":"update","first_name":"U",`+roles, `{"key":"same",`+roles,
		`{"key":"conflicted",`+roles, `{"key":"conflicted","first_name":"C",`+roles,
		`{"key":"shares","email":"t@x.io",`+roles)
	p := planAgainst(d, func(c *reconcile.Current) {
		c.HaveRole(record.Role{Key: "r"})
		c.HaveRole(record.Role{Key: "s"})
		c.HaveTenant("default", "")
		c.HaveUser("stranger", "T@x.io")
		for key, line := range map[string]string{"update": `{"first_name":"U"}`, "same": `{}`} {
			i, _ := c.HaveUser(key, "")
			c.Compare(i, parseUser(t, line), &record.User{Key: key})
		}
		for _, key := range []string{"create", "update", "same", "conflicted", "shares"} {
			haveOldAssignment(c, key, record.RoleAssignment{Role: "r", Tenant: "default"})
		}
	})
	want := reconcile.Counts{
		UserCounts:       reconcile.UserCounts{Create: 2, Update: 1, Same: 1, Refused: 1, Sharing: 1, Strangers: 1},
		AssignmentCounts: reconcile.AssignmentCounts{Assign: 12, AssignNew: 6, BlockedNew: 4, Assigned: 4, Blocked: 8},
	}
	if diff := cmp.Diff(want, p.Counts); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
	// An assignment on an instance is not blocked by a missing tenant.
	d = newDesired(t, `{"key":"a","role_assignments":[{"role":"r","resource_instance":"doc:1"}]}`)
	p = planAgainst(d, func(c *reconcile.Current) { c.HaveRole(record.Role{Key: "r"}) })
	if p.Counts.Blocked != 0 {
		t.Errorf("%d blocked", p.Counts.Blocked)
	}
}
