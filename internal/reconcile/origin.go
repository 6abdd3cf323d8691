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
// Auth0 than the input.
// Whoever is given one of them would have both.
type Mixup struct {
	Permission string // resource:action
	Have, Want Origin
}

// Twin is a role whose line and whose role in Permit are of different roles of Auth0.
type Twin struct{ Role, Have, Want string } // key, and two ids of Auth0

// Twins returns the twins among the roles that the input names, in its order.
func (p *Plan) Twins() (list []Twin) {
	for _, key := range p.desired.roles.order {
		line := p.desired.roles.lines[key]
		i, isThere := p.current.roleNumbers[key]
		if line == nil || !isThere {
			continue
		}
		have, _ := p.current.roles[i].Attributes[auth0ID].(string)
		want, _ := line.Attributes[auth0ID].(string)
		if have != "" && want != "" && have != want {
			list = append(list, Twin{key, have, want})
		}
	}
	return list
}

// noteMixups records actions that two lines of a resource have for different permissions.
func (d *Desired) noteMixups(resource string, a, b map[string]record.Action) {
	for _, key := range slices.Sorted(maps.Keys(b)) {
		have, want := OriginOf(a[key].Attributes), OriginOf(b[key].Attributes)
		if have.API != "" && want.API != "" && have != want {
			d.mixups = append(d.mixups, Mixup{resource + ":" + key, have, want})
		}
	}
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
