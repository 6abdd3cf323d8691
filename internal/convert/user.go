package convert

import (
	"cmp"
	"strings"

	"a0permit/internal/record"
)

// A User is what a row says of the user alone: a record without role
// assignments, whose attributes are apart.
type User struct {
	record.User
	// Values are the values of the table's attributes, in its order: text for a
	// String, JSON for the other types. "" is no value.
	Values []string
}

// User makes a user of a row of the table. What into held is used again. That
// its texts are UTF-8 is for the caller to see, who looks at every byte of them
// anyway: NotUTF8 is the fault of a row that is not.
func (t *Table) User(row *UserRow, into *User) *Fault {
	fault := t.user(row, into)
	if fault != nil {
		fault.Connection = row.Provider
	}
	return fault
}

// NotUTF8 is the fault of a row whose user is not UTF-8. JSON has no other text,
// and a converted cell would be a guess.
func (t *Table) NotUTF8(row *UserRow) *Fault {
	fault := cmp.Or(notUTF8(email, row.Email), notUTF8(givenName, row.GivenName), notUTF8(familyName, row.FamilyName))
	for i := range t.attributes {
		a := &t.attributes[i]
		fault = cmp.Or(fault, notUTF8(a.column, row.at(a.place)))
	}
	if fault != nil {
		fault.Connection = strings.ToValidUTF8(row.Provider, "\ufffd")
	}
	return fault
}

func (t *Table) user(row *UserRow, into *User) *Fault {
	if row.UserID == dashboardID {
		return &Fault{Column: userID, Reason: "the header of another file", Hint: "name the files one by one: a0tojsonl FILE FILE"}
	}
	if row.UserID == "" {
		return &Fault{Column: userID, Reason: record.ErrNoKey.Error()}
	}
	key := row.at(t.keyAt)
	if err := record.UserKey(key); err != nil {
		return &Fault{Column: t.key, Reason: err.Error()}
	}
	if row.Email != "" && !plainEmail(row.Email) {
		if !record.ValidEmail(row.Email) {
			return &Fault{Column: email, Reason: "not an address Permit takes"}
		}
	}
	into.Key, into.Email, into.FirstName, into.LastName = key, row.Email, row.GivenName, row.FamilyName
	return t.readValues(row, into)
}

// AppendUser appends the line of a user up to the role assignments, and reports
// whether all text in it is UTF-8.
func (t *Table) AppendUser(dst []byte, u *User) (_ []byte, valid bool) {
	return t.encoder.Append(dst, &u.User, u.Values)
}

// plainEmail takes the addresses that nearly everyone has: words of letters,
// digits and -, in the local part also of _ and +, between single dots, and one
// @. It is here for speed alone: what it takes, record.ValidEmail takes too, and
// it judges the rest.
func plainEmail(s string) bool {
	at, dots, word := -1, 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case inWord[c], at < 0 && (c == '_' || c == '+'):
			word = true
		case c == '.' && word:
			dots++
			word = false
		case c == '@' && word && at < 0 && i <= 64:
			at, dots, word = i, 0, false
		default:
			return false
		}
	}
	return at > 0 && dots > 0 && word
}

var inWord = func() (is [256]bool) {
	for c := range 256 {
		is[c] = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-'
	}
	return is
}()
