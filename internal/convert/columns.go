package convert

import "sync"

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

// dashboardID is what the dashboard's export calls user_id.
const dashboardID = "Id"

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
		// name them, and as the script of Permit's guide does. The last five are
		// no fields of Permit's: they name attributes.
		aliases: map[string]string{
			dashboardID:                userID,
			"Email":                    email,
			"Given Name":               givenName,
			"first_name":               givenName,
			"Family Name":              familyName,
			"last_name":                familyName,
			"Connection":               provider,
			"identities[0].connection": provider,
			"Name":                     name,
			"Nickname":                 "nickname",
			"Email Verified":           "email_verified",
			"Created At":               "created_at",
			"Updated At":               "updated_at",
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

// other is what gocsv hears for the columns that only attributes, or the key,
// are made of.
const other = "other"

// UserRow is a row of a users table.
type UserRow struct {
	UserID, Email, GivenName, FamilyName, Provider, Roles, Organizations string
	// Others are the cells of further columns that are wanted, in their order.
	Others []string
	others [4]string // room for a few, so that they need no allocation
}

// UnmarshalCSVWithFields takes one cell. It judges nothing: Table.User does.
func (r *UserRow) UnmarshalCSVWithFields(column, cell string) error {
	if field := r.field(column); field != nil {
		*field = cell
	} else if column == other {
		if r.Others == nil {
			r.Others = r.others[:0]
		}
		r.Others = append(r.Others, cell)
	}
	return nil
}

// field returns the field of a column that means something, nil for another.
func (r *UserRow) field(column string) *string {
	switch column {
	case userID:
		return &r.UserID
	case email:
		return &r.Email
	case givenName:
		return &r.GivenName
	case familyName:
		return &r.FamilyName
	case provider:
		return &r.Provider
	case roles:
		return &r.Roles
	case organizations:
		return &r.Organizations
	default:
		return nil
	}
}

// A place is where a UserRow has the cell of a column: in a field, or in Others.
type place struct {
	column string // of the field; other for Others
	i      int    // in Others
}

func (r *UserRow) at(p place) string {
	if p.column == other {
		return r.Others[p.i]
	}
	return *r.field(p.column)
}

// RoleRow is a row of a roles table.
type RoleRow struct{ ID, Name, Description string }

// UnmarshalCSVWithFields takes one cell. It judges nothing: Catalogue does.
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

// UnmarshalCSVWithFields takes one cell. It judges nothing: Catalogue does.
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

var userRows sync.Pool

// Pool holds rows that nobody uses.
func (*UserRow) Pool() *sync.Pool { return &userRows }

var roleRows sync.Pool

// Pool holds rows that nobody uses.
func (*RoleRow) Pool() *sync.Pool { return &roleRows }

var organizationRows sync.Pool

// Pool holds rows that nobody uses.
func (*OrganizationRow) Pool() *sync.Pool { return &organizationRows }
