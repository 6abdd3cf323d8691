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

	"a0permit/internal/jsonl"
)

// Keep says which columns become attributes if no option names them.
type Keep int

// The choices of Keep.
const (
	KeepProvider Keep = iota
	KeepAll           // each column without another use
	KeepNone
)

// Type says how a cell is written as an attribute.
type Type int

// The types. Known means Auth0's type for the column, and text if Auth0 has none.
const (
	Known Type = iota
	String
	Number
	Bool
	JSON
)

// auth0Types lists the attributes in Auth0's user profile that are not text. Dates are
// text in Auth0's JSON, too
// (https://auth0.com/docs/manage-users/user-accounts/user-profiles/user-profile-structure).
var auth0Types = map[string]Type{
	"blocked":        Bool,
	"email_verified": Bool,
	"logins_count":   Number,
	"phone_verified": Bool,
}

// An Attribute is a column to keep.
type Attribute struct {
	Column string // its name in the header, or our name for it
	Name   string // in Permit; "" means our name for the column
	Type   Type
}

// auth0UserID is the attribute that holds the user's id if another column is the key.
const auth0UserID = "auth0_user_id"

// keptColumn is a column of a table that becomes an attribute.
type keptColumn struct {
	name   string // of the attribute
	typ    Type
	at     int // the index of the column
	column string
	place  place
}

// keepColumns decides which columns become attributes, and sorts them by name.
func (t *Table) keepColumns(o *Options) error {
	inOptions := map[string]bool{}
	for _, a := range o.Attributes {
		column := ourName(a.Column)
		i := slices.Index(t.Columns, column)
		if i < 0 {
			problem := fmt.Sprintf("--attribute: the table has no column %q", a.Column)
			return newHeaderError(problem, columnsHint(t.Header))
		}
		inOptions[column] = true
		t.keepColumn(i, cmp.Or(a.Name, column), a.Type)
	}
	if t.key != columnUserID {
		t.keepColumn(t.id, auth0UserID, String)
	}
	for i, column := range t.Columns {
		switch {
		case inOptions[column], o.Keep == KeepNone, o.Keep == KeepProvider && column != columnProvider:
		case column == "":
			problem := fmt.Sprintf("column %d has no name, so it cannot be an attribute", i+1)
			return newHeaderError(problem, "give it a name, or remove it")
		case !utf8.ValidString(column):
			problem := fmt.Sprintf("the name of column %d is not UTF-8, so it cannot be an attribute", i+1)
			return newHeaderError(problem, "save the file as UTF-8")
		case column == columnProvider, t.hasNoUse(column):
			t.keepColumn(i, column, Known)
		}
	}
	slices.SortStableFunc(t.kept, func(a, b keptColumn) int { return cmp.Compare(a.name, b.name) })
	for i := 1; i < len(t.kept); i++ {
		if a, b := t.kept[i-1], t.kept[i]; a.name == b.name {
			const format = "columns %q and %q would both become the attribute %q"
			problem := fmt.Sprintf(format, t.HeaderName(a.column), t.HeaderName(b.column), a.name)
			return newHeaderError(problem, "give one of them another name: --attribute COLUMN=NAME")
		}
	}
	return nil
}

// hasNoUse reports whether a column is of no use except as an attribute.
func (t *Table) hasNoUse(column string) bool {
	return column != t.key && column != RejectReason && !slices.Contains(kinds[Users].columns, column)
}

func (t *Table) keepColumn(i int, name string, typ Type) {
	column := t.Columns[i]
	if typ == Known {
		typ = cmp.Or(auth0Types[column], String)
	}
	t.kept = append(t.kept, keptColumn{at: i, column: column, name: name, typ: typ})
}

// ourName returns our name for a column of users.
func ourName(column string) string {
	return cmp.Or(kinds[Users].aliases[column], column)
}

// readValues sets into.Values to the values of the user's attributes.
func (t *Table) readValues(row *UserRow, into *User) *Fault {
	into.Values = into.Values[:0]
	for i := range t.kept {
		k := &t.kept[i]
		text := row.at(k.place)
		if text != "" && k.typ != String {
			var problem string
			if text, problem = jsonLiteral(text, k.typ); problem != "" {
				return &Fault{Column: k.column, Reason: problem}
			}
		}
		into.Values = append(into.Values, text)
	}
	return nil
}

// jsonLiteral returns a cell as JSON on one line, or what is wrong with it. For null it
// returns "", which means no value.
func jsonLiteral(cell string, typ Type) (text, problem string) {
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
		// ParseFloat refuses numbers that are too large for readers of the line.
		_, err := strconv.ParseFloat(cell, 64)
		if err != nil || !json.Valid([]byte(cell)) || cell != strings.TrimSpace(cell) {
			return "", "not a JSON number"
		}
		return cell, ""
	default:
		data := []byte(cell)
		if depth, _ := jsonl.Depth(data); depth > mostDepth {
			return "", fmt.Sprintf("JSON nested more than %d deep", mostDepth)
		}
		var line bytes.Buffer
		if json.Compact(&line, data) != nil || !utf8.Valid(data) {
			return "", "not valid JSON"
		}
		if line.String() == "null" {
			return "", ""
		}
		return line.String(), ""
	}
}

// mostDepth limits the nesting of JSON. Metadata nests a few levels; readers of the
// line give up somewhere above 100.
const mostDepth = 100
