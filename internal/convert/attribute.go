package convert

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Keep says which columns become attributes without being named.
type Keep int

// The choices of Keep.
const (
	KeepProvider Keep = iota
	KeepAll           // each column that is nothing else
	KeepNone
)

// Type is how a cell is written as an attribute.
type Type int

// The types. Known is text, but for the columns that Auth0 itself has another
// type for.
const (
	Known Type = iota
	String
	Number
	Bool
	JSON
)

// known are the attributes of Auth0's user profile that are no text
// (https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure).
// Its dates are text in JSON too.
var known = map[string]Type{
	"blocked":        Bool,
	"email_verified": Bool,
	"logins_count":   Number,
	"phone_verified": Bool,
}

// An Attribute is a column to keep.
type Attribute struct {
	Column string // by the header's name or by ours
	Name   string // in Permit; "" is the column's name as we call it
	Type   Type
}

// auth0UserID is the attribute of the id when the key is something else.
const auth0UserID = "auth0_user_id"

// keptColumn is a column of a table that becomes an attribute.
type keptColumn struct {
	name   string // of the attribute
	typ    Type
	at     int // the column
	column string
	place  place
}

// keep decides which columns become attributes, in the order of their names.
func (t *Table) keep(o *Options) error {
	named := map[string]bool{} // the columns that the options name
	for _, a := range o.Attributes {
		column := canonical(a.Column)
		i := slices.Index(t.Columns, column)
		if i < 0 {
			return &HeaderError{Problem: fmt.Sprintf("no column %q, which is to be an attribute", a.Column), Hints: []string{found(t.Header)}}
		}
		named[column] = true
		t.add(i, cmp.Or(a.Name, column), a.Type)
	}
	if t.key != userID {
		t.add(t.id, auth0UserID, String)
	}
	for i, column := range t.Columns {
		switch {
		case named[column], o.Keep == KeepNone, o.Keep == KeepProvider && column != provider:
		case column == "":
			return &HeaderError{Problem: fmt.Sprintf("column %d has no name, so it cannot be an attribute", i+1), Hints: []string{"name it, or leave it out"}}
		case !utf8.ValidString(column):
			return &HeaderError{Problem: fmt.Sprintf("the name of column %d is not UTF-8, so it cannot be an attribute", i+1), Hints: []string{"save the file as UTF-8"}}
		case column == provider, column != t.key && column != RejectReason && !slices.Contains(kinds[Users].columns, column):
			t.add(i, column, Known)
		}
	}
	slices.SortStableFunc(t.attributes, func(a, b keptColumn) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(t.attributes); i++ {
		if a, b := t.attributes[i-1], t.attributes[i]; a.name == b.name {
			return &HeaderError{
				Problem: fmt.Sprintf("columns %q and %q are both to be the attribute %q", t.Name(a.column), t.Name(b.column), a.name),
				Hints:   []string{"--attribute COLUMN=NAME gives one of them another name"},
			}
		}
	}
	return nil
}

func (t *Table) add(i int, name string, typ Type) {
	column := t.Columns[i]
	if typ == Known {
		typ = cmp.Or(known[column], String)
	}
	t.attributes = append(t.attributes, keptColumn{at: i, column: column, name: name, typ: typ})
}

// canonical is our name of a users column.
func canonical(column string) string {
	return cmp.Or(kinds[Users].aliases[column], column)
}

// readValues reads the values of the user's attributes.
func (t *Table) readValues(row *UserRow, into *User) *Fault {
	into.Values = into.Values[:0]
	for i := range t.attributes {
		a := &t.attributes[i]
		text := row.at(a.place)
		if text != "" && a.typ != String {
			var problem string
			if text, problem = literal(text, a.typ); problem != "" {
				return &Fault{Column: a.column, Reason: problem}
			}
		}
		into.Values = append(into.Values, text)
	}
	return nil
}

// literal is a cell as JSON on one line, or what is wrong with it. It is "" for
// null, which is no value.
func literal(cell string, typ Type) (text, problem string) {
	switch typ {
	case Bool:
		switch {
		case cell == "true", cell == "false":
			return cell, ""
		case strings.EqualFold(cell, "true"):
			return "true", ""
		case strings.EqualFold(cell, "false"):
			return "false", ""
		}
		return "", "neither true nor false"
	case Number:
		// What JSON takes for a number, and no reader finds too large.
		if _, err := strconv.ParseFloat(cell, 64); err != nil || !json.Valid([]byte(cell)) || cell != strings.TrimSpace(cell) {
			return "", "not a number as JSON writes it"
		}
		return cell, ""
	default:
		var line bytes.Buffer
		if json.Compact(&line, []byte(cell)) != nil || !utf8.ValidString(cell) {
			return "", "not JSON"
		}
		if line.String() == "null" {
			return "", ""
		}
		return line.String(), ""
	}
}
