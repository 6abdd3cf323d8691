package reconcile

import (
	"cmp"
	"strings"
	"unicode"

	"a0permit/internal/record"
)

// Resemblance is a role to create that Permit may already have under another key.
type Resemblance struct {
	Role *record.Role
	Key  string // in Permit
	Why  string
}

// auth0ID is the attribute of a role with its id in Auth0.
const auth0ID = "auth0_role_id"

// Resemblances returns the roles to create that differ from a role in Permit only in
// case or punctuation, or that were renamed in Auth0: then the role in Permit has the
// same Auth0 id.
//
// Similar spelling means nothing if somebody has decided: a role in Permit that has a
// line of its own is another role, and a role whose key does not come from its name was
// given that key.
func (p *Plan) Resemblances() []Resemblance {
	byName, byID := map[string]*record.Role{}, map[string]string{}
	for i := range p.current.roles {
		r := &p.current.roles[i]
		if id, ok := r.Attributes[auth0ID].(string); ok && id != "" {
			byID[id] = r.Key
		}
		if _, isNamed := p.desired.roles.lines[r.Key]; isNamed {
			continue
		}
		for _, name := range []string{r.Name, r.Key} { // the key wins over the name
			if folded := foldName(name); folded != "" {
				byName[folded] = r
			}
		}
	}
	var list []Resemblance
	for _, op := range p.Roles {
		id, _ := op.Role.Attributes[auth0ID].(string)
		if key, ok := byID[id]; ok && id != "" {
			list = append(list, Resemblance{op.Role, key, "both have the same Auth0 id, so it was renamed in Auth0"})
			continue
		}
		if op.Role.Key != record.KeyOfRole(op.Role.Name) {
			continue
		}
		if r := cmp.Or(byName[foldName(op.Role.Key)], byName[foldName(op.Role.Name)]); r != nil {
			list = append(list, Resemblance{op.Role, r.Key, likeness(op.Role, r)})
		}
	}
	return list
}

// likeness returns the reason why two roles seem to be the same.
func likeness(want, have *record.Role) string {
	switch {
	case want.Name == have.Name:
		return "they have the same name"
	case foldName(want.Name) == foldName(have.Name):
		return "their names differ only in case or punctuation"
	}
	return "their keys or names differ only in case or punctuation"
}

// foldName returns the letters and digits of a name in lower case.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
