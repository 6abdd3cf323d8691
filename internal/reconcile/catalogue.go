package reconcile

import (
	"cmp"
	"maps"
	"slices"

	"a0permit/internal/record"
)

// catalogue holds the resources, roles or tenants that have a line in the input, or
// that other lines name, in the order of their first appearance.
type catalogue[T any] struct {
	order []string
	lines map[string]*T // nil if other lines only name the key
}

func newCatalogue[T any]() catalogue[T] { return catalogue[T]{lines: map[string]*T{}} }

// addKey adds a key that the catalogue does not have yet.
func (c *catalogue[T]) addKey(key string) {
	if _, ok := c.lines[key]; !ok {
		c.lines[key] = nil
		c.order = append(c.order, key)
	}
}

// want adds a line. Further lines of a key are merged into the first.
func (c *catalogue[T]) want(key string, line *T, merge func(old *T)) Repeat {
	c.addKey(key)
	if old := c.lines[key]; old != nil {
		merge(old)
		return Repeated
	}
	c.lines[key] = line
	return First
}

// WantRole adds a role line. It returns First for the first line of a key.
func (d *Desired) WantRole(r *record.Role) Repeat {
	return d.roles.want(r.Key, r, func(old *record.Role) {
		old.Name = cmp.Or(old.Name, r.Name)
		old.Description = cmp.Or(old.Description, r.Description)
		old.Permissions = union(old.Permissions, r.Permissions)
		old.Attributes = mergeAttributes(old.Attributes, r.Attributes)
	})
}

// WantResource adds a resource line. It returns First for the first line of a key.
func (d *Desired) WantResource(r *record.Resource) Repeat {
	return d.resources.want(r.Key, r, func(old *record.Resource) {
		old.Name = cmp.Or(old.Name, r.Name)
		old.Description = cmp.Or(old.Description, r.Description)
		d.noteMixups(r.Key, old.Actions, r.Actions)
		old.Actions = mergeActions(old.Actions, r.Actions)
		old.Attributes = mergeAttributes(old.Attributes, r.Attributes)
	})
}

// WantTenant adds a tenant line. It returns First for the first line of a key.
func (d *Desired) WantTenant(t *record.Tenant) Repeat {
	return d.tenants.want(t.Key, t, func(old *record.Tenant) {
		old.Name = cmp.Or(old.Name, t.Name)
		old.Attributes = mergeAttributes(old.Attributes, t.Attributes)
	})
}

// mergeAttributes returns the attributes of both lines. The value of a, the first line,
// wins unless it is empty.
func mergeAttributes(a, b map[string]any) map[string]any {
	if len(b) == 0 {
		return a
	}
	both := maps.Clone(b)
	for name, value := range a {
		if isEmpty(both[name]) || !isEmpty(value) {
			both[name] = value
		}
	}
	return both
}

// mergeActions returns the actions of both lines. In each action, the value of a wins
// unless it is empty.
func mergeActions(a, b map[string]record.Action) map[string]record.Action {
	if len(b) == 0 {
		return a
	}
	both := maps.Clone(b)
	for key, action := range a {
		other := both[key]
		both[key] = record.Action{
			Name:        cmp.Or(action.Name, other.Name),
			Description: cmp.Or(action.Description, other.Description),
			Attributes:  mergeAttributes(action.Attributes, other.Attributes),
		}
	}
	return both
}

// union returns the permissions of both lists, sorted, or nil if neither is known.
func union(a, b []string) []string {
	if a == nil {
		return b
	}
	both := slices.Concat(a, b)
	slices.Sort(both)
	return slices.Compact(both)
}
