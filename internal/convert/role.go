package convert

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gosimple/slug"

	"a0permit/internal/record"
)

// A RoleMap gives roles their Permit keys, by Auth0's name or rol_ id. The id
// wins, since it is the one that does not change.
type RoleMap map[string]string

// Unkeyed is a role that has no usable key, because nothing is left of its name
// or because Other has the key already.
type Unkeyed struct {
	Name, Key, Other string
}

// A RekeyError is a role to which the role map gives one key by its name and
// another by its id, when the id became known only after the role was in use.
type RekeyError struct{ Name, Key, Before string }

func (e *RekeyError) Error() string {
	return fmt.Sprintf("role %q: the role map gives it the key %q by its id, but it has been %q until here", e.Name, e.Key, e.Before)
}

// role is a role by its Auth0 name.
type role struct {
	line      record.Role
	described bool     // by a roles table
	written   bool     // its line, or that of another name with this key
	unkeyed   *Unkeyed // not nil when it has no usable key
	reported  bool
}

// catalogue is the roles met so far.
type catalogue struct {
	mapped  RoleMap
	used    map[string]bool // entries of mapped
	byName  map[string]*role
	owners  map[string]string // unmapped key to the name it was made from
	written map[string]string // key to the name in its line
}

func newCatalogue(m RoleMap) catalogue {
	return catalogue{mapped: m, used: map[string]bool{}, byName: map[string]*role{}, owners: map[string]string{}, written: map[string]string{}}
}

// named returns the role of that name.
func (c *catalogue) named(name string) *role {
	if r, ok := c.byName[name]; ok {
		return r
	}
	return c.add(strings.Clone(name), "")
}

func (c *catalogue) add(name, id string) *role {
	r := &role{line: record.Role{Type: record.TypeRole, Name: name}}
	c.byName[name] = r
	if key, ok := c.lookUp(name, id); ok {
		r.line.Key = key
		return r
	}
	key := name
	if record.RoleKey(key) != nil {
		key = slug.Make(name)
	}
	switch other, taken := c.owners[key]; {
	case key == "":
		r.unkeyed = &Unkeyed{Name: name}
	case taken:
		r.unkeyed = &Unkeyed{Name: name, Key: key, Other: other}
	default:
		c.owners[key] = name
		r.line.Key = key
	}
	return r
}

func (c *catalogue) lookUp(name, id string) (key string, ok bool) {
	for _, entry := range [...]string{id, name} {
		if key, ok := c.mapped[entry]; ok && entry != "" {
			c.used[entry] = true
			return key, true
		}
	}
	return "", false
}

func (c *catalogue) unused() []string {
	var entries []string
	for entry := range c.mapped {
		if !c.used[entry] {
			entries = append(entries, entry)
		}
	}
	slices.Sort(entries)
	return entries
}

// writeRole puts the role's line among those to be written, unless the line of
// another name with its key has been.
func (c *Converter) writeRole(r *role) {
	r.written = true
	if _, ok := c.catalogue.written[r.line.Key]; !ok {
		c.catalogue.written[r.line.Key] = r.line.Name
		c.lines.Roles = append(c.lines.Roles, r.line)
	}
}

// Role converts a row of a roles table. The error is a *Fault, ErrUnkeyed, or a
// *RekeyError, which ends the run.
//
// A role that users have named before is written again, with what the table
// knows more: to a loader the lines of one key are one.
func (c *Converter) Role(row *RoleRow) (*Lines, error) {
	lines := c.begin()
	switch {
	case row.ID == "":
		return lines, &Fault{Column: roleID, Reason: record.ErrNoKey.Error()}
	case row.Name == "":
		return lines, &Fault{Column: name, Reason: "no name"}
	}
	if fault := firstNotUTF8([2]string{roleID, row.ID}, [2]string{name, row.Name}, [2]string{description, row.Description}); fault != nil {
		return lines, fault
	}
	r, ok := c.catalogue.byName[row.Name]
	if !ok {
		r = c.catalogue.add(strings.Clone(row.Name), row.ID)
	} else if key, mapped := c.catalogue.lookUp(row.Name, row.ID); mapped && key != r.line.Key {
		return lines, &RekeyError{Name: row.Name, Key: key, Before: r.line.Key}
	}
	if r.unkeyed != nil {
		if !r.reported {
			r.reported = true
			lines.Unkeyed = append(lines.Unkeyed, *r.unkeyed)
		}
		return lines, ErrUnkeyed
	}
	if !r.described {
		r.described = true
		r.line.Description = strings.Clone(row.Description)
		r.line.Attributes = map[string]any{"auth0_role_id": strings.Clone(row.ID)}
		if c.catalogue.written[r.line.Key] == r.line.Name {
			delete(c.catalogue.written, r.line.Key)
		}
		c.writeRole(r)
	}
	return lines, nil
}
