package convert

import (
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"a0permit/internal/record"
)

// User converts a row of a users table. The error is a *Fault, or ErrUnkeyed.
func (c *Converter) User(row *UserRow) (*Lines, error) {
	lines := c.begin()
	if fault := c.check(row); fault != nil {
		fault.Connection = row.Provider
		return lines, fault
	}
	held, fault := c.grants(row.Roles)
	if fault == nil {
		fault = c.parseOrganizations(row.Organizations)
	}
	if fault != nil {
		fault.Connection = row.Provider
		return lines, fault
	}
	if !c.resolve(held) {
		return lines, ErrUnkeyed
	}
	c.user = record.User{
		Type:      record.TypeUser,
		Key:       row.UserID,
		Email:     row.Email,
		FirstName: row.GivenName,
		LastName:  row.FamilyName,
	}
	if row.Provider != "" {
		c.attributes[provider] = row.Provider
		c.user.Attributes = c.attributes
	}
	c.user.RoleAssignments = c.assign(held)
	lines.User = &c.user
	return lines, nil
}

func (c *Converter) check(row *UserRow) *Fault {
	if err := record.UserKey(row.UserID); err != nil {
		return &Fault{Column: userID, Reason: err.Error()}
	}
	if row.Email != "" && !plainEmail(row.Email) && !record.ValidEmail(row.Email) {
		return &Fault{Column: email, Reason: "not an address Permit takes"}
	}
	return firstNotUTF8(
		[2]string{email, row.Email}, [2]string{givenName, row.GivenName},
		[2]string{familyName, row.FamilyName}, [2]string{provider, row.Provider},
	)
}

// plainEmail takes the addresses that nearly everyone has. It is here for speed
// alone: what it takes, record.ValidEmail takes too, and it judges the rest.
func plainEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && len(local) <= 64 && dotted(local, true) && strings.Contains(domain, ".") && dotted(domain, false)
}

// dotted reports whether s is words of letters, digits and - between single
// dots. In a local part _ and + are fine as well.
func dotted(s string, local bool) bool {
	word := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', local && (c == '_' || c == '+'):
			word = true
		case c == '.' && word:
			word = false
		default:
			return false
		}
	}
	return word
}

// grants is what a roles cell says. Nil means that it says nothing.
type grants struct{ roles []*role }

// Few cells differ, whatever the number of users, and reading JSON costs more
// than the rest of a row. The caps keep a table in which all differ from
// filling memory.
const (
	memoCells = 4096
	memoBytes = 4096
)

func (c *Converter) grants(cell string) (*grants, *Fault) {
	if cell == "" {
		return nil, nil
	}
	if held, ok := c.memo[cell]; ok {
		return held, nil
	}
	var names []string
	if !array(cell, &names) {
		return nil, &Fault{Column: roles, Reason: `not a JSON array of role names, such as ["Admin"]`}
	}
	held := &grants{}
	for _, name := range names {
		if name == "" {
			return nil, &Fault{Column: roles, Reason: "names a role without a name"}
		}
		held.roles = append(held.roles, c.catalogue.named(name))
	}
	if len(cell) <= memoBytes {
		if len(c.memo) >= memoCells {
			clear(c.memo)
		}
		c.memo[strings.Clone(cell)] = held // a clone: the cell is a part of its whole row
	}
	return held, nil
}

// array decodes a cell that must be a JSON array; null is not one.
func array[T any](cell string, into *[]T) bool {
	return utf8.ValidString(cell) && json.Unmarshal([]byte(cell), into) == nil && *into != nil
}

// resolve sees to it that the row names no role without a key, and that the
// lines of all it names come before it. Nothing counts as written for a row
// that is not.
func (c *Converter) resolve(held *grants) bool {
	ok := true
	check := func(r *role) {
		if r.unkeyed == nil {
			return
		}
		ok = false
		if !r.reported {
			r.reported = true
			c.lines.Unkeyed = append(c.lines.Unkeyed, *r.unkeyed)
		}
	}
	write := func(r *role) {
		if !r.written {
			c.writeRole(r)
		}
	}
	each := func(do func(*role)) {
		if held != nil {
			for _, r := range held.roles {
				do(r)
			}
		}
		for _, m := range c.memberships {
			for _, r := range m.roles {
				do(r)
			}
		}
	}
	each(check)
	if !ok {
		return false
	}
	each(write)
	for i := range c.memberships {
		if m := &c.memberships[i]; len(m.roles) > 0 {
			c.writeTenant(&m.tenant)
		} else {
			c.withoutRole++
		}
	}
	return true
}

// assign lists the user's assignments, each once: two names may be mapped to
// one role.
func (c *Converter) assign(held *grants) []record.RoleAssignment {
	all := c.assignments[:0]
	add := func(r *role, tenant string) {
		a := record.RoleAssignment{Role: r.line.Key, Tenant: tenant}
		if slices.Contains(all, a) {
			return
		}
		all = append(all, a)
	}
	if held != nil {
		for _, r := range held.roles {
			add(r, "")
		}
	}
	for _, m := range c.memberships {
		for _, r := range m.roles {
			add(r, m.tenant.Key)
		}
	}
	c.assignments = all
	if held == nil && len(all) == 0 {
		return nil
	}
	return all
}
