package convert

import (
	"cmp"

	"a0permit/internal/record"
)

// membership is an entry of a user's organizations cell.
type membership struct {
	tenant record.Tenant
	roles  []*role
}

const organizationsShape = `not a JSON array of organizations, such as [{"id":"org_1","name":"acme","roles":["Admin"]}]`

func (c *Converter) parseOrganizations(cell string) *Fault {
	c.memberships = c.memberships[:0]
	if cell == "" {
		return nil
	}
	var list []struct {
		ID          string   `json:"id"`
		Name        string   `json:"name"`
		DisplayName string   `json:"display_name"`
		Roles       []string `json:"roles"`
	}
	if !array(cell, &list) {
		return &Fault{Column: organizations, Reason: organizationsShape}
	}
	for _, o := range list {
		if err := record.TenantKey(o.ID); err != nil {
			return &Fault{Column: organizations, Reason: "id: " + err.Error()}
		}
		m := membership{tenant: tenant(o.ID, o.Name, o.DisplayName)}
		for _, name := range o.Roles {
			if name == "" {
				return &Fault{Column: organizations, Reason: "names a role without a name"}
			}
			m.roles = append(m.roles, c.catalogue.named(name))
		}
		c.memberships = append(c.memberships, m)
	}
	return nil
}

func tenant(id, name, displayName string) record.Tenant {
	return record.Tenant{Type: record.TypeTenant, Key: id, Name: cmp.Or(displayName, name)}
}

func (c *Converter) writeTenant(t *record.Tenant) {
	if !c.tenants[t.Key] {
		c.tenants[t.Key] = true
		c.lines.Tenants = append(c.lines.Tenants, *t)
	}
}

// Organization converts a row of an organizations table. The error is a *Fault.
func (c *Converter) Organization(row *OrganizationRow) (*Lines, error) {
	lines := c.begin()
	if err := record.TenantKey(row.ID); err != nil {
		return lines, &Fault{Column: organizationID, Reason: err.Error()}
	}
	if fault := firstNotUTF8([2]string{name, row.Name}, [2]string{displayName, row.DisplayName}); fault != nil {
		return lines, fault
	}
	t := tenant(row.ID, row.Name, row.DisplayName)
	c.writeTenant(&t)
	return lines, nil
}
