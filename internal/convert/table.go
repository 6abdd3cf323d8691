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
	Columns []string // the same, by our names; other columns keep theirs

	id       int      // the index of the id column
	email    int      // the index of the email column, or -1
	escaping Escaping // Undecided if the rows decide
	// escapingGiven says whether the options give the escaping.
	escapingGiven bool
	raw           []bool   // columns that Auth0 never escapes
	fields        []string // the columns' names for gocsv

	// For a users table only.
	key      string // the column with a user's key
	keyPlace place
	kept     []keptColumn // in the order of the attributes' names
	encoder  *record.UserEncoder
}

// NewTable returns the table with this header. The error is a *HeaderError, also if the
// options do not fit the header.
func NewTable(header []string, o *Options) (*Table, error) {
	if slices.ContainsFunc(header, func(cell string) bool { return strings.ContainsRune(cell, '\r') }) {
		const problem = "lines end with CR only, so the whole file reads as one header"
		return nil, newHeaderError(problem, LoneCRCure)
	}
	t := &Table{Header: header, escaping: o.Escaping, escapingGiven: o.Escaping != Undecided}
	for _, cell := range header {
		t.Columns = append(t.Columns, strings.TrimSpace(cell))
	}
	if slices.Contains(t.Columns, RejectReason) {
		t.escaping = Guarded
		for i, column := range t.Columns {
			t.Columns[i] = unguard(column)
		}
	}
	var err error
	if t.Kind, err = kindOfHeader(t.Columns); err != nil {
		return nil, err
	}
	kind := &kinds[t.Kind]
	at := map[string]int{} // indexes of the columns that have a meaning
	for i, column := range t.Columns {
		if alias := kind.aliases[column]; alias != "" {
			t.Columns[i] = alias
			column = alias
		}
		if !slices.Contains(kind.columns, column) {
			continue
		}
		if first, ok := at[column]; ok {
			const format = "columns %d and %d (%q and %q) both mean %s"
			problem := fmt.Sprintf(format, first+1, i+1, header[first], header[i], column)
			return nil, newHeaderError(problem, "remove or rename one of them")
		}
		at[column] = i
	}
	if _, ok := at[kind.required]; kind.required != "" && !ok {
		problem := fmt.Sprintf("a table with %s also needs a column %s", kind.id, kind.required)
		return nil, newHeaderError(problem, columnsHint(header))
	}
	t.id, t.email = at[kind.id], slices.Index(t.Columns, columnEmail)
	for _, column := range t.Columns {
		isJSON := t.Kind == Users && (column == columnRoles || column == columnOrganizations) ||
			t.Kind != Users && column == columnPermissions
		t.raw = append(t.raw, isJSON || column == RejectReason)
	}
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
		problem := fmt.Sprintf("--user-key: the table has no column %q", o.UserKey)
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

// HeaderName returns the header's name for one of our columns.
func (t *Table) HeaderName(column string) string {
	if i := slices.Index(t.Columns, column); i >= 0 {
		return t.Header[i]
	}
	return column
}
