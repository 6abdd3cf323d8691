package reconcile_test

import (
	"testing"

	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// What only users name who are not loaded is not created for them.
func TestMissingIsNotForRejectedLines(t *testing.T) {
	t.Parallel()
	p := reconcile.New("default")
	p.HaveTenant("default", "")
	p.WantUser(&record.User{Key: "a", RoleAssignments: []record.RoleAssignment{{Role: "ghost", Tenant: "nowhere"}}})
	p.WantUser(&record.User{Key: "a", FirstName: "Ann"})
	p.WantUser(&record.User{Key: "b", RoleAssignments: []record.RoleAssignment{{Role: "Admin", Tenant: "acme"}}})
	p.Settle()
	roles, tenants := p.Missing()
	if len(roles) != 1 || roles[0].Key != "Admin" || len(tenants) != 1 || tenants[0].Key != "acme" {
		t.Errorf("missing roles %v and tenants %v, want Admin and acme alone", roles, tenants)
	}
}
