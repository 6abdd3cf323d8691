package convert

import (
	"slices"
	"strings"

	"a0permit/internal/idhash"
	"a0permit/internal/record"
)

// waitingRole is a role whose permissions are known, and whose line waits until the APIs
// are known, too.
type waitingRole struct {
	role
	id, description string
	at              string
	permissions     []*permission
}

// grants is what a role key permits, and whose row said so.
type grants struct {
	sum    idhash.Hash
	number int32
}

// A GrantFault is a role whose key another role has, with other permissions. One of them
// would get what it does not have in Auth0.
type GrantFault struct {
	At              string
	Name, ID, Other string
	Key             string
	IsSame          bool // it is the same role, by two rows
}

// hold keeps a role until Flush.
func (c *Catalogue) hold(r role, row *RoleRow, at string) {
	r.name, r.key = strings.Clone(r.name), strings.Clone(r.key) // cells are part of their whole chunk
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

// Flush passes the lines of the resources and roles that have been waiting for the APIs:
// those of resources first. It is to be called before the first user, and at the end.
func (c *Catalogue) Flush(yield func(*Lines) error) error {
	lines := c.reset()
	lines.PermissionFaults = c.permissions.decide()
	if err := yield(lines); err != nil {
		return err
	}
	err := c.permissions.takeResources(func(r record.Resource) error {
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

// grant makes the line of a role that has been waiting.
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

// joinTexts joins texts so that different lists become different texts.
func joinTexts(texts []string) string {
	var all []byte
	for _, text := range texts {
		all = append(append(all, text...), 0)
	}
	return string(all)
}

// CountUngranted returns how many roles there are whose permissions are not known: those
// that get the permissions of another role, with which they share a key, and those of
// organizations that get none, if permissions are known of other roles.
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
