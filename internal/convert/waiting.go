package convert

import (
	"slices"
	"strings"

	"a0permit/internal/idhash"
	"a0permit/internal/record"
)

// waitingRole is a role with known permissions, whose line waits until the APIs are
// known.
type waitingRole struct {
	role
	id, description string
	at              string
	permissions     []*permission
}

// grants identifies the permissions of a role key, and the role whose row gave them.
type grants struct {
	sum    idhash.Hash // of the permissions
	number int32
}

// A GrantFault reports two rows that give one role key different permissions. One of
// the roles would get permissions that it does not have in Auth0.
type GrantFault struct {
	At              string
	Name, ID, Other string
	Key             string
	IsSame          bool // both rows are about the same role
}

// addWaiting keeps a role until Flush.
func (c *Catalogue) addWaiting(r role, row *RoleRow, at string) {
	r.name, r.key = strings.Clone(r.name), strings.Clone(r.key) // a cell would keep its whole chunk in memory
	w := waitingRole{
		role: r, id: strings.Clone(row.ID), description: strings.Clone(row.Description), at: at,
		permissions: make([]*permission, 0, len(row.List)),
	}
	for _, held := range row.List {
		p := c.permissions.get(held, at)
		p.isHeld = true
		w.permissions = append(w.permissions, p)
	}
	c.waiting = append(c.waiting, w)
}

// Flush passes to yield the lines that waited for the APIs: resources first, then
// roles. Call it before the first user, and at the end.
func (c *Catalogue) Flush(yield func(*Lines) error) error {
	lines := c.reset()
	lines.PermissionFaults = c.permissions.decide()
	if err := yield(lines); err != nil {
		return err
	}
	err := c.permissions.flushResources(func(r record.Resource) error {
		lines := c.reset()
		lines.Resources = append(lines.Resources, r)
		return yield(lines)
	})
	for i := range c.waiting {
		if err != nil {
			return err
		}
		lines := c.reset()
		c.grant(&c.waiting[i])
		err = yield(lines)
	}
	c.waiting = nil
	return err
}

// grant adds the line of a waiting role to the lines of the catalogue.
func (c *Catalogue) grant(w *waitingRole) {
	permissions := []string{}
	for _, p := range w.permissions {
		if p.fate == usable {
			permissions = append(permissions, p.text())
		}
	}
	slices.Sort(permissions)
	permissions = slices.Compact(permissions)
	entry := &c.roles.roles[w.number]
	owner := entry.first
	now := grants{c.hasher.Hash(joinTexts(permissions)), w.number}
	before, isKnown := c.grants[owner]
	if isKnown && before.sum != now.sum {
		c.lines.GrantFaults = append(c.lines.GrantFaults, GrantFault{
			At: w.at, Name: w.name, ID: w.id, Key: w.key,
			Other: c.roles.nameOf(before.number), IsSame: before.number == w.number,
		})
		return
	}
	if !isKnown {
		c.grants[owner] = now
	}
	entry.granted = true
	line := record.Role{Type: record.TypeRole, Key: w.key, Permissions: permissions}
	switch {
	case c.roles.describe(w.role) && c.roles.claimLine(w.role, true):
		line.Name, line.Description, line.Attributes = w.name, w.description, roleAttributes(w.id)
	case isKnown:
		return
	}
	c.lines.Roles = append(c.lines.Roles, line)
}

// joinTexts joins texts with NULs, so that different lists give different results.
func joinTexts(texts []string) string {
	var all []byte
	for _, text := range texts {
		all = append(append(all, text...), 0)
	}
	return string(all)
}

// CountUngranted counts the roles whose permissions are not known. sharing counts those
// that get the permissions of another role with the same key. owned counts roles of
// organizations, which get none; it is 0 if the input gives no permissions at all.
func (c *Catalogue) CountUngranted() (sharing, owned int) {
	for i := range c.roles.roles {
		entry := &c.roles.roles[i]
		_, isKnown := c.grants[entry.first]
		switch {
		case entry.granted || entry.unkeyed:
		case isKnown:
			sharing++
		case entry.owned && len(c.grants) > 0:
			owned++
		}
	}
	return sharing, owned
}
