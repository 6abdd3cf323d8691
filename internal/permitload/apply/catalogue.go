package apply

import (
	"context"
	"fmt"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// OneByOne is up to how many missing roles are created by single calls: as
// many as a minute's limit for schema writes allows. Above, one bulk call does
// it, which is not the first choice since it would also replace a role that
// somebody creates at that moment.
const OneByOne = 40

// createRoles creates the roles that are missing. The list is read again
// first: somebody may have created them while the question was open.
func (a *Applier) createRoles(ctx context.Context) error {
	if len(a.plan.Roles) == 0 || !a.CreateMissing {
		return a.refuseMissing(a.plan.Roles)
	}
	roles, listErr := snapshot.Roles(ctx, a.Client)
	if listErr != nil && !permit.IsUnproved(listErr) {
		return listErr
	}
	has := map[string]bool{}
	for i := range roles {
		has[roles[i].Key] = true
	}
	there, missing := split(catalogueItems(a.plan.Roles), func(it item) bool { return has[it.Role.Key] })
	for _, it := range there {
		a.Ledger.Skip(it.Operation)
	}
	refused := 0
	b := batch{
		send: func(ctx context.Context, items []item) error {
			all := make([]permit.Role, len(items))
			for i, it := range items {
				all[i] = roleOf(it.Role)
			}
			return a.sender.writes.PutRoles(ctx, all)
		},
		one: func(ctx context.Context, it item) error {
			err := a.sender.writes.CreateRole(ctx, roleOf(it.Role))
			return unlessThere(ctx, err, func() (bool, error) { return a.Client.HasRole(ctx, it.Role.Key) })
		},
		refuse: func(it item, f record.Fault) error {
			refused++
			return a.refuseCreation(it, f)
		},
		size:    &a.sender.roleSize,
		inOrder: true, // an interrupt between two leaves as little as can be
	}
	send := a.sender.deliver
	if len(missing) <= OneByOne || listErr != nil { // a bulk call would replace a role that the list lacks
		send = a.sender.deliverSingly
	}
	if err := send(ctx, missing, b); err != nil {
		return err
	}
	if n := len(missing) - refused; n > 0 {
		a.Progress.WarnOfRoles(n)
	}
	return nil
}

// createTenants creates the tenants that are missing.
func (a *Applier) createTenants(ctx context.Context) error {
	if !a.CreateMissing {
		return a.refuseMissing(a.plan.Tenants)
	}
	return a.sender.deliver(ctx, catalogueItems(a.plan.Tenants), batch{
		send: func(ctx context.Context, items []item) error {
			all := make([]permit.Tenant, len(items))
			for i, it := range items {
				all[i] = tenantOf(it.Tenant)
			}
			return a.sender.writes.CreateTenants(ctx, all)
		},
		one: func(ctx context.Context, it item) error {
			err := a.sender.writes.CreateTenant(ctx, tenantOf(it.Tenant))
			return unlessThere(ctx, err, func() (bool, error) {
				_, has, err := a.Client.Tenant(ctx, it.Tenant.Key)
				return has, err
			})
		},
		recheck: a.recheckTenants,
		refuse:  a.refuseCreation,
		size:    &a.sender.tenantSize,
	})
}

// recheckTenants tells which tenants are there after a 409.
func (a *Applier) recheckTenants(ctx context.Context, _ []item, refusal error, _ int) (func(item) bool, bool, error) {
	if !permit.IsConflict(refusal) {
		return nil, false, nil
	}
	has := map[string]bool{}
	for tenant, err := range a.Client.Tenants(ctx) {
		if permit.IsUnproved(err) {
			break // single calls find out about those that it lacks
		}
		if err != nil {
			return nil, false, err
		}
		has[tenant.Key] = true
	}
	return func(it item) bool { return has[it.Tenant.Key] }, false, nil
}

// renameTenants gives tenants the names that the input has for them. Each is
// a call of its own: Permit has no bulk call that changes tenants.
func (a *Applier) renameTenants(ctx context.Context) error {
	if err := a.keepNames(); err != nil {
		return err
	}
	return a.sender.deliverSingly(ctx, catalogueItems(a.plan.Renames), batch{
		one: func(ctx context.Context, it item) error {
			return a.sender.writes.RenameTenant(ctx, it.Tenant.Key, it.Tenant.Name)
		},
		refuse: func(it item, f record.Fault) error {
			f.Message = fmt.Sprintf("tenant %s could not be renamed: %s", it.Tenant.Key, f.Message)
			return a.Ledger.Refuse(it.Operation, f)
		},
	})
}

// refuseMissing refuses roles or tenants that may not be created; enqueue then
// refuses what names them.
func (a *Applier) refuseMissing(ops []reconcile.Operation) error {
	for _, op := range ops {
		id := op.RecordID()
		message := fmt.Sprintf("Permit has no %s %s", id.Type, id.Key)
		f := record.Fault{Code: "missing_" + id.Type, Message: message, Retryable: true}
		a.queue.lacks[id] = f
		if err := a.Ledger.Refuse(op, f); err != nil {
			return err
		}
	}
	return nil
}

// refuseCreation refuses a role or a tenant that Permit does not take, and later
// what names it.
func (a *Applier) refuseCreation(it item, f record.Fault) error {
	id := it.RecordID()
	f.Message = fmt.Sprintf("%s %s could not be created: %s", id.Type, id.Key, f.Message)
	a.queue.lacks[id] = f
	return a.Ledger.Refuse(it.Operation, f)
}

func roleOf(r *record.Role) permit.Role {
	return permit.Role{Key: r.Key, Name: r.Name, Description: r.Description, Attributes: r.Attributes}
}

func tenantOf(t *record.Tenant) permit.Tenant {
	return permit.Tenant{Key: t.Key, Name: t.Name, Attributes: t.Attributes}
}
