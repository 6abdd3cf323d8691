package record

import (
	"bytes"
	"errors"
	"fmt"

	"a0permit/internal/jsonl"
)

// Fields is a set of a user's fields.
type Fields uint8

// The fields of a user that a line can remove with null.
const (
	Email Fields = 1 << iota
	FirstName
	LastName
	Attributes // all attributes
)

var fieldNames = []struct {
	field Fields
	name  string
}{{Email, "email"}, {FirstName, "first_name"}, {LastName, "last_name"}, {Attributes, "attributes"}}

// Has reports whether f and other have a field in common.
func (f Fields) Has(other Fields) bool { return f&other != 0 }

// Names returns the JSON names of the fields.
func (f Fields) Names() (names []string) {
	for _, known := range fieldNames {
		if f.Has(known.field) {
			names = append(names, known.name)
		}
	}
	return names
}

// MarshalJSON implements json.Marshaler. It writes null for the fields in Nulls.
func (u User) MarshalJSON() ([]byte, error) {
	type plain User
	line, err := jsonl.Marshal(plain(u))
	for _, name := range u.Nulls.Names() {
		if err == nil {
			line, err = jsonl.SetField(line, name, nil)
		}
	}
	return line, err
}

// noteNulls sets the Nulls of a decoded user, since encoding/json cannot tell null from
// an absent field. A null that cannot remove anything is an error.
func noteNulls(text []byte, into any) error {
	if !bytes.Contains(text, []byte("null")) {
		return nil
	}
	for m, err := range jsonl.Members(text) {
		if err != nil {
			return err
		}
		if string(m.Value) != "null" {
			continue
		}
		if err := noteNull(jsonl.Unquote(m.Name), into); err != nil {
			return err
		}
	}
	return nil
}

func noteNull(name string, into any) error {
	switch into := into.(type) {
	case *User:
		for _, known := range fieldNames {
			if known.name == name {
				into.Nulls |= known.field
				return nil
			}
		}
		if name == "role_assignments" {
			return errors.New("role_assignments must not be null: leave it out, or write [] for none")
		}
	case *Role:
		return fmt.Errorf("%s: null is for users only: leave it out", name)
	case *Tenant:
		return fmt.Errorf("%s: null is for users only: leave it out", name)
	}
	return nil
}

// IsBare reports whether the line of u has no fields but its type and key.
func (u *User) IsBare() bool {
	return u.Nulls == 0 && u.Email == "" && u.FirstName == "" && u.LastName == "" && u.Attributes == nil &&
		u.RoleAssignments == nil
}
