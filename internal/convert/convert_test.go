package convert_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"a0permit/internal/convert"
	"a0permit/internal/record"
)

// converter converts rows in both steps: Table and Catalogue.
type converter struct {
	options   convert.Options
	table     *convert.Table
	catalogue *convert.Catalogue
}

func newConverter(t *testing.T, o convert.Options) *converter {
	t.Helper()
	header := []string{"user_id", "email", "given_name", "family_name", "provider", "roles", "organizations"}
	table, err := convert.NewTable(header, &o)
	if err != nil {
		t.Fatal(err)
	}
	return &converter{options: o, table: table, catalogue: convert.NewCatalogue(o)}
}

// convert returns the lines that a row becomes, the reports about its roles, and its
// error.
func (c *converter) convert(row any) []string {
	var user []byte
	var lines *convert.Lines
	var fault *convert.Fault
	var err error
	switch row := row.(type) {
	case convert.UserRow:
		if user, fault = c.convertUser(&row); fault != nil {
			break
		}
		var holds *convert.Holds
		if holds, fault = c.options.ReadHolds(row.Roles, row.Organizations); fault != nil {
			break
		}
		if lines, err = c.catalogue.Assign(holds); err == nil {
			user = record.AppendUserEnd(user, lines.Assignments)
		}
	case convert.RoleRow:
		if fault = row.Check(); fault == nil {
			lines, err = c.catalogue.AddRole(&row, "")
		}
	case convert.OrganizationRow:
		if fault = row.Check(&c.options); fault == nil {
			lines, err = c.catalogue.AddOrganization(&row)
		}
	}
	if fault != nil {
		return []string{"error: " + fault.Error()}
	}
	var out []string
	for _, role := range lines.Roles {
		out = append(out, marshal(role))
	}
	for _, tenant := range lines.Tenants {
		out = append(out, marshal(tenant))
	}
	if user != nil && err == nil {
		out = append(out, string(user))
	}
	for _, role := range lines.Unkeyed {
		out = append(out, fmt.Sprintf("unkeyed %q %q %q", role.Name, role.Key, role.Other))
	}
	if err != nil {
		out = append(out, "error: "+err.Error())
	}
	return out
}

// convertUser returns the line of a user up to the role assignments.
func (c *converter) convertUser(row *convert.UserRow) ([]byte, *convert.Fault) {
	var user convert.User
	if fault := c.table.ReadUser(row, &user); fault != nil {
		return nil, fault
	}
	line, valid := c.table.AppendUser(nil, &user)
	fault := c.table.UTF8Fault(row)
	if valid != (fault == nil) {
		panic(fmt.Sprintf("%q is UTF-8: %v, but the fault is %v", line, valid, fault))
	}
	return line, fault
}

func marshal(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// userWithRoles returns the row of a user with these roles.
func userWithRoles(roles ...string) any {
	return convert.UserRow{UserID: "u", Roles: marshal(roles)}
}
