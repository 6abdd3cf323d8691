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
	// List holds the permissions that Check parsed; nil if the cell is empty.
	List []APIPermission
}

// An APIPermission is a permission that an API defines.
type APIPermission struct {
	Value       string `json:"value"`
	Description string `json:"description"`
}

// UnmarshalCSVWithFields stores one cell. Check validates it.
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

// Check validates the row without looking at other rows, and sets List. It returns the
// first fault, or nil.
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

// Pool returns the pool of rows to reuse.
func (*APIRow) Pool() *sync.Pool { return &apiRows }

// A LateAPIError reports an API whose row comes after its permissions were written.
type LateAPIError struct{ Identifier string }

func (e *LateAPIError) Error() string {
	return fmt.Sprintf("API %q: roles before this row hold permissions of it", e.Identifier)
}

// BeginAPIs records that the input has an apis table. Permissions of APIs that it does
// not list are then left out, unless the map has them.
func (c *Catalogue) BeginAPIs() { c.permissions.isDescribed = true }

// AddAPI adds a row that has passed Check; the next Flush writes its permissions. at
// says where the row is in the input. The error is a *LateAPIError, which ends the run.
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

// mostActions is the most actions in one line. The loader merges the lines of a
// resource.
const mostActions = 1000

// flushResources passes to yield lines with the actions that are not yet written.
func (b *permissionBook) flushResources(yield func(record.Resource) error) error {
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
