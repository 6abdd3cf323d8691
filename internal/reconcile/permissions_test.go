package reconcile_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// wantPolicy returns a Desired with two resources and three roles.
func wantPolicy() *reconcile.Desired {
	d := reconcile.NewDesired(reconcile.Rules{Tenant: "default"})
	d.WantResource(&record.Resource{Key: "invoices", Actions: actions("read", "write")})
	d.WantResource(&record.Resource{Key: "users", Name: "People", Actions: actions("read")})
	d.WantRole(&record.Role{Key: "admin", Permissions: []string{"invoices:write", "invoices:read", "users:read"}})
	d.WantRole(&record.Role{Key: "clerk", Permissions: []string{"invoices:read", "reports:print"}})
	d.WantRole(&record.Role{Key: "guest"}) // its permissions are not known
	d.Finish()
	return d
}

func actions(keys ...string) map[string]record.Action {
	all := map[string]record.Action{}
	for _, key := range keys {
		all[key] = record.Action{Name: key + " it"}
	}
	return all
}

// policyOf returns a plan's operations on resources and roles, as text.
func policyOf(p *reconcile.Plan) (list []string) {
	names := map[reconcile.Op]string{
		reconcile.Create: "create", reconcile.Extend: "extend", reconcile.Grant: "grant", reconcile.Revoke: "revoke",
	}
	for op := range p.Operations() {
		switch {
		case op.Resource != nil:
			keys := slices.Sorted(maps.Keys(op.Resource.Actions))
			list = append(list, names[op.Op]+" "+op.Resource.Key+" "+strings.Join(keys, ","))
		case op.Role != nil:
			list = append(list, names[op.Op]+" "+op.Role.Key+" "+strings.Join(op.Role.Permissions, ","))
		}
	}
	return list
}

// In an empty environment, resources are created before the roles that name them. A
// resource that only a permission names is created, too.
func TestPolicyOfAnEmptyPermit(t *testing.T) {
	t.Parallel()
	want := []string{
		"create invoices read,write", "create users read", "create reports print",
		"create admin invoices:write,invoices:read,users:read", "create clerk invoices:read,reports:print", "create guest ",
	}
	if diff := cmp.Diff(want, policyOf(planAgainst(wantPolicy(), emptyPermit))); diff != "" {
		t.Error(diff)
	}
}

// What Permit has stays, and only what it lacks is added. A role also has the
// permissions of the role that it extends.
func TestPolicyOfAPermitThatHasSome(t *testing.T) {
	t.Parallel()
	clerk := record.Role{Key: "clerk", Permissions: []string{"invoices:read", "invoices:shred"}}
	admin := record.Role{Key: "admin", Permissions: []string{"reports:print"}}
	guest := record.Role{Key: "guest", Permissions: []string{"users:read"}}
	d := wantPolicy()
	p := planAgainst(d, func(c *reconcile.Current) {
		c.HaveResource("invoices", slices.Values([]string{"read", "shred"}))
		c.HaveResource("users", slices.Values([]string{"read"}))
		c.HaveResource("reports", slices.Values([]string{"print"}))
		c.HaveRole(clerk, "admin")
		c.HaveRole(admin, "clerk")
		c.HaveRole(guest)
	})
	want := []string{"extend invoices write", "grant admin invoices:write,users:read"}
	if diff := cmp.Diff(want, policyOf(p)); diff != "" {
		t.Error(diff)
	}
	if c := p.Counts; c.Actions != 1 || c.Grant != 2 {
		t.Errorf("%+v", c.PermissionCounts)
	}
	var extra []string
	for role := range d.ExtraPermissions([]record.Role{clerk, admin, guest}) {
		extra = append(extra, role.Key+" "+strings.Join(role.Permissions, ","))
	}
	if diff := cmp.Diff([]string{"clerk invoices:shred", "admin reports:print"}, extra); diff != "" {
		t.Error(diff)
	}
}

