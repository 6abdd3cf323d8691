package reconcile

import (
	"maps"
	"slices"

	"a0permit/internal/record"
)

// Origin is the permission of Auth0 that an action was made from. The zero value is no
// permission, or an unknown one.
type Origin struct{ API, Permission string }

// OriginOf returns the origin that the attributes of an action name.
func OriginOf(attributes map[string]any) Origin {
	api, _ := attributes["auth0_api"].(string)
	permission, _ := attributes["auth0_permission"].(string)
	return Origin{api, permission}
}

// HaveOrigin records the origin of an action in Permit.
func (c *Current) HaveOrigin(resource, action string, o Origin) {
	if o.API != "" {
		c.origins[resource+":"+action] = o
	}
}

// Mixup is a permission that Permit, or an earlier line, has for another permission of
// Auth0 than the input. Whoever is given one of them would have both.
type Mixup struct {
	Permission string // resource:action
	Have, Want Origin
}

// Twin is a role whose line and whose role in Permit are of different roles of Auth0.
type Twin struct{ Role, Have, Want string } // key, and two ids of Auth0

// Twins returns the twins among the roles that the input names, in its order.
func (p *Plan) Twins() (list []Twin) {
	for line, role := range p.existingRoles() {
		have, _ := role.Attributes[auth0ID].(string)
		want, _ := line.Attributes[auth0ID].(string)
		if have != "" && want != "" && have != want {
			list = append(list, Twin{line.Key, have, want})
		}
	}
	return list
}

// noteMixups records actions that two lines of a resource have for different permissions.
func (d *Desired) noteMixups(resource string, before, now map[string]record.Action) {
	d.mixups = append(d.mixups, mixups(resource, now, func(action string) Origin {
		return OriginOf(before[action].Attributes)
	})...)
}

// Mixups returns the mixups of a plan: those within the input, and those with Permit, in
// the order of the input's resources.
func (p *Plan) Mixups() (list []Mixup) {
	list = slices.Clone(p.desired.mixups)
	for _, key := range p.desired.resources.order {
		line := p.desired.resources.lines[key]
		if line == nil {
			continue
		}
		list = append(list, mixups(key, line.Actions, func(action string) Origin {
			return p.current.origins[key+":"+action]
		})...)
	}
	return list
}

// mixups returns the actions of a resource whose origin is not the one that have returns.
func mixups(resource string, actions map[string]record.Action, have func(action string) Origin) (list []Mixup) {
	for _, key := range slices.Sorted(maps.Keys(actions)) {
		have, want := have(key), OriginOf(actions[key].Attributes)
		if have.API != "" && want.API != "" && have != want {
			list = append(list, Mixup{resource + ":" + key, have, want})
		}
	}
	return list
}
