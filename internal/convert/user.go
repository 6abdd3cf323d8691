package convert

import (
	"strings"

	"a0permit/internal/record"
)

// A User is what a row says of the user alone.
type User struct {
	Key, Email, FirstName, LastName string
	Attributes                      []Value // in the order of their names
}

// User makes a user of a row of the table. What into held is used again.
func (t *Table) User(row *UserRow, into *User) *Fault {
	fault := t.user(row, into)
	if fault != nil {
		fault.Connection = row.Provider
	}
	return fault
}

func (t *Table) user(row *UserRow, into *User) (fault *Fault) {
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
		if fault := notUTF8(email, row.Email); fault != nil {
			return fault
		}
	}
	if fault := notUTF8(givenName, row.GivenName); fault != nil {
		return fault
	}
	if fault := notUTF8(familyName, row.FamilyName); fault != nil {
		return fault
	}
	into.Key, into.Email, into.FirstName, into.LastName = key, row.Email, row.GivenName, row.FamilyName
	into.Attributes, fault = t.values(row, into.Attributes)
	return fault
}

// plainEmail takes the addresses that nearly everyone has. It is here for speed
// alone: what it takes, record.ValidEmail takes too, and it judges the rest.
func plainEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && len(local) <= 64 && dotted(local, true) && strings.Contains(domain, ".") && dotted(domain, false)
}

// dotted reports whether s is words of letters, digits and - between single
// dots. In a local part _ and + are fine as well.
func dotted(s string, local bool) bool {
	word := false
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', local && (c == '_' || c == '+'):
			word = true
		case c == '.' && word:
			word = false
		default:
			return false
		}
	}
	return word
}
