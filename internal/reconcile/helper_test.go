package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// parseUser reads a user as the loader does.
func parseUser(t *testing.T, text string) *record.User {
	t.Helper()
	u := &record.User{}
	if err := record.Decode([]byte(text), u); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return u
}

// newDesired returns a Desired with the users of these lines.
func newDesired(t *testing.T, lines ...string) *reconcile.Desired {
	t.Helper()
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	for _, line := range lines {
		d.WantUser(parseUser(t, line))
	}
	d.Finish()
	return d
}

// planAgainst returns the plan for d and a Permit that have fills in.
func planAgainst(d *reconcile.Desired, have func(c *reconcile.Current)) *reconcile.Plan {
	c := reconcile.NewCurrent(d)
	have(c)
	return reconcile.Diff(d, c)
}

// emptyPermit fills in nothing: an empty environment.
func emptyPermit(*reconcile.Current) {}

// haveOldAssignment records an assignment that was made long ago.
func haveOldAssignment(c *reconcile.Current, user string, a record.RoleAssignment) {
	c.HaveAssignment(user, a, time.Unix(1, 0))
}

// haveAssignments records assignments, written "user role tenant instance", all made at
// that time.
func haveAssignments(c *reconcile.Current, created time.Time, list ...string) {
	for _, text := range list {
		f := append(strings.Fields(text), "")
		c.HaveAssignment(f[0], record.RoleAssignment{Role: f[1], Tenant: f[2], ResourceInstance: f[3]}, created)
	}
}

// asOf is the time of an input's data, for plans that prune.
var asOf = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// assignmentsToMake returns the assignments that a plan makes for user i, as
// role@tenant#instance.
func assignmentsToMake(p *reconcile.Plan, i int) []string {
	var list []string
	for op := range p.Operations() {
		if op.Op == reconcile.Assign && op.User == i {
			list = append(list, assignmentName(op.Assignment))
		}
	}
	return list
}

func assignmentName(a record.RoleAssignment) string {
	name := a.Role + "@" + a.Tenant
	if a.ResourceInstance != "" {
		name += "#" + a.ResourceInstance
	}
	return name
}

// fatesOf returns the fate of each user: create, update, delete, same or conflicted,
// followed by a ? if the user shares the email that it is to get.
func fatesOf(p *reconcile.Plan) []string {
	list := make([]string, p.Users())
	for i := range list {
		list[i] = "same"
	}
	ops := map[reconcile.Op]string{reconcile.Create: "create", reconcile.Update: "update", reconcile.Delete: "delete"}
	for op := range p.Operations() {
		if name, ok := ops[op.Op]; ok && op.RecordID() == (reconcile.RecordID{}) {
			list[op.User] = name
		}
	}
	for i := range p.Refusals() {
		list[i] = "conflicted"
	}
	for i := range list {
		if p.SharesEmail(i) {
			list[i] += "?"
		}
	}
	return list
}

// toCreate returns the roles and tenants that a plan creates.
func toCreate(p *reconcile.Plan) (roles []record.Role, tenants []record.Tenant) {
	for _, op := range p.Roles {
		roles = append(roles, *op.Role)
	}
	for _, op := range p.Tenants {
		tenants = append(tenants, *op.Tenant)
	}
	return roles, tenants
}
