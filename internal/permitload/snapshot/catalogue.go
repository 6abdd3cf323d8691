package snapshot

import (
	"context"
	"maps"
	"slices"

	"a0permit/internal/permit"
	"a0permit/internal/reconcile"
	"a0permit/internal/record"
)

// Roles returns the roles of the environment. If the list may be incomplete, it returns
// what it got, with an error of permit.IsUnproved. A missing role does no harm, as long
// as nobody replaces it: creating it shows that it exists.
func Roles(ctx context.Context, client *permit.Client) ([]permit.Role, error) {
	return Whole(client.Roles(ctx))
}

// RoleRecords converts Permit's roles into records.
func RoleRecords(roles []permit.Role) []record.Role {
	list := make([]record.Role, len(roles))
	for i := range roles {
		r := &roles[i]
		list[i] = record.Role{Key: r.Key, Name: r.Name, Permissions: r.Permissions, Attributes: r.Attributes}
	}
	return list
}

// readResources records the resources in Permit. A missing one does no harm: creating it
// shows that it exists.
func (r *Reader) readResources(ctx context.Context, s *Snapshot) error {
	list, err := Whole(r.Client.Resources(ctx))
	for i := range list {
		s.Current.HaveResource(list[i].Key, maps.Keys(list[i].Actions))
		for key, action := range list[i].Actions {
			s.Current.HaveOrigin(list[i].Key, key, reconcile.OriginOf(action.Attributes))
		}
	}
	if permit.IsUnproved(err) {
		return nil
	}
	return err
}

// readTenants records the tenants in Permit. A missing tenant would not be renamed, so
// if the list may be incomplete, it asks for the tenants of the input that the list
// lacks.
func (r *Reader) readTenants(ctx context.Context, s *Snapshot) error {
	has := map[string]bool{}
	note := func(t permit.Tenant) {
		has[t.Key] = true
		s.Current.HaveTenant(t.Key, t.Name)
	}
	tenants, err := Whole(r.Client.Tenants(ctx))
	for _, tenant := range tenants {
		note(tenant)
	}
	if !permit.IsUnproved(err) {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(s.desired.Tenants()), func(key string) bool { return has[key] })
	return concurrently(ctx, len(missing), func(ctx context.Context, i int) error {
		tenant, ok, err := r.Client.Tenant(ctx, missing[i])
		if err != nil || !ok {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		note(tenant)
		return nil
	})
}
