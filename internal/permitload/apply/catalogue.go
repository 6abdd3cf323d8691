package apply

import (
	"context"
	"fmt"

	"a0permit/internal/permit"
	"a0permit/internal/permitload/snapshot"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// oneByOne is how many missing resources, actions and roles are created by single calls
// at most: as many as the limit for schema writes allows in a minute. Above that, the
// roles go in one bulk call. Single calls are better, because a bulk call would also
// replace a role that somebody creates at that moment.
const oneByOne = 40

// CountSchemaCalls returns how many single calls create the resources, actions and roles
// of a plan, and how many roles are left for bulk calls.
func CountSchemaCalls(plan *reconcile.Plan) (single, bulkRoles int) {
	single, bulkRoles = len(plan.Resources), len(plan.Roles)
	for _, op := range plan.Extensions {
		single += len(op.Resource.Actions)
	}
	if single+bulkRoles <= oneByOne {
		return single + bulkRoles, 0
	}
	return single, bulkRoles
}

// createRoles creates the missing roles. It reads the list again first: somebody may have
// created a role while the question was open, and new resources may have changed other
// roles.
func (a *Applier) createRoles(ctx context.Context) error {
	if !a.CreateMissing {
		return a.refuseMissing(a.plan.Roles)
	}
	if len(a.plan.Roles)+len(a.plan.Resources) == 0 {
		return nil
	}
	roles, listErr := snapshot.Roles(ctx, a.Client)
	if listErr != nil && !permit.IsUnproved(listErr) {
		return listErr
	}
	if len(a.plan.Resources) > 0 {
		a.tellUnasked(roles)
	}
	has := map[string]permit.Role{}
	for _, r := range roles {
		has[r.Key] = r
	}
	isThere := func(it item) bool { return has[it.Role.Key].Key != "" }
	there, missing := split(catalogueItems(a.plan.Roles), isThere)
	for _, it := range there {
		if err := a.settleOthers(it, has[it.Role.Key].Permissions); err != nil {
			return err
		}
	}
	bare := 0
	var created []item // those with permissions
	b := batch{
		send: func(ctx context.Context, items []item) error {
			all := make([]permit.Role, len(items))
			for i, it := range items {
				all[i] = roleOf(it.Role)
			}
			return a.sender.writes.PutRoles(ctx, all)
		},
		one: a.createRole,
		done: func(it item) error {
			if len(it.Role.Permissions) == 0 {
				bare++
				return a.Ledger.Complete(it.Operation)
			}
			created = append(created, it) // grantToCreated checks its permissions
			return a.Ledger.FlushRejectsOnce()
		},
		refuse:  a.refuseCreation,
		size:    &a.sender.roleSize,
		inOrder: true, // so that an interrupt leaves as little as possible
	}
	send := a.sender.deliver
	// A bulk call would replace a role that the list has missed.
	if _, bulkRoles := CountSchemaCalls(a.plan); bulkRoles == 0 || listErr != nil {
		send = a.sender.deliverSingly
	}
	if err := send(ctx, missing, b); err != nil {
		return err
	}
	if bare > 0 {
		a.Progress.WarnOfRoles(bare)
	}
	return a.grantToCreated(ctx, created)
}

// createRole creates one role. If Permit refuses its permissions, it creates the role
// without them; grantToCreated then tries them one by one.
func (a *Applier) createRole(ctx context.Context, it item) error {
	role := roleOf(it.Role)
	if len(role.Permissions) > a.queue.grantSize {
		role.Permissions = nil // grantToCreated gives them in parts
	}
	err := a.sender.writes.CreateRole(ctx, role)
	if isAboutSize(err) && len(role.Permissions) > smallGrant {
		a.queue.grantSize = max(smallGrant, min(a.queue.grantSize, len(role.Permissions)/2))
	}
	if len(role.Permissions) > 0 && !permit.IsConflict(err) && err != nil && a.sender.isRefusal(ctx, err, 1) {
		role.Permissions = nil
		err = a.sender.writes.CreateRole(ctx, role)
	}
	if permit.IsConflict(err) {
		a.queue.others[it.Role.Key] = true
	}
	return unlessThere(ctx, err, func() (bool, error) { return a.Client.HasRole(ctx, it.Role.Key) })
}

// createTenants creates the missing tenants.
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

// recheckTenants returns which tenants exist after a 409.
func (a *Applier) recheckTenants(ctx context.Context, _ []item, refusal error, _ int) (func(item) bool, bool, error) {
	if !permit.IsConflict(refusal) {
		return nil, false, nil
	}
	has := map[string]bool{}
	for tenant, err := range a.Client.Tenants(ctx) {
		if permit.IsUnproved(err) {
			break // single calls find those that the list misses
		}
		if err != nil {
			return nil, false, err
		}
		has[tenant.Key] = true
	}
	return func(it item) bool { return has[it.Tenant.Key] }, false, nil
}

// renameTenants renames tenants, one call for each. Permit has no bulk call for that.
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

// refuseMissing refuses missing records that may not be created. enqueue then refuses the
// users that need them.
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

// refuseCreation refuses a record that Permit does not accept, and later the users that
// need it.
func (a *Applier) refuseCreation(it item, f record.Fault) error {
	id := it.RecordID()
	f.Message = fmt.Sprintf("%s %s could not be created: %s", id.Type, id.Key, f.Message)
	a.queue.lacks[id] = f
	return a.Ledger.Refuse(it.Operation, f)
}

func roleOf(r *record.Role) permit.Role {
	return permit.Role{
		Key: r.Key, Name: r.Name, Description: r.Description, Permissions: r.Permissions, Attributes: r.Attributes,
	}
}

func tenantOf(t *record.Tenant) permit.Tenant {
	return permit.Tenant{Key: t.Key, Name: t.Name, Attributes: t.Attributes}
}
