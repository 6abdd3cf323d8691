package reconcile

import (
	"maps"
	"slices"
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

// Mixup is a permission that Permit has for another permission of Auth0 than the input.
// Whoever is given one of them would have both.
type Mixup struct {
	Permission string // resource:action
	Have, Want Origin
}

// Mixups returns the mixups of a plan, in the order of the input's resources.
func (p *Plan) Mixups() (list []Mixup) {
	for _, key := range p.desired.resources.order {
		line := p.desired.resources.lines[key]
		if line == nil {
			continue
		}
		for _, action := range slices.Sorted(maps.Keys(line.Actions)) {
			permission := key + ":" + action
			have, want := p.current.origins[permission], OriginOf(line.Actions[action].Attributes)
			if have.API != "" && want.API != "" && have != want {
				list = append(list, Mixup{permission, have, want})
			}
		}
	}
	return list
}
