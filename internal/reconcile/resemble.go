package reconcile

import (
	"cmp"
	"strings"
	"unicode"

	"a0permit/internal/record"
)

// Resemblance is a role to create that Permit may have under another key.
type Resemblance struct {
	Role *record.Role
	Key  string // in Permit
	Why  string
}

// auth0ID is the attribute of a role that holds the id of Auth0's role.
const auth0ID = "auth0_role_id"

// Resemblances returns the roles to create that differ from one of Permit's in
// case or punctuation only, and those that were renamed in Auth0: Permit's role
// then bears the same Auth0 id.
//
// Spelling means nothing where somebody has decided: a role of Permit's that the
// input names itself is another one, and a role whose key is not made of its name
// has been given that key.
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
		for _, name := range []string{r.Name, r.Key} { // the key counts for more
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

// likeness says in what two roles are alike.
func likeness(want, have *record.Role) string {
	switch {
	case want.Name == have.Name:
		return "they have the same name"
	case foldName(want.Name) == foldName(have.Name):
		return "their names differ only in case or punctuation"
	}
	return "their keys or names differ only in case or punctuation"
}

// foldName returns what is left of a name without case and punctuation.
func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
