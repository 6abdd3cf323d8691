package convert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"a0permit/internal/record"
)

// A Table is a header, understood.
type Table struct {
	Kind    Kind
	Header  []string // as it was written
	Columns []string // the same by our names; a column without meaning keeps its own

	id     int      // the column of the id
	raw    []bool   // columns that are never escaped
	plain  bool     // no cell is escaped
	fields []string // what gocsv is to call the columns

	// Of a users table.
	key        string // the column of a user's key
	keyAt      place
	attributes []keptColumn // in the order of their names
	encoder    *record.UserEncoder
}

// A HeaderError is a header that does not say what the rows are.
type HeaderError struct {
	Problem string
	Hints   []string // what to type or to change
}

func (e *HeaderError) Error() string { return e.Problem }

// NewTable reads a header and holds the options against it.
func NewTable(header []string, o *Options) (*Table, error) {
	if slices.ContainsFunc(header, func(cell string) bool { return strings.ContainsRune(cell, '\r') }) {
		return nil, &HeaderError{Problem: "the lines end in CR alone, so that the file is all header", Hints: []string{`tr '\r' '\n' < FILE gives it line ends that CSV knows`}}
	}
	t := &Table{Header: header, Columns: make([]string, len(header)), raw: make([]bool, len(header))}
	for i, cell := range header {
		t.Columns[i] = strings.TrimSpace(cell)
	}
	var err error
	if t.Kind, err = headerKind(t.Columns); err != nil {
		return nil, err
	}
	kind := &kinds[t.Kind]
	at := map[string]int{} // of the columns that mean something
	for i, column := range t.Columns {
		if meaning := kind.aliases[column]; meaning != "" {
			t.Columns[i] = meaning
			column = meaning
		}
		if !slices.Contains(kind.columns, column) {
			continue
		}
		if first, ok := at[column]; ok {
			return nil, &HeaderError{
				Problem: fmt.Sprintf("columns %d and %d, %q and %q, are both the %s", first+1, i+1, header[first], header[i], column),
				Hints:   []string{"leave one of them out, or rename it"},
			}
		}
		at[column] = i
	}
	if _, ok := at[kind.required]; kind.required != "" && !ok {
		return nil, &HeaderError{Problem: fmt.Sprintf("a table with %s needs a column %s too", kind.id, kind.required), Hints: []string{found(header)}}
	}
	t.id = at[kind.id]
	for _, column := range []string{roles, organizations} {
		if i, ok := at[column]; ok {
			t.raw[i] = true
		}
	}
	t.plain = slices.Contains(t.Columns, RejectReason)
	t.fields = t.Columns
	if t.Kind == Users {
		return t, t.users(o)
	}
	return t, nil
}

// users finds the columns that the options name.
func (t *Table) users(o *Options) error {
	t.fields = make([]string, len(t.Columns))
	t.key = canonical(cmp.Or(o.UserKey, userID))
	i := slices.Index(t.Columns, t.key)
	if i < 0 {
		return &HeaderError{Problem: fmt.Sprintf("no column %q, which is to be the key", o.UserKey), Hints: []string{found(t.Header)}}
	}
	if err := t.keep(o); err != nil {
		return err
	}
	wanted := map[int]bool{i: true}
	for _, a := range t.attributes {
		wanted[a.at] = true
	}
	others := 0
	places := make([]place, len(t.Columns))
	for i, column := range t.Columns {
		switch {
		case slices.Contains(kinds[Users].columns, column):
			places[i].column = column
		case wanted[i]:
			places[i] = place{column: other, i: others}
			others++
		}
		t.fields[i] = places[i].column
	}
	t.keyAt = places[i]
	attributes := make([]record.Attribute, len(t.attributes))
	for i := range t.attributes {
		a := &t.attributes[i]
		a.place = places[a.at]
		attributes[i] = record.Attribute{Name: a.name, JSON: a.typ != String}
	}
	t.encoder = record.NewUserEncoder(attributes)
	return nil
}

// RolesAlone reports whether the table says which roles users hold in the tenant
// and not which they hold in organizations.
func (t *Table) RolesAlone() bool {
	return t.Kind == Users && slices.Contains(t.Columns, roles) && !slices.Contains(t.Columns, organizations)
}

// Fields are the names by which gocsv maps the columns: see UserRow.
func (t *Table) Fields() []string { return t.fields }

