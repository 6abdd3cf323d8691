package convert

// Names of the columns that mean something.
const (
	userID        = "user_id"
	email         = "email"
	givenName     = "given_name"
	familyName    = "family_name"
	provider      = "provider"
	roles         = "roles"
	organizations = "organizations"

	roleID      = "role_id"
	name        = "name"
	description = "description"

	organizationID = "organization_id"
	displayName    = "display_name"
)

// RejectReason is the column that files of rejected rows have beside those of
// their table. In such a table no cell is escaped.
const RejectReason = "reject_reason"

// Kind is what the rows of a table are.
type Kind int

// The kinds of table.
const (
	Users Kind = iota + 1
	Roles
	Organizations
)

// kinds says how each kind of table names its columns. The first is the id: its
// name, as written here, makes a row the header of such a table.
var kinds = [...]struct {
	id       string
	columns  []string
	required string // beside the id
	aliases  map[string]string
}{
	Users: {
		id:      userID,
		columns: []string{userID, email, givenName, familyName, provider, roles, organizations},
		// As the dashboard's export, its extension and a job without export_as
		// name them. The dashboard's Name is for display, and Permit has no
		// such field.
		aliases: map[string]string{
			"Id":                       userID,
			"Email":                    email,
			"Given Name":               givenName,
			"first_name":               givenName,
			"Family Name":              familyName,
			"last_name":                familyName,
			"Connection":               provider,
			"identities[0].connection": provider,
		},
	},
	Roles:         {id: roleID, columns: []string{roleID, name, description}, required: name},
	Organizations: {id: organizationID, columns: []string{organizationID, name, displayName}},
}

func kindOf(cell string) Kind {
	// The lengths keep this cheap: it is asked of every cell of the input.
	switch len(cell) {
	case len(userID): // role_id is as long
		switch cell {
		case userID:
			return Users
		case roleID:
			return Roles
		}
	case len(organizationID):
		if cell == organizationID {
			return Organizations
		}
	}
	return 0
}

// UserRow is a row of a users table.
type UserRow struct {
	UserID, Email, GivenName, FamilyName, Provider, Roles, Organizations string
}

// UnmarshalCSVWithFields takes one cell. It judges nothing: User does.
func (r *UserRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case userID:
		r.UserID = cell
	case email:
		r.Email = cell
	case givenName:
		r.GivenName = cell
	case familyName:
		r.FamilyName = cell
	case provider:
		r.Provider = cell
	case roles:
		r.Roles = cell
	case organizations:
		r.Organizations = cell
	}
	return nil
}

// RoleRow is a row of a roles table.
type RoleRow struct{ ID, Name, Description string }

// UnmarshalCSVWithFields takes one cell. It judges nothing: Role does.
func (r *RoleRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case roleID:
		r.ID = cell
	case name:
		r.Name = cell
	case description:
		r.Description = cell
	}
	return nil
}

// OrganizationRow is a row of an organizations table.
type OrganizationRow struct{ ID, Name, DisplayName string }

// UnmarshalCSVWithFields takes one cell. It judges nothing: Organization does.
func (r *OrganizationRow) UnmarshalCSVWithFields(column, cell string) error {
	switch column {
	case organizationID:
		r.ID = cell
	case name:
		r.Name = cell
	case displayName:
		r.DisplayName = cell
	}
	return nil
}
