package convert

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"a0permit/internal/record"
)

// A Table is a header and what it means.
type Table struct {
	Kind    Kind
	Header  []string // as written
	Columns []string // the same by our names; a column without meaning keeps its own

	id     int      // the column of the id
	raw    []bool   // columns that are never escaped
	plain  bool     // no column is escaped
	fields []string // the names of the columns for gocsv

	// Of a users table.
	key      string // the column of a user's key
	keyPlace place
	kept     []keptColumn // in the order of the attributes' names
	encoder  *record.UserEncoder
}

// NewTable reads a header and checks the options against it.
func NewTable(header []string, o *Options) (*Table, error) {
	if slices.ContainsFunc(header, func(cell string) bool { return strings.ContainsRune(cell, '\r') }) {
		const problem = "the lines end in CR alone, so that the file is all header"
		return nil, newHeaderError(problem, `tr '\r' '\n' < FILE gives it line ends that CSV knows`)
	}
	t := &Table{Header: header, Columns: make([]string, len(header)), raw: make([]bool, len(header))}
	for i, cell := range header {
		t.Columns[i] = strings.TrimSpace(cell)
	}
	var err error
	if t.Kind, err = kindOfHeader(t.Columns); err != nil {
		return nil, err
	}
	kind := &kinds[t.Kind]
	at := map[string]int{} // of the columns that mean something
	for i, column := range t.Columns {
		if alias := kind.aliases[column]; alias != "" {
			t.Columns[i] = alias
			column = alias
		}
		if !slices.Contains(kind.columns, column) {
			continue
		}
		if first, ok := at[column]; ok {
			const format = "columns %d and %d, %q and %q, are both the %s"
			problem := fmt.Sprintf(format, first+1, i+1, header[first], header[i], column)
			return nil, newHeaderError(problem, "leave one of them out, or rename it")
		}
		at[column] = i
	}
	if _, ok := at[kind.required]; kind.required != "" && !ok {
		problem := fmt.Sprintf("a table with %s needs a column %s too", kind.id, kind.required)
		return nil, newHeaderError(problem, columnsHint(header))
	}
	t.id = at[kind.id]
	for _, column := range []string{columnRoles, columnOrganizations} {
		if i, ok := at[column]; ok {
			t.raw[i] = true
		}
	}
	t.plain = slices.Contains(t.Columns, RejectReason)
	t.fields = t.Columns
	if t.Kind == Users {
		return t, t.applyOptions(o)
	}
	return t, nil
}

// applyOptions finds the columns of users that the options name.
func (t *Table) applyOptions(o *Options) error {
	t.key = ourName(cmp.Or(o.UserKey, columnUserID))
	keyAt := slices.Index(t.Columns, t.key)
	if keyAt < 0 {
		problem := fmt.Sprintf("no column %q, which is to be the key", o.UserKey)
		return newHeaderError(problem, columnsHint(t.Header))
	}
	if err := t.keepColumns(o); err != nil {
		return err
	}
	wanted := map[int]bool{keyAt: true}
	for _, k := range t.kept {
		wanted[k.at] = true
	}
	t.fields = make([]string, len(t.Columns))
	places, others := make([]place, len(t.Columns)), 0
	for i, column := range t.Columns {
		switch {
		case slices.Contains(kinds[Users].columns, column):
			places[i].column = column
		case wanted[i]:
			places[i] = place{column: columnOther, i: others}
			others++
		}
		t.fields[i] = places[i].column
	}
	t.keyPlace = places[keyAt]
	attributes := make([]record.Attribute, len(t.kept))
	for i := range t.kept {
		k := &t.kept[i]
		k.place = places[k.at]
		attributes[i] = record.Attribute{Name: k.name, JSON: k.typ != String}
	}
	t.encoder = record.NewUserEncoder(attributes)
	return nil
}

// HasRolesOnly reports whether the table says which roles users hold in the tenant,
// but not which they hold in organizations.
func (t *Table) HasRolesOnly() bool {
	return t.Kind == Users && slices.Contains(t.Columns, columnRoles) && !slices.Contains(t.Columns, columnOrganizations)
}

// Fields returns the names of the columns for a mapper of csvrows: see UserRow.
func (t *Table) Fields() []string { return t.fields }

// HeaderName returns the header's name of one of our columns.
func (t *Table) HeaderName(column string) string {
	if i := slices.Index(t.Columns, column); i >= 0 {
		return t.Header[i]
	}
	return column
}

// DetectEscape looks at a row to find whether Auth0 has escaped the cells of the
// table; ok is false when the row does not tell. The first id tells for the whole
// table: an escaped id begins with ', and a real one never does.
func (t *Table) DetectEscape(cells []string) (escaped, ok bool) {
	if t.plain {
		return false, true
	}
	if len(cells) != len(t.Header) || cells[t.id] == "" {
		return false, false
	}
	return cells[t.id][0] == '\'', true
}

// Unescape removes Auth0's ' from the cells of a row, in place. It removes only one
// from a cell, since a name may begin with another. Roles and organizations stay as
// they are: they are JSON from a0export.
func (t *Table) Unescape(cells []string) {
	for i, cell := range cells {
		if cell != "" && cell[0] == '\'' && (i >= len(t.raw) || !t.raw[i]) {
			cells[i] = cell[1:]
		}
	}
}
