package reconcile

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"a0permit/internal/record"
)

// nameResources adds the resources that permissions name to the catalogue, even those
// without a line.
func (d *Desired) nameResources() {
	for _, key := range d.roles.order {
		for resource := range permissionsOf(d.roles.lines[key]) {
			d.resources.addKey(resource)
		}
	}
}

// permissionsOf yields the resource and the action of each permission of a role line,
// which may be nil.
func permissionsOf(role *record.Role) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if role == nil {
			return
		}
		for _, permission := range role.Permissions {
			resource, action, err := record.SplitPermission(permission)
			if err == nil && !yield(resource, action) { // lines are valid by now, so err is nil
				return
			}
		}
	}
}

// NeedsResources reports whether a plan depends on the resources in Permit.
func (d *Desired) NeedsResources() bool { return len(d.resources.order) > 0 && !d.rules.Delete }

// HaveResource records a resource in Permit, and the keys of its actions.
func (c *Current) HaveResource(key string, actions iter.Seq[string]) {
	c.resources[key] = map[string]bool{}
	for action := range actions {
		c.resources[key][action] = true
	}
}

// permissions returns the permissions of a role in Permit: its own, and those of the
// roles that it extends.
func (c *Current) permissions(role string) map[string]bool {
	all, seen := map[string]bool{}, map[string]bool{}
	var visit func(key string)
	visit = func(key string) {
		i, ok := c.roleNumbers[key]
		if !ok || seen[key] { // roles may extend each other in a ring
			return
		}
		seen[key] = true
		for _, permission := range c.roles[i].Permissions {
			all[permission] = true
		}
		for _, extended := range c.extends[key] {
			visit(extended)
		}
	}
	visit(role)
	return all
}

// planResources plans the resources that Permit lacks, and the actions that its
// resources lack.
func (p *Plan) planResources() {
	wanted := map[string]map[string]record.Action{}
	for _, key := range p.desired.resources.order {
		wanted[key] = map[string]record.Action{}
		if line := p.desired.resources.lines[key]; line != nil {
			maps.Copy(wanted[key], line.Actions)
		}
	}
	for _, key := range p.desired.roles.order {
		for resource, action := range permissionsOf(p.desired.roles.lines[key]) {
			if _, ok := wanted[resource][action]; !ok { // no resource line has it
				wanted[resource][action] = record.Action{}
			}
		}
	}
	for _, key := range p.desired.resources.order {
		has, isThere := p.current.resources[key]
		line := *cmp.Or(p.desired.resources.lines[key], &record.Resource{Type: record.TypeResource, Key: key})
		line.Name = cmp.Or(line.Name, key)
		line.Actions = map[string]record.Action{}
		for action, is := range wanted[key] {
			if !has[action] {
				is.Name = cmp.Or(is.Name, action)
				line.Actions[action] = is
			}
		}
		switch {
		case !isThere:
			p.Resources = append(p.Resources, Operation{Op: Create, Resource: &line})
		case len(line.Actions) > 0:
			p.Extensions = append(p.Extensions, Operation{Op: Extend, Resource: &line})
		}
		p.Counts.Actions += len(line.Actions)
	}
}

// existingRoles yields the role lines whose role is in Permit, with that role, in the
// order of the input.
func (p *Plan) existingRoles() iter.Seq2[*record.Role, *record.Role] {
	return func(yield func(line, role *record.Role) bool) {
		for _, key := range p.desired.roles.order {
			line := p.desired.roles.lines[key]
			i, isThere := p.current.roleNumbers[key]
			if isThere && line != nil && !yield(line, &p.current.roles[i]) {
				return
			}
		}
	}
}

// planGrants plans the permissions to add to existing roles. New roles are created with
// theirs.
func (p *Plan) planGrants() {
	for line := range p.existingRoles() {
		has := p.current.permissions(line.Key)
		missing := slices.DeleteFunc(slices.Clone(line.Permissions), func(s string) bool { return has[s] })
		slices.Sort(missing)
		if missing = slices.Compact(missing); len(missing) > 0 {
			role := record.Role{Type: record.TypeRole, Key: line.Key, Permissions: missing}
			p.Grants = append(p.Grants, Operation{Op: Grant, Role: &role})
			p.Counts.Grant += len(missing)
		}
	}
}

// ExtraPermissions yields those roles that have more permissions than their lines, each
// with its extra permissions only. It skips roles whose line does not give permissions.
func (d *Desired) ExtraPermissions(roles []record.Role) iter.Seq[record.Role] {
	return func(yield func(record.Role) bool) {
		for i := range roles {
			have := &roles[i]
			line := d.roles.lines[have.Key]
			if line == nil || line.Permissions == nil {
				continue
			}
			extra := slices.DeleteFunc(slices.Clone(have.Permissions), func(s string) bool {
				return slices.Contains(line.Permissions, s)
			})
			role := record.Role{Type: record.TypeRole, Key: have.Key, Permissions: extra}
			if len(extra) > 0 && !yield(role) {
				return
			}
		}
	}
}

// Unasked yields roles with those of their permissions that they did not have when
// the plan was made and that the plan does not give: Permit may add some itself when a
// resource is created. grants says whether the grants of the plan are carried out.
func (p *Plan) Unasked(now []record.Role, grants bool) iter.Seq[record.Role] {
	return func(yield func(record.Role) bool) {
		for _, have := range now {
			before := p.current.permissions(have.Key)
			line := p.desired.roles.lines[have.Key]
			unplanned := slices.DeleteFunc(slices.Clone(have.Permissions), func(s string) bool {
				return before[s] || grants && line != nil && slices.Contains(line.Permissions, s)
			})
			slices.Sort(unplanned)
			role := record.Role{Type: record.TypeRole, Key: have.Key, Permissions: unplanned}
			if len(unplanned) > 0 && !yield(role) {
				return
			}
		}
	}
}

// planRevocations plans what a removal takes from roles: the permissions of their lines
// that they have in Permit.
func (p *Plan) planRevocations() {
	for line, role := range p.existingRoles() {
		has := role.Permissions // not those that it inherits: they belong to another role
		held := slices.DeleteFunc(slices.Clone(line.Permissions), func(s string) bool { return !slices.Contains(has, s) })
		if len(held) > 0 {
			role := record.Role{Type: record.TypeRole, Key: line.Key, Permissions: held}
			p.Revocations = append(p.Revocations, Operation{Op: Revoke, Role: &role})
			p.Counts.Revoke += len(held)
		}
	}
}
