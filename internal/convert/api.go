package convert

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

	"a0permit/internal/record"
)

// APIRow is a row of an apis table.
type APIRow struct {
	ID, Identifier, Name, RBAC, Permissions string
	// List is what Check has read from Permissions, nil for nothing.
	List []APIPermission
}

// An APIPermission is a permission that an API has.
type APIPermission struct {
	Value       string `json:"value"`
	Description string `json:"description"`
}

// UnmarshalCSVWithFields takes one cell. Check checks it.
func (r *APIRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case columnResourceServerID:
		r.ID = cell
	case columnIdentifier:
		r.Identifier = cell
	case columnName:
		r.Name = cell
	case columnRBAC:
		r.RBAC = cell
	case columnPermissions:
		r.Permissions = cell
	}
	return nil
}

const (
	badAPIPermissions  = `not a JSON array of permissions, such as [{"value":"read:invoices","description":"..."}]`
	badRolePermissions = `not a JSON array of permissions, such as ` +
		`[{"resource_server_identifier":"https://api.acme.com","permission_name":"read:invoices"}]`
	namelessPermission = "contains a permission without a name"
)

// Check returns what is wrong with the row by itself, nil for nothing.
func (r *APIRow) Check() *Fault {
	if r.Identifier == "" {
		return &Fault{Column: columnIdentifier, Reason: "no identifier"}
	}
	if fault := cmp.Or(utf8Fault(columnIdentifier, r.Identifier), utf8Fault(columnName, r.Name)); fault != nil {
		return fault
	}
	if _, problem := jsonLiteral(r.RBAC, Bool); problem != "" && r.RBAC != "" {
		return &Fault{Column: columnRBAC, Reason: problem}
	}
	if r.Permissions == "" {
		return nil
	}
	if !decodeArray(r.Permissions, &r.List) {
		return &Fault{Column: columnPermissions, Reason: badAPIPermissions}
	}
	for i := range r.List {
		if r.List[i].Value == "" {
			return &Fault{Column: columnPermissions, Reason: namelessPermission}
		}
	}
	return nil
}

var apiRows sync.Pool

// Pool returns the pool of rows that are not in use.
func (*APIRow) Pool() *sync.Pool { return &apiRows }

// A LateAPIError is an API that is described when its permissions have been written.
type LateAPIError struct{ Identifier string }

func (e *LateAPIError) Error() string {
	return fmt.Sprintf("API %q: roles before this row hold permissions of it", e.Identifier)
}

// BeginAPIs notes that the input has an apis table: then it has all APIs that count.
func (c *Catalogue) BeginAPIs() { c.permissions.isDescribed = true }

// AddAPI keeps a row that has passed Check, which is at this place of the input, until
// the next Flush. The error is a *LateAPIError, which ends the run.
func (c *Catalogue) AddAPI(row *APIRow, at string) error {
	b := &c.permissions
	a := b.getAPI(row.Identifier)
	if !a.isDescribed {
		if a.isDecided {
			return &LateAPIError{row.Identifier}
		}
		a.isDescribed, a.name = true, strings.Clone(row.Name)
		a.rbacOff = strings.EqualFold(row.RBAC, "false")
	}
	a.hasList = a.hasList || row.List != nil
	for _, listed := range row.List {
		p := b.get(Permission{a.identifier, listed.Value}, at)
		p.isListed = true
		if p.description == "" && !p.isWritten {
			p.description = listed.Description
		}
	}
	return nil
}

// mostActions is how many actions go into one line. A loader joins the lines of a
// resource.
const mostActions = 1000

// takeResources passes the lines of the actions that have none yet.
func (b *permissionBook) takeResources(yield func(record.Resource) error) error {
	for _, r := range b.resources {
		for len(r.actions) > 0 {
			n := min(len(r.actions), mostActions)
			line := record.Resource{
				Type: record.TypeResource, Key: r.key, Name: r.name, Actions: map[string]record.Action{},
			}
			for _, p := range r.actions[:n] {
				p.isWritten = true
				line.Actions[p.target.Action] = record.Action{
					Name: p.Name, Description: p.description,
					Attributes: map[string]any{"auth0_api": p.API, "auth0_permission": p.Name},
				}
			}
			r.actions = r.actions[n:]
			if err := yield(line); err != nil {
				return err
			}
		}
	}
	return nil
}
