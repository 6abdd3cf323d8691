package record

import (
	"bytes"
	"errors"
	"fmt"

	"a0permit/internal/jsonl"
)

// Fields is a set of fields of a user.
type Fields uint8

// The fields of a user that a line can take away by null.
const (
	Email Fields = 1 << iota
	FirstName
	LastName
	Attributes // all of them
)

var fieldNames = []struct {
	field Fields
	name  string
}{{Email, "email"}, {FirstName, "first_name"}, {LastName, "last_name"}, {Attributes, "attributes"}}

// Has reports whether one of the fields of other is among f.
func (f Fields) Has(other Fields) bool { return f&other != 0 }

// Names returns the names of the fields, as a line has them.
func (f Fields) Names() (names []string) {
	for _, known := range fieldNames {
		if f.Has(known.field) {
			names = append(names, known.name)
		}
	}
	return names
}

// MarshalJSON implements json.Marshaler.
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

// noteNulls notes which fields are null in a line that was decoded. To the decoder
// they are as if they were absent.
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

// IsBare reports whether a line of u names nothing but its key.
func (u *User) IsBare() bool {
	return u.Nulls == 0 && u.Email == "" && u.FirstName == "" && u.LastName == "" && u.Attributes == nil &&
		u.RoleAssignments == nil
}
