package permitload

import (
	"fmt"
	"strings"
	"unicode"

	"a0permit/internal/record"
)

// resemblance is a missing role that Permit may have under another key.
type resemblance struct {
	missing record.Role
	key     string // in Permit
	why     string
}

// resemblances finds the missing roles that differ from one of Permit's in
// case or punctuation only, and those that were renamed in Auth0: Permit's role
// then bears the same Auth0 id.
func (l *loader) resemblances(missing []record.Role) []resemblance {
	byName, byID := map[string]string{}, map[string]string{}
	for i := range l.roles {
		r := &l.roles[i]
		for _, name := range []string{r.Name, r.Key} { // the key counts for more
			if folded := fold(name); folded != "" {
				byName[folded] = r.Key
			}
		}
		if id, ok := r.Attributes[auth0ID].(string); ok && id != "" {
			byID[id] = r.Key
		}
	}
	var list []resemblance
	for _, role := range missing {
		id, _ := role.Attributes[auth0ID].(string)
		if key, ok := byID[id]; ok && id != "" {
			list = append(list, resemblance{role, key, "it has the same Auth0 id, so it was renamed"})
		} else if key, ok := byName[fold(role.Key)]; ok {
			list = append(list, resemblance{role, key, "they differ in case or punctuation only"})
		} else if key, ok := byName[fold(role.Name)]; ok {
			list = append(list, resemblance{role, key, "they differ in case or punctuation only"})
		}
	}
	return list
}

// auth0ID is the attribute of a role that a0tojsonl writes the id of Auth0's
// role to.
const auth0ID = "auth0_role_id"

// fold is what is left of a name without case and punctuation.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// resembling shows the missing roles that Permit may have, with the line that
// says so to a0tojsonl.
func (l *loader) resembling(missing []record.Role) {
	for i, r := range l.resemblances(missing) {
		if i == shown {
			return
		}
		l.tool.Warn("role %s is missing, but Permit has %s: %s", r.missing.Key, r.key, r.why)
		name := strings.ReplaceAll(r.missing.Name, `"`, `""`)
		if strings.ContainsFunc(name, unicode.IsControl) {
			name = fmt.Sprint(r.missing.Attributes[auth0ID])
		}
		l.tool.Hint(`a0tojsonl --role-map FILE with the line: "%s",%s`, name, r.key)
	}
}
