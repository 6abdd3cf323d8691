package snapshot

import (
	"context"
	"maps"
	"slices"

	"a0permit/internal/permit"
	"a0permit/internal/record"
)

// Roles lists the roles of the environment. Where nothing proves that the list is
// whole, it returns what it got with an error for which permit.IsUnproved holds. A role
// that is missed does no harm, as long as it is not replaced: to create it shows
// that it exists.
func Roles(ctx context.Context, client *permit.Client) ([]permit.Role, error) {
	return Whole(client.Roles(ctx))
}

// RoleRecords returns roles of Permit's as lines have them.
func RoleRecords(roles []permit.Role) []record.Role {
	list := make([]record.Role, len(roles))
	for i := range roles {
		r := &roles[i]
		list[i] = record.Role{Key: r.Key, Name: r.Name, Permissions: r.Permissions, Attributes: r.Attributes}
	}
	return list
}

// readResources notes the resources that Permit has. One that is missed does no harm: to
// create it shows that it exists.
func (r *Reader) readResources(ctx context.Context, s *Snapshot) error {
	list, err := Whole(r.Client.Resources(ctx))
	for i := range list {
		s.Current.HaveResource(list[i].Key, maps.Keys(list[i].Actions))
	}
	if permit.IsUnproved(err) {
		return nil
	}
	return err
}

// readTenants notes the tenants that Permit has. One that is missed would not be
// renamed, so where nothing proves that the list is whole, those of the input that
// it lacks are asked for.
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
	missed := slices.DeleteFunc(slices.Clone(s.desired.Tenants()), func(key string) bool { return has[key] })
	return sideBySide(ctx, len(missed), func(ctx context.Context, i int) error {
		tenant, ok, err := r.Client.Tenant(ctx, missed[i])
		if err != nil || !ok {
			return err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		note(tenant)
		return nil
	})
}
