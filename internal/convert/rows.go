package convert

import (
	"cmp"
	"sync"

	"a0permit/internal/record"
)

// UserRow is a row of a users table.
type UserRow struct {
	UserID, Email, GivenName, FamilyName, Provider, Roles, Organizations string
	// Others are the wanted cells of other columns, in column order.
	Others []string
	others [4]string // saves an allocation if there are few
}

// columnOther is the field name of the columns whose cells go to Others.
const columnOther = "other"

// UnmarshalCSVWithFields stores one cell. Table.ReadUser validates it.
func (r *UserRow) UnmarshalCSVWithFields(column, cell string) error {
	if field := r.field(column); field != nil {
		*field = cell
	} else if column == columnOther {
		if r.Others == nil {
			r.Others = r.others[:0]
		}
		r.Others = append(r.Others, cell)
	}
	return nil
}

// field returns the field for a column, and nil if it has none.
func (r *UserRow) field(column string) *string {
	switch column {
	case columnUserID:
		return &r.UserID
	case columnEmail:
		return &r.Email
	case columnGivenName:
		return &r.GivenName
	case columnFamilyName:
		return &r.FamilyName
	case columnProvider:
		return &r.Provider
	case columnRoles:
		return &r.Roles
	case columnOrganizations:
		return &r.Organizations
	default:
		return nil
	}
}

// A place says where a UserRow keeps the cell of a column.
type place struct {
	column string // columnOther means Others
	i      int    // in Others
}

func (r *UserRow) at(p place) string {
	if p.column == columnOther {
		return r.Others[p.i]
	}
	return *r.field(p.column)
}

// RoleRow is a row of a roles table.
type RoleRow struct {
	ID, Name, Description, Permissions string
	// List holds the permissions that Check parsed; nil if the table does not give
	// them.
	List []Permission
}

// UnmarshalCSVWithFields stores one cell. Check validates it.
func (r *RoleRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case columnRoleID:
		r.ID = cell
	case columnName:
		r.Name = cell
	case columnDescription:
		r.Description = cell
	case columnPermissions:
		r.Permissions = cell
	}
	return nil
}

// Check validates the row without looking at other rows. It returns the first fault, or
// nil.
func (r *RoleRow) Check() *Fault {
	switch {
	case r.ID == "":
		return &Fault{Column: columnRoleID, Reason: record.ErrNoKey.Error()}
	case r.Name == "":
		return &Fault{Column: columnName, Reason: "no name"}
	}
	if r.Permissions != "" && !decodeArray(r.Permissions, &r.List) {
		return &Fault{Column: columnPermissions, Reason: badRolePermissions}
	}
	for _, p := range r.List {
		if p.API == "" || p.Name == "" {
			return &Fault{Column: columnPermissions, Reason: "contains a permission without a name or an API"}
		}
	}
	return cmp.Or(
		utf8Fault(columnRoleID, r.ID), utf8Fault(columnName, r.Name), utf8Fault(columnDescription, r.Description),
	)
}

// OrganizationRow is a row of an organizations table.
type OrganizationRow struct{ ID, Name, DisplayName string }

// UnmarshalCSVWithFields stores one cell. Check validates it.
func (r *OrganizationRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case columnOrganizationID:
		r.ID = cell
	case columnName:
		r.Name = cell
	case columnDisplayName:
		r.DisplayName = cell
	}
	return nil
}

// Check validates the row without looking at other rows. It returns the first fault, or
// nil.
func (r *OrganizationRow) Check(o *Options) *Fault {
	if r.ID == "" {
		return &Fault{Column: columnOrganizationID, Reason: record.ErrNoKey.Error()}
	}
	key, column := r.ID, columnOrganizationID
	if o.TenantsByName {
		key, column = r.Name, columnName
	}
	if err := record.TenantKey(key); err != nil {
		return keyFault(column, key, err)
	}
	return cmp.Or(
		utf8Fault(columnOrganizationID, r.ID), utf8Fault(columnName, r.Name), utf8Fault(columnDisplayName, r.DisplayName),
	)
}

var userRows, roleRows, organizationRows sync.Pool

// Pool returns the pool of rows to reuse.
func (*UserRow) Pool() *sync.Pool { return &userRows }

// Pool returns the pool of rows to reuse.
func (*RoleRow) Pool() *sync.Pool { return &roleRows }

// Pool returns the pool of rows to reuse.
func (*OrganizationRow) Pool() *sync.Pool { return &organizationRows }