func headerKind(columns []string) (Kind, error) {
	var seen [len(kinds)]bool
	alias := false
	for _, column := range columns {
		seen[kindOf(column)] = true
		alias = alias || column == dashboardID
	}
	switch {
	case seen[Users]:
		return Users, nil // a user may well carry a role_id or an organization_id
	case seen[Roles] && seen[Organizations]:
		return 0, &HeaderError{Problem: "the header has role_id and organization_id and no user_id", Hints: []string{"keep the one that the rows are about"}}
	case seen[Roles]:
		return Roles, nil
	case seen[Organizations]:
		return Organizations, nil
	case alias:
		return Users, nil
	}
	if dataLike(columns) {
		return 0, &HeaderError{
			Problem: "no user_id column: the first row looks like data and not like a header",
			Hints:   []string{"put a header before it, such as user_id,email,given_name,family_name,provider,roles"},
		}
	}
	hints := []string{"name the column of Auth0's user ids user_id; other names that are known: " + dashboardID}
	switch {
	case len(columns) == 1 && strings.ContainsAny(columns[0], ";\t|"):
		hints = []string{"separate the cells by commas"}
	case slices.ContainsFunc(columns, isName):
		hints = append([]string{found(columns)}, hints...)
	}
	return 0, &HeaderError{Problem: "no user_id column", Hints: hints}
}

// isName reports whether a cell is a name that a column of users may have. Where
// none is, the row may well be a person's.
func isName(cell string) bool {
	fold := func(name string) bool { return strings.EqualFold(name, cell) }
	return slices.ContainsFunc(kinds[Users].columns, fold) || slices.ContainsFunc(slices.Collect(maps.Keys(kinds[Users].aliases)), fold)
}

// found lists the columns of a header, as far as it fits a line.
func found(columns []string) string {
	const most, longest = 12, 40
	var list []string
	for _, column := range columns[:min(len(columns), most)] {
		if len(column) > longest {
			column = strings.ToValidUTF8(column[:longest], "") + "..."
		}
		list = append(list, fmt.Sprintf("%q", column))
	}
	if len(columns) > most {
		list = append(list, fmt.Sprintf("and %d more", len(columns)-most))
	}
	return "the header has: " + strings.Join(list, ", ")
}

// idLike tells an id of any kind from a column's name.
func idLike(cell string) bool {
	return strings.ContainsAny(cell, "@|") || strings.HasPrefix(cell, "rol_") || strings.HasPrefix(cell, "org_")
}

// dataLike tells data from column names: emails and user ids have these signs.
func dataLike(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return strings.ContainsAny(cell, "@|") })
}

// Begins reports whether a row is no row of this table but the header of
// another: it holds the name of exactly one kind's id, or is this table's own
// header over again, as after cat. A user who goes by the name user_id does not
// make a header of his row, since his id or his email show that it is data.
func (t *Table) Begins(cells []string) bool {
	if cells[0] == t.Header[0] && slices.Equal(cells, t.Header) {
		return true
	}
	var seen [len(kinds)]bool
	named := 0
	for i, cell := range cells {
		if i == 0 {
			cell = strings.TrimPrefix(cell, "\ufeff")
		}
		if k := kindOf(cell); k != 0 && !seen[k] {
			seen[k] = true
			named++
		}
	}
	switch named {
	case 0:
		return false
	case 1:
		email := slices.ContainsFunc(cells, func(cell string) bool { return strings.Contains(cell, "@") })
		return !email && (t.id >= len(cells) || !idLike(cells[t.id]))
	default:
		// No id is called like that, so it can be no row of ours.
		return t.id < len(cells) && kindOf(cells[t.id]) != 0
	}
}

// Escaped looks at a row to learn whether Auth0 has escaped the cells of the
// table, and reports whether the row tells. The first id says it for the whole
// table: an escaped one begins with ' and a real one never does.
func (t *Table) Escaped(cells []string) (escaped, tells bool) {
	if t.plain {
		return false, true
	}
	if len(cells) != len(t.Header) || cells[t.id] == "" {
		return false, false
	}
	return cells[t.id][0] == '\'', true
}

// Unescape takes Auth0's ' from the cells of one row, in place: exactly one from
// each cell that has one, since a name may begin with one of its own. Roles and
// organizations are JSON that a0export has written, and stay as they are.
func (t *Table) Unescape(cells []string) {
	for i, cell := range cells {
		if cell != "" && cell[0] == '\'' && (i >= len(t.raw) || !t.raw[i]) {
			cells[i] = cell[1:]
		}
	}
}

// Marks are the texts of which each header that begins another table has one as
// a cell.
func (t *Table) Marks() []string {
	return []string{userID, roleID, organizationID, t.Header[t.id]}
}

// Name is how the header calls the column of that meaning.
func (t *Table) Name(column string) string {
	if i := slices.Index(t.Columns, column); i >= 0 {
		return t.Header[i]
	}
	return column
}
