package convert

// Our names for the columns that have a meaning.
const (
	columnUserID        = "user_id"
	columnEmail         = "email"
	columnGivenName     = "given_name"
	columnFamilyName    = "family_name"
	columnProvider      = "provider"
	columnRoles         = "roles"
	columnOrganizations = "organizations"

	columnRoleID      = "role_id"
	columnName        = "name"
	columnDescription = "description"

	columnResourceServerID = "resource_server_id"
	columnIdentifier       = "identifier"
	columnRBAC             = "rbac"
	columnPermissions      = "permissions" // also of roles

	columnOrganizationID = "organization_id"
	columnDisplayName    = "display_name"
)

// dashboardID is what the dashboard's export calls user_id.
const dashboardID = "Id"

// RejectReason is the column that a file of rejected rows adds to those of their table.
// The cells of such a file are Guarded.
const RejectReason = "reject_reason"

// Kind says what the rows of a table describe.
type Kind int

// The kinds of table.
const (
	Users Kind = iota + 1
	Roles
	Organizations
	APIs
)

// kinds lists the columns of each kind of table. A row that contains the name of an id
// column, exactly as written here, is the header of such a table.
var kinds = [...]struct {
	id       string
	columns  []string
	required string // in addition to the id
	aliases  map[string]string
}{
	Users: {
		id: columnUserID,
		columns: []string{
			columnUserID, columnEmail, columnGivenName, columnFamilyName, columnProvider, columnRoles, columnOrganizations,
		},
		// The names in the dashboard's export, in that of its extension, in an export
		// job without export_as, and in the script in Permit's guide. The last five
		// name attributes for which Permit has no field.
		aliases: map[string]string{
			dashboardID:                columnUserID,
			"Email":                    columnEmail,
			"Given Name":               columnGivenName,
			"first_name":               columnGivenName,
			"Family Name":              columnFamilyName,
			"last_name":                columnFamilyName,
			"Connection":               columnProvider,
			"identities[0].connection": columnProvider,
			"Name":                     columnName,
			"Nickname":                 "nickname",
			"Email Verified":           "email_verified",
			"Created At":               "created_at",
			"Updated At":               "updated_at",
		},
	},
	Roles: {
		id:       columnRoleID,
		columns:  []string{columnRoleID, columnName, columnDescription, columnPermissions},
		required: columnName,
	},
	Organizations: {
		id:      columnOrganizationID,
		columns: []string{columnOrganizationID, columnName, columnDisplayName},
	},
	APIs: {
		id:       columnResourceServerID,
		columns:  []string{columnResourceServerID, columnIdentifier, columnName, columnRBAC, columnPermissions},
		required: columnIdentifier,
	},
}

// kindByID returns the kind of table whose id column has that name, or 0. It compares
// lengths first, since it is called for every cell of the input.
func kindByID(cell string) Kind {
	switch len(cell) {
	case len(columnUserID): // columnRoleID has the same length
		switch cell {
		case columnUserID:
			return Users
		case columnRoleID:
			return Roles
		}
	case len(columnOrganizationID):
		if cell == columnOrganizationID {
			return Organizations
		}
	case len(columnResourceServerID):
		if cell == columnResourceServerID {
			return APIs
		}
	}
	return 0
}
