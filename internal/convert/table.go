package convert

import (
	"fmt"
	"slices"
	"strings"
)

// A Table is a header, understood.
type Table struct {
	Kind    Kind
	Header  []string // as it was written
	Columns []string // the same by our names; a column without meaning keeps its own

	id      int // the column of the id
	decided bool
	escaped bool
	raw     []bool // columns that are never escaped
}

// A HeaderError is a header that does not say what the rows are.
type HeaderError struct {
	Problem string
	Hints   []string // what to type or to change
}

func (e *HeaderError) Error() string { return e.Problem }

// NewTable reads a header.
func NewTable(header []string) (*Table, error) {
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
	t.decided = slices.Contains(t.Columns, RejectReason)
	return t, nil
}

func headerKind(columns []string) (Kind, error) {
	var seen [len(kinds)]bool
	alias := false
	for _, column := range columns {
		seen[kindOf(column)] = true
		alias = alias || kinds[Users].aliases[column] == userID
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
	hints := []string{found(columns), "name the column of Auth0's user ids user_id; other names that are known: Id"}
	if len(columns) == 1 && strings.ContainsAny(columns[0], ";\t|") {
		hints = []string{found(columns), "separate the cells by commas"}
	}
	return 0, &HeaderError{Problem: "no user_id column", Hints: hints}
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

// dataLike tells data from column names: emails and user ids have these signs.
func dataLike(cells []string) bool {
	return slices.ContainsFunc(cells, func(cell string) bool { return strings.ContainsAny(cell, "@|") })
}

// Begins reports whether a row is no row of this table but the header of
// another: it holds the name of exactly one kind's id, or is this table's own
// header over again, as after cat. A user who goes by the name user_id does not
// make a header of his row, since ids and emails show that it is data.
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
		return !dataLike(cells) && (t.id >= len(cells) || !strings.HasPrefix(cells[t.id], "rol_") && !strings.HasPrefix(cells[t.id], "org_"))
	default:
		// No id is called like that, so it can be no row of ours.
		return t.id < len(cells) && kindOf(cells[t.id]) != 0
	}
}

// Decide looks at a row to learn whether Auth0 has escaped this table's cells,
// and reports whether it knows. The first id says it for the whole table: an
// escaped one begins with ' and a real one never does.
func (t *Table) Decide(cells []string) bool {
	if !t.decided && len(cells) == len(t.Header) && cells[t.id] != "" {
		t.decided, t.escaped = true, cells[t.id][0] == '\''
	}
	return t.decided
}

// Unescape takes Auth0's ' from the cells of one row, in place: exactly one from
// each cell that has one, since a name may begin with one of its own. Roles and
// organizations are JSON that a0export has written, and stay as they are.
func (t *Table) Unescape(cells []string) {
	if !t.escaped {
		return
	}
	for i, cell := range cells {
		if cell != "" && cell[0] == '\'' && (i >= len(t.raw) || !t.raw[i]) {
			cells[i] = cell[1:]
		}
	}
}

// Name is how the header calls the column of that meaning.
func (t *Table) Name(column string) string {
	if i := slices.Index(t.Columns, column); i >= 0 {
		return t.Header[i]
	}
	return column
}
