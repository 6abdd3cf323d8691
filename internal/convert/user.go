package convert

import (
	"cmp"
	"strings"

	"a0permit/internal/record"
)

// A User holds what a row says about the user alone: a record without role assignments,
// and the values of its attributes.
type User struct {
	record.User
	// Values are the values of the table's attributes, in its order: text for a String,
	// JSON for the other types. "" means no value.
	Values []string
}

// ReadUser converts a row into a user, and reuses the memory of into. It does not check
// that the text is UTF-8: AppendUser does so as it writes, and UTF8Fault finds the
// cell.
func (t *Table) ReadUser(row *UserRow, into *User) *Fault {
	fault := t.readUser(row, into)
	if fault != nil {
		fault.Connection = row.Provider
	}
	return fault
}

func (t *Table) readUser(row *UserRow, into *User) *Fault {
	if row.UserID == dashboardID {
		const hint = "do not join the files, name them: a0tojsonl FILE FILE"
		return &Fault{Column: columnUserID, Reason: "this row is the header of another file", Hint: hint}
	}
	if row.UserID == "" {
		return &Fault{Column: columnUserID, Reason: record.ErrNoKey.Error()}
	}
	key := row.at(t.keyPlace)
	if err := record.UserKey(key); err != nil {
		return keyFault(t.key, key, err)
	}
	if row.Email != "" {
		if fault := emailFault(row.Email); fault != nil {
			return fault
		}
	}
	into.User = record.User{
		Type: record.TypeUser, Key: key,
		Email: row.Email, FirstName: row.GivenName, LastName: row.FamilyName,
	}
	return t.readValues(row, into)
}

// AppendUser appends the line of a user up to the role assignments, and reports whether
// all its text is UTF-8.
func (t *Table) AppendUser(dst []byte, u *User) (_ []byte, valid bool) {
	return t.encoder.Append(dst, &u.User, u.Values)
}

// UTF8Fault returns the fault of a cell that is not UTF-8, or nil. JSON allows no other
// text, and a converted cell would be a guess.
func (t *Table) UTF8Fault(row *UserRow) *Fault {
	fault := cmp.Or(
		utf8Fault(columnEmail, row.Email),
		utf8Fault(columnGivenName, row.GivenName),
		utf8Fault(columnFamilyName, row.FamilyName),
	)
	for i := range t.kept {
		k := &t.kept[i]
		fault = cmp.Or(fault, utf8Fault(k.column, row.at(k.place)))
	}
	if fault != nil {
		fault.Connection = strings.ToValidUTF8(row.Provider, "\ufffd")
	}
	return fault
}

// HasBareID reports whether the user's key lacks the provider with which Auth0 begins
// its ids, as in auth0|5f7c8ec7. Such a key is the user_id of an identity. If it
// contains a | itself, HasBareID cannot tell.
func (t *Table) HasBareID(u *User) bool {
	return t.key == columnUserID && strings.IndexByte(u.Key, '|') < 0
}