// A second plan, after the first was applied, is empty.
func TestPolicyAgain(t *testing.T) {
	t.Parallel()
	p := planAgainst(wantPolicy(), func(c *reconcile.Current) {
		c.HaveResource("invoices", slices.Values([]string{"read", "write"}))
		c.HaveResource("users", slices.Values([]string{"read"}))
		c.HaveResource("reports", slices.Values([]string{"print"}))
		c.HaveRole(record.Role{Key: "admin", Permissions: []string{"users:read", "invoices:read", "invoices:write"}})
		c.HaveRole(record.Role{Key: "clerk", Permissions: []string{"reports:print", "invoices:read"}})
		c.HaveRole(record.Role{Key: "guest"})
	})
	if list := policyOf(p); len(list) > 0 {
		t.Errorf("%q", list)
	}
}

// Unasked yields the permissions that Permit added by itself, not those that were
// there before or that the plan gave.
func TestUnaskedPermissions(t *testing.T) {
	t.Parallel()
	p := planAgainst(wantPolicy(), func(c *reconcile.Current) {
		c.HaveRole(record.Role{Key: "viewer", Permissions: []string{"docs:read"}})
	})
	var unasked []string
	now := []record.Role{
		{Key: "viewer", Permissions: []string{"docs:read", "invoices:read"}},
		{Key: "admin", Permissions: []string{"invoices:read", "users:read"}},
		{Key: "editor", Permissions: []string{"users:read"}},
	}
	for role := range p.Unasked(now, true) {
		unasked = append(unasked, role.Key+" "+strings.Join(role.Permissions, ","))
	}
	if diff := cmp.Diff([]string{"viewer invoices:read", "editor users:read"}, unasked); diff != "" {
		t.Error(diff)
	}
}

// Lines of one key are merged: permissions and actions are joined, and a list beats
// none.
func TestPolicyLinesOfOneKeyAreJoined(t *testing.T) {
	t.Parallel()
	d := reconcile.NewDesired(reconcile.Rules{})
	d.WantResource(&record.Resource{Key: "r", Actions: map[string]record.Action{"read": {Description: "first"}}})
	more := map[string]record.Action{"read": {Name: "Read"}, "write": {}}
	d.WantResource(&record.Resource{Key: "r", Name: "R", Actions: more})
	d.WantRole(&record.Role{Key: "a"})
	d.WantRole(&record.Role{Key: "a", Permissions: []string{"r:write"}})
	d.WantRole(&record.Role{Key: "a", Permissions: []string{"r:read", "r:write"}})
	d.Finish()
	p := planAgainst(d, emptyPermit)
	if diff := cmp.Diff([]string{"create r read,write", "create a r:read,r:write"}, policyOf(p)); diff != "" {
		t.Error(diff)
	}
	want := record.Action{Name: "Read", Description: "first"}
	if diff := cmp.Diff(want, p.Resources[0].Resource.Actions["read"]); diff != "" || p.Resources[0].Resource.Name != "R" {
		t.Error(diff, p.Resources[0].Resource.Name)
	}
}

// A removal takes the permissions of a role's line from the role itself, not those that
// it inherits.
func TestRevocations(t *testing.T) {
	t.Parallel()
	d := reconcile.NewDesired(reconcile.Rules{Delete: true})
	d.WantRole(&record.Role{Key: "admin", Permissions: []string{"r:read", "r:write", "r:shred"}})
	d.WantRole(&record.Role{Key: "gone", Permissions: []string{"r:read"}})
	d.WantRole(&record.Role{Key: "silent"})
	d.Finish()
	p := planAgainst(d, func(c *reconcile.Current) {
		c.HaveRole(record.Role{Key: "admin", Permissions: []string{"r:read", "r:other"}}, "base")
		c.HaveRole(record.Role{Key: "base", Permissions: []string{"r:write"}})
		c.HaveRole(record.Role{Key: "silent", Permissions: []string{"r:read"}})
	})
	if diff := cmp.Diff([]string{"revoke admin r:read"}, policyOf(p)); diff != "" {
		t.Error(diff)
	}
}
